#include "net/fiber_stack.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/assert.h"
#include "core/limits.h"
#include "net/fiber_tools.h"

#define PAINT UINT64_C(0xF1BE25AC0FFEE000)
#define BASE_FRAME 2048 /* neither painted nor given back: room for the frames of those who do it */

/* Instrumented frames are several times as large. */
#ifdef FIBER_WITH_ASAN
#define STACK_BYTES (4UL * LIMIT_FIBER_STACK_BYTES)
#else
#define STACK_BYTES ((size_t)LIMIT_FIBER_STACK_BYTES)
#endif

/* ---- switching ---- */

static void arrive(struct fiber_side *self)
{
    FIBER_ASAN_ARRIVE(self->fake_stack, &self->peer->low, &self->peer->size);
}

/* Continues self->peer; returns when somebody continues self. Never inlined: the compiler must not keep
 * the address of errno, or anything else of this stack, across the switch. */
static __attribute__((noinline)) void switch_to_peer(struct fiber_side *self)
{
    const int saved_errno = errno;
    if (sigsetjmp(self->at, 0) == 0) {
        FIBER_ASAN_LEAVE(&self->fake_stack, self->peer->low, self->peer->size);
        siglongjmp(self->peer->at, 1);
    }
    arrive(self);
    errno = saved_errno;
}

void fiber_stack_resume(struct fiber_stack *stack)
{
    struct fiber_side here = {.peer = &stack->side};
    stack->side.peer = &here;
    switch_to_peer(&here);
}

void fiber_stack_suspend(struct fiber_stack *stack)
{
    switch_to_peer(&stack->side);
}

/* The whole life of a stack. makecontext passes ints only, hence the two halves of the pointer. */
static void trampoline(unsigned high, unsigned low)
{
    struct fiber_stack *stack = (struct fiber_stack *)((uintptr_t)high << 32 | low);
    stack->base = __builtin_frame_address(0);
    arrive(&stack->side);
    for (;;) {
        stack->ended = true;
        switch_to_peer(&stack->side);
        if (stack->fn == NULL) {
            break; /* fiber_stack_close */
        }
        stack->fn(stack->arg);
    }
    FIBER_ASAN_LEAVE(NULL, stack->side.peer->low, stack->side.peer->size);
    siglongjmp(stack->side.peer->at, 1);
}

/* makecontext and setcontext cost system calls: they are needed once a stack. */
static void enter_trampoline(struct fiber_stack *stack)
{
    struct fiber_side here = {.peer = &stack->side};
    stack->side = (struct fiber_side){.peer = &here, .low = stack->low, .size = stack->size};
    ucontext_t context;
    ASSERT(getcontext(&context) == 0);
    context.uc_stack = (stack_t){.ss_sp = stack->low, .ss_size = stack->size};
    context.uc_link = NULL;
    const uintptr_t address = (uintptr_t)stack;
    makecontext(&context, (void (*)(void))trampoline, 2, (unsigned)(address >> 32),
        (unsigned)address);
    if (sigsetjmp(here.at, 0) == 0) {
        FIBER_ASAN_LEAVE(&here.fake_stack, stack->low, stack->size);
        setcontext(&context);
    }
    arrive(&here);
}

/* ---- memory ---- */

static size_t guard_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

bool fiber_stack_open(struct fiber_stack *stack)
{
    const size_t guard = guard_size();
    char *map = mmap(NULL, guard + STACK_BYTES, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (map == MAP_FAILED) {
        return false;
    }
    if (mprotect(map, guard, PROT_NONE) != 0) {
        munmap(map, guard + STACK_BYTES);
        return false;
    }
    *stack = (struct fiber_stack){.low = map + guard, .size = STACK_BYTES};
    stack->valgrind_id = FIBER_VALGRIND_REGISTER(stack->low, stack->low + stack->size);
    FIBER_LSAN_REGISTER(stack->low, stack->size);
    enter_trampoline(stack);
    return true;
}

void fiber_stack_close(struct fiber_stack *stack)
{
    if (stack->ended) { /* otherwise fn waits for ever: its frames are given up as they are */
        stack->fn = NULL;
        fiber_stack_resume(stack);
    }
    FIBER_LSAN_UNREGISTER(stack->low, stack->size);
    FIBER_VALGRIND_DEREGISTER(stack->valgrind_id);
    munmap(stack->low - guard_size(), guard_size() + stack->size);
}

void fiber_stack_load(struct fiber_stack *stack, void (*fn)(void *arg), void *arg)
{
    ASSERT(stack->ended);
    stack->ended = false;
    stack->fn = fn;
    stack->arg = arg;
}

void fiber_stack_trim(const struct fiber_stack *stack)
{
    const uintptr_t low = (uintptr_t)stack->low;
    const uintptr_t used = (uintptr_t)__builtin_frame_address(0) - BASE_FRAME;
    const uintptr_t end = used & ~(uintptr_t)(guard_size() - 1);
    if (end > low) {
        (void)madvise(stack->low, end - low, MADV_DONTNEED); /* else they stay: no harm */
    }
}

/* ---- painting ---- */

/* Both functions walk memory that belongs to no live frame, which is what the tools look for. volatile
 * keeps the compiler from calling memset, which they watch. */
FIBER_UNCHECKED void fiber_stack_paint(const struct fiber_stack *stack)
{
    FIBER_VALGRIND_DEFINED(stack->low, stack->size);
    volatile uint64_t *word = (uint64_t *)(void *)stack->low;
    const size_t bytes = (size_t)(stack->base - stack->low) - BASE_FRAME;
    for (size_t left = bytes / sizeof(*word); left > 0; left--) {
        *word++ = PAINT;
    }
}

FIBER_UNCHECKED size_t fiber_stack_depth(const struct fiber_stack *stack)
{
    FIBER_VALGRIND_DEFINED(stack->low, stack->size);
    const volatile uint64_t *word = (const uint64_t *)(const void *)stack->low;
    size_t untouched = 0;
    while (untouched < stack->size && *word == PAINT) {
        untouched += sizeof(*word);
        word++;
    }
    return stack->size - untouched;
}
