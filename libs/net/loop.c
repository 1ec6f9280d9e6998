#include "net/loop.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include <uv.h>

#include "core/assert.h"
#include "net/loop_internal.h"

enum {
    HOOKS_MAX = 8,
    PASSES_MAX = 16, /* then a busy turn looks at the descriptors, without sleeping */
    NS_PER_MS = 1000000,
};

struct hook {
    bool (*fn)(void *arg);
    void *arg;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t before_sleep;
    uv_check_t after_sleep;
    uv_timer_t sleep_bound;
    struct fiber_scheduler *fibers;
    struct hook hooks[HOOKS_MAX];
    size_t hook_count;
    int64_t sleep_max_ms; /* of the present turn; -1 = no bound */
    int64_t turn_ns;      /* when the present turn began; 0 = asleep */
    int64_t lag_max_ns;
};

/* Each begins with its libuv handle, whose data points back here: close_handle frees through it. */
struct loop_watch {
    uv_poll_t uv;
    struct loop *loop; /* borrowed */
    unsigned events;   /* what the owner asked for */
    void (*fn)(void *arg, unsigned events);
    void *arg;
};

struct loop_timer {
    uv_timer_t uv;
    struct loop *loop; /* borrowed */
    void (*fn)(void *arg);
    void *arg;
};

struct signal_watch {
    uv_signal_t uv;
    struct loop *loop; /* borrowed */
    void (*fn)(void *arg, int signal);
    void *arg;
};

static void free_handle(uv_handle_t *handle)
{
    free(handle->data); /* NULL for the handles inside struct loop */
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle)) {
        uv_close(handle, free_handle);
    }
}

/* The first callback after the sleep starts the turn's clock. */
static void begin_turn(struct loop *loop)
{
    if (loop->turn_ns == 0) {
        loop->turn_ns = (int64_t)uv_hrtime();
    }
}

static void end_turn(struct loop *loop)
{
    const int64_t lag_ns = (int64_t)uv_hrtime() - loop->turn_ns;
    if (lag_ns > loop->lag_max_ns) {
        loop->lag_max_ns = lag_ns;
    }
    loop->turn_ns = 0;
}

static bool run_hooks_once(struct loop *loop)
{
    bool busy = false;
    for (size_t i = 0; i < loop->hook_count; i++) {
        busy |= loop->hooks[i].fn(loop->hooks[i].arg);
    }
    return busy;
}

/* True when the hooks still had something to do at the end. */
static bool run_hooks(struct loop *loop)
{
    bool busy = true;
    for (int pass = 0; busy && pass < PASSES_MAX; pass++) {
        busy = run_hooks_once(loop);
    }
    return busy;
}

static void on_sleep_bound(uv_timer_t *timer)
{
    (void)timer; /* it only had to wake the loop */
}

static void on_before_sleep(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->loop->data;
    begin_turn(loop); /* a turn without any event */
    if (run_hooks(loop)) {
        loop->sleep_max_ms = 0;
    }
    if (loop->sleep_max_ms >= 0) {
        uv_timer_start(&loop->sleep_bound, on_sleep_bound, (uint64_t)loop->sleep_max_ms, 0);
        loop->sleep_max_ms = -1;
    }
    end_turn(loop);
}

static void on_after_sleep(uv_check_t *check)
{
    struct loop *loop = check->loop->data;
    begin_turn(loop);
    uv_timer_stop(&loop->sleep_bound);
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    ASSERT(loop != NULL);
    ASSERT(uv_loop_init(&loop->uv) == 0);
    loop->uv.data = loop;
    loop->sleep_max_ms = -1;
    uv_prepare_init(&loop->uv, &loop->before_sleep);
    uv_check_init(&loop->uv, &loop->after_sleep);
    uv_timer_init(&loop->uv, &loop->sleep_bound);
    uv_prepare_start(&loop->before_sleep, on_before_sleep);
    uv_check_start(&loop->after_sleep, on_after_sleep);
    loop->fibers = fiber_scheduler_new(loop);
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    fiber_scheduler_free(loop->fibers);
    uv_walk(&loop->uv, close_handle, NULL);
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0) {
        /* runs the close callbacks and waits for resolver threads; leaves early after a late loop_stop */
    }
    ASSERT(uv_loop_close(&loop->uv) == 0);
    free(loop);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    run_hooks(loop); /* loop_stop left before the end of the turn */
    loop->turn_ns = 0;
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv); /* makes the poll return at once, if it comes to one */
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

struct fiber_scheduler *loop_fibers(const struct loop *loop)
{
    return loop->fibers;
}

void loop_on_turn(struct loop *loop, bool (*fn)(void *arg), void *arg)
{
    ASSERT(loop->hook_count < HOOKS_MAX);
    loop->hooks[loop->hook_count++] = (struct hook){.fn = fn, .arg = arg};
}

void loop_off_turn(struct loop *loop, bool (*fn)(void *arg), void *arg)
{
    size_t kept = 0;
    for (size_t i = 0; i < loop->hook_count; i++) {
        if (loop->hooks[i].fn != fn || loop->hooks[i].arg != arg) {
            loop->hooks[kept++] = loop->hooks[i];
        }
    }
    loop->hook_count = kept;
}

void loop_sleep_at_most(struct loop *loop, int64_t ms)
{
    const int64_t bound_ms = ms < 0 ? 0 : ms;
    if (loop->sleep_max_ms < 0 || bound_ms < loop->sleep_max_ms) {
        loop->sleep_max_ms = bound_ms;
    }
}

int64_t loop_now_ns(const struct loop *loop)
{
    return loop->turn_ns != 0 ? loop->turn_ns : (int64_t)uv_hrtime();
}

int64_t loop_lag_max_ns(struct loop *loop)
{
    const int64_t lag_ns = loop->lag_max_ns;
    loop->lag_max_ns = 0;
    return lag_ns;
}

/* ---- watches ---- */

static void on_poll(uv_poll_t *poll, int status, int uv_events);

static void apply_events(struct loop_watch *watch)
{
    if (watch->events == 0) {
        uv_poll_stop(&watch->uv);
        return;
    }
    const unsigned uv_events = ((watch->events & LOOP_READ) != 0 ? (unsigned)UV_READABLE : 0U) |
                               ((watch->events & LOOP_WRITE) != 0 ? (unsigned)UV_WRITABLE : 0U);
    uv_poll_start(&watch->uv, (int)uv_events, on_poll);
}

static void on_poll(uv_poll_t *poll, int status, int uv_events)
{
    struct loop_watch *watch = poll->data;
    begin_turn(watch->loop);
    unsigned events = ((uv_events & UV_READABLE) != 0 ? LOOP_READ : 0U) |
                      ((uv_events & UV_WRITABLE) != 0 ? LOOP_WRITE : 0U);
    if (status < 0) {
        events = watch->events; /* the owner's next read or write tells it what is wrong */
    }
    watch->fn(watch->arg, events);
    /* libuv stops a poll that met an error; level-triggered means that it is reported again. */
    const uv_handle_t *handle = (const uv_handle_t *)poll;
    if (status < 0 && !uv_is_closing(handle) && !uv_is_active(handle)) {
        apply_events(watch);
    }
}

struct loop_watch *loop_watch_open(struct loop *loop, int fd, unsigned events,
    void (*fn)(void *arg, unsigned events), void *arg)
{
    struct loop_watch *watch = calloc(1, sizeof(*watch));
    ASSERT(watch != NULL);
    if (uv_poll_init(&loop->uv, &watch->uv, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->uv.data = watch;
    watch->loop = loop;
    watch->fn = fn;
    watch->arg = arg;
    loop_watch_set(watch, events);
    return watch;
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
    if (watch->events != events) {
        watch->events = events;
        apply_events(watch);
    }
}

void loop_watch_close(struct loop_watch *watch)
{
    if (watch != NULL) {
        close_handle((uv_handle_t *)&watch->uv, NULL);
    }
}

/* ---- timers ---- */

static void on_timer(uv_timer_t *uv)
{
    struct loop_timer *timer = uv->data;
    begin_turn(timer->loop);
    timer->fn(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    struct loop_timer *timer = calloc(1, sizeof(*timer));
    ASSERT(timer != NULL);
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    timer->loop = loop;
    timer->fn = fn;
    timer->arg = arg;
    return timer;
}

/* libuv counts whole milliseconds of a clock that stands still during a turn. Both are made up for here. */
static uint64_t ms_until(const struct loop_timer *timer, int64_t due_ns)
{
    const int64_t due_ms = due_ns / NS_PER_MS + (due_ns % NS_PER_MS > 0 ? 1 : 0);
    const int64_t now_ms = (int64_t)uv_now(timer->uv.loop);
    return due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 0;
}

void loop_timer_start_at(struct loop_timer *timer, int64_t due_ns)
{
    uv_timer_start(&timer->uv, on_timer, ms_until(timer, due_ns), /* repeat: */ 0);
}

void loop_timer_start(struct loop_timer *timer, int64_t after_ms, int64_t repeat_ms)
{
    const int64_t due_ns = (int64_t)uv_hrtime() + after_ms * NS_PER_MS;
    uv_timer_start(&timer->uv, on_timer, after_ms > 0 ? ms_until(timer, due_ns) : 0,
        repeat_ms > 0 ? (uint64_t)repeat_ms : 0);
}

void loop_timer_stop(struct loop_timer *timer)
{
    uv_timer_stop(&timer->uv);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer != NULL) {
        close_handle((uv_handle_t *)&timer->uv, NULL);
    }
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *uv, int signal)
{
    struct signal_watch *watch = uv->data;
    begin_turn(watch->loop);
    watch->fn(watch->arg, signal);
}

void loop_on_signal(struct loop *loop, int signal, void (*fn)(void *arg, int signal), void *arg)
{
    struct signal_watch *watch = calloc(1, sizeof(*watch));
    ASSERT(watch != NULL);
    ASSERT(uv_signal_init(&loop->uv, &watch->uv) == 0);
    watch->uv.data = watch;
    watch->loop = loop;
    watch->fn = fn;
    watch->arg = arg;
    ASSERT(uv_signal_start(&watch->uv, on_signal, signal) == 0);
}
