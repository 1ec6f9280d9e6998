/* net/fiber_tools.h - what ASan, LeakSanitizer and valgrind must be told about stacks of our own. Empty words
 * in builds without them. Only for fiber.c and fiber_stack.c. */
#ifndef NET_FIBER_TOOLS_H
#define NET_FIBER_TOOLS_H

#if defined(__SANITIZE_ADDRESS__)
#define FIBER_WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_WITH_ASAN 1
#endif
#endif

#ifdef FIBER_WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
/* Before a switch: where what ASan keeps for the stack we leave goes (NULL = it ends), and where we go. */
#define FIBER_ASAN_LEAVE(fake, low, size) __sanitizer_start_switch_fiber((fake), (low), (size))
/* After it: on which stack we are now, and which one we came from. */
#define FIBER_ASAN_ARRIVE(fake, out_low, out_size)                                                 \
    __sanitizer_finish_switch_fiber((fake), (out_low), (out_size))
#define FIBER_LSAN_REGISTER(low, size) __lsan_register_root_region((low), (size))
#define FIBER_LSAN_UNREGISTER(low, size) __lsan_unregister_root_region((low), (size))
#else
#define FIBER_ASAN_LEAVE(fake, low, size) ((void)(fake), (void)(low), (void)(size))
#define FIBER_ASAN_ARRIVE(fake, out_low, out_size) ((void)(fake), (void)(out_low), (void)(out_size))
#define FIBER_LSAN_REGISTER(low, size) ((void)(low), (void)(size))
#define FIBER_LSAN_UNREGISTER(low, size) ((void)(low), (void)(size))
#endif

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define FIBER_VALGRIND_REGISTER(low, high) ((unsigned)VALGRIND_STACK_REGISTER((low), (high)))
#define FIBER_VALGRIND_DEREGISTER(id) VALGRIND_STACK_DEREGISTER(id)
#define FIBER_VALGRIND_DEFINED(low, size) ((void)VALGRIND_MAKE_MEM_DEFINED((low), (size)))
#else
#define FIBER_VALGRIND_REGISTER(low, high) ((void)(low), (void)(high), 0U)
#define FIBER_VALGRIND_DEREGISTER(id) ((void)(id))
#define FIBER_VALGRIND_DEFINED(low, size) ((void)(low), (void)(size))
#endif

#define FIBER_UNCHECKED __attribute__((noinline, no_sanitize("address")))

#endif
