/* net/fiber_stack.h - a stack of its own and the switch to it. The scheduler (fiber.c) decides who runs.
 * Owns: one mapping with a guard page below: overflowing it ends the worker instead of corrupting a neighbour.
 * A stack is entered once and then runs one function after the other, so that a pooled one costs no system call. */
#ifndef NET_FIBER_STACK_H
#define NET_FIBER_STACK_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

/* One end of a switch: where to continue, and the memory that belongs to it. */
struct fiber_side {
    sigjmp_buf at;
    struct fiber_side *peer; /* the next switch goes where we were resumed from */
    const void *low;         /* for ASan */
    size_t size;
    void *fake_stack; /* ASan's, while we are away */
};

struct fiber_stack {
    struct fiber_side side;
    char *low; /* lowest usable byte; the guard page is just below */
    size_t size;
    const char *base; /* what fn uses lies below */
    unsigned valgrind_id;
    void (*fn)(void *arg);
    void *arg;
    bool ended; /* fn has returned: the stack is free for the next one */
};

/* false = the host cannot map one more. */
bool fiber_stack_open(struct fiber_stack *stack);
void fiber_stack_close(struct fiber_stack *stack);

/* The next resume calls fn(arg). Only for a stack that is new or has ended. */
void fiber_stack_load(struct fiber_stack *stack, void (*fn)(void *arg), void *arg);
/* Returns when fn suspends or ends. The caller may itself run on such a stack. */
void fiber_stack_resume(struct fiber_stack *stack);
/* Called on the stack: back to who resumed it. errno is kept. */
void fiber_stack_suspend(struct fiber_stack *stack);

/* Called on the stack: the pages that no frame uses go back to the system, and come anew when a call goes that deep again. */
void fiber_stack_trim(const struct fiber_stack *stack);

/* Fills what fn may use with a pattern; the depth is how many bytes from the high end were overwritten. */
void fiber_stack_paint(const struct fiber_stack *stack);
size_t fiber_stack_depth(const struct fiber_stack *stack);

#endif
