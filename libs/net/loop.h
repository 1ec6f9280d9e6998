/* net/loop.h - the worker's event loop: watches descriptors, runs timers, ends each turn with hooks.
 * libuv is hidden here. One loop a process, one thread; callbacks never wait (a fiber does, net/fiber.h).
 * Owns: every open watch and timer until it is closed. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

struct loop *loop_new(void);
void loop_free(struct loop *loop); /* closes what is still open */
void loop_run(struct loop *loop);  /* until loop_stop */
void loop_stop(struct loop *loop);

#define LOOP_READ 1U
#define LOOP_WRITE 2U

/* fd is borrowed and must stay open until loop_watch_close; events = LOOP_READ | LOOP_WRITE.
 * On an error or hang-up of the descriptor fn gets every event it asked for. Level-triggered.
 * NULL when fd cannot be watched (a regular file, or watched already). */
struct loop_watch *loop_watch_open(struct loop *loop, int fd, unsigned events,
    void (*fn)(void *arg, unsigned events), void *arg);
/* No system call when unchanged; 0 = pause. */
void loop_watch_set(struct loop_watch *watch, unsigned events);
void loop_watch_close(struct loop_watch *watch); /* NULL is a no-op; fn is not called again */

/* One-shot unless repeat_ms > 0. The timer object may be started again and again. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *arg), void *arg);
void loop_timer_start(struct loop_timer *timer, int64_t after_ms, int64_t repeat_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer); /* NULL is a no-op */

/* fn runs for this signal, on the loop. */
void loop_on_signal(struct loop *loop, int signal, void (*fn)(void *arg, int signal), void *arg);

/* Hooks at the end of every turn, before the loop sleeps, in the order of registration. A hook returns true
 * when it did something that earlier hooks may want to see: all of them then run again.
 * The order of a worker: fibers (made by loop_new), HTTP server, database flush, log flush. */
void loop_on_turn(struct loop *loop, bool (*fn)(void *arg), void *arg);
/* Takes a hook away again; not from inside a hook. */
void loop_off_turn(struct loop *loop, bool (*fn)(void *arg), void *arg);
/* The loop will not sleep longer than this in the present turn (0 = poll and return at once). */
void loop_sleep_at_most(struct loop *loop, int64_t ms);

/* Monotonic time of the present turn; cheap. */
int64_t loop_now_ns(const struct loop *loop);

/* The longest turn since the last call, for the metric: how long events had to wait at most. */
int64_t loop_lag_max_ns(struct loop *loop);

#endif
