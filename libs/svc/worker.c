#include "svc/worker.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "http/metrics.h"
#include "http/server.h"
#include "jobs/jobs.h"
#include "net/fiber.h"
#include "net/loop.h"
#include "svc/product.h"
#include "svc/settings.h"
#include "svc/wiring.h"

#define PUBLISH_MS 500

struct worker {
    const struct worker_options *options;
    struct ctx ctx; /* of the worker itself: start, stop, gauges */
    struct loop *loop;
    struct log *log;
    struct wiring wiring;
    struct http_server *server;
    struct loop_timer *publish;
    struct loop_timer *grace;
    bool draining;
    int parts; /* that have to end before the loop does */
};

static bool flush_log(void *arg)
{
    log_flush(arg);
    return false;
}

static void publish(void *arg)
{
    struct worker *worker = arg;
    wiring_publish(&worker->wiring, worker->options->metrics, worker->options->slot, worker->log);
}

static void drained(void *arg)
{
    struct worker *worker = arg;
    if (--worker->parts == 0) {
        fiber_cancel_all(worker->loop); /* what still runs is work that nobody waits for */
        loop_stop(worker->loop);
    }
}

/* The time for running requests is over: their waits end now, then the loop. */
static void grace_over(void *arg)
{
    struct worker *worker = arg;
    fiber_cancel_all(worker->loop);
    loop_stop(worker->loop);
}

static void drain(void *arg, int signal)
{
    struct worker *worker = arg;
    if (worker->draining) {
        return;
    }
    worker->draining = true;
    log_info(&worker->ctx, "worker.drain_started", LOG_I64("signal", signal));
    loop_timer_start(worker->grace, worker->options->settings->app.shutdown_grace_seconds * 1000,
        /* repeat_ms */ 0);
    worker->parts = 2;
    jobs_drain(worker->wiring.jobs, drained, worker);
    http_server_drain(worker->server, drained, worker);
}

/* Signals of a terminal go to the whole group; a worker listens to its master alone. */
static void take_signals(struct worker *worker)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    loop_on_signal(worker->loop, SIGTERM, drain, worker);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static err open_server(struct worker *worker)
{
    const struct worker_options *options = worker->options;
    struct http_options http = wiring_http(options->product, options->settings, &worker->wiring);
    http.log = worker->log;
    http.metrics = options->metrics;
    http.worker = options->slot;
    struct http_options *kept = ARENA_NEW(worker->ctx.arena, struct http_options);
    *kept = http;
    return http_server_open(&worker->ctx, worker->loop, options->listen_fd, kept, &worker->server);
}

int worker_run(const struct worker_options *options)
{
    struct worker worker = {.options = options};
    worker.log = log_new(STDOUT_FILENO, options->settings->log_level, &clock_system);
    log_identify(worker.log, options->product->id, options->number);
    struct arena *arena = arena_new(NULL);
    ctx_init(&worker.ctx, arena, &clock_system, worker.log, /* timeout_ms */ INT32_MAX);
    worker.loop = loop_new();
    worker.publish = loop_timer_new(worker.loop, publish, &worker);
    worker.grace = loop_timer_new(worker.loop, grace_over, &worker);
#ifdef TEST_HOOKS
    fiber_paint(worker.loop, true);
#endif
    wiring_open(&worker.wiring, worker.loop, options->settings, options->shared, worker.log);
    int code = EX_OK;
    if (!is_ok(open_server(&worker))) {
        log_error(&worker.ctx, "worker.start_failed", LOG_STR("why", worker.ctx.error.text));
        code = EX_SOFTWARE;
    } else {
        loop_on_turn(worker.loop, flush_log, worker.log);
        wiring_run_jobs(&worker.wiring, worker.log);
        take_signals(&worker);
        publish(&worker);
        loop_timer_start(worker.publish, PUBLISH_MS, PUBLISH_MS);
        log_info(&worker.ctx, "worker.started", LOG_I64("pid", getpid()));
        loop_run(worker.loop);
        http_server_close(worker.server);
        log_info(&worker.ctx, "worker.stopped", LOG_I64("pid", getpid()));
    }
    wiring_close(&worker.wiring);
    loop_timer_free(worker.publish);
    loop_timer_free(worker.grace);
    loop_free(worker.loop);
    log_free(worker.log);
    arena_free(arena);
    return code;
}
