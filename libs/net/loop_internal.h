/* net/loop_internal.h - what the files of net/ share about the loop. Not for other libs. */
#ifndef NET_LOOP_INTERNAL_H
#define NET_LOOP_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

struct fiber_scheduler;
struct loop;
struct loop_timer;

/* For requests that only libuv has (name resolution). */
uv_loop_t *loop_uv(struct loop *loop);
struct fiber_scheduler *loop_fibers(const struct loop *loop);

/* One-shot at a point in time of the monotonic clock; never early. */
void loop_timer_start_at(struct loop_timer *timer, int64_t due_ns);

/* net/fiber.c: made and released by the loop; the ready queue is the loop's first turn hook. */
struct fiber_scheduler *fiber_scheduler_new(struct loop *loop);
void fiber_scheduler_free(struct fiber_scheduler *scheduler);

#endif
