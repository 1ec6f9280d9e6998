#include "svc/worker.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "chat/chat.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "faq/faq.h"
#include "http/metrics.h"
#include "http/server.h"
#include "jobs/jobs.h"
#include "net/fiber.h"
#include "net/loop.h"
#include "svc/listen.h"
#include "svc/product.h"
#include "svc/settings.h"
#include "svc/wiring.h"

#define PUBLISH_MS 500
#define KEPT_DESCRIPTORS                                                                           \
    32 /* loop, log, Redis, outbound calls, database connections that overlap */

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

/* What still runs then is work that nobody waits for. */
static void end_loop(struct worker *worker)
{
    faq_stop(worker->wiring.services.faq);
    fiber_cancel_all(worker->loop);
    loop_stop(worker->loop);
}

static void drained(void *arg)
{
    struct worker *worker = arg;
    if (--worker->parts == 0) {
        end_loop(worker);
    }
}

/* The time for running requests is over: their waits end now, then the loop. */
static void grace_over(void *arg)
{
    end_loop(arg);
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
    worker->parts = 3;
    jobs_drain(worker->wiring.jobs, drained, worker);
    chat_drain(worker->wiring.services.chat,
        worker->options->settings->app.shutdown_grace_seconds * 1000, drained, worker);
    http_server_drain(worker->server, drained, worker);
    listen_close(&worker->options->listen_fds[worker->options->number],
        1); /* others may still hold it: at a reload they do */
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

/* Clients get what the rest does not need, so that a flood of them never keeps us from the database. */
static int64_t room_for_connections(struct worker *worker)
{
    const struct settings *settings = worker->options->settings;
    const int64_t wanted = settings->http.max_connections;
    const int64_t kept =
        KEPT_DESCRIPTORS +
        (settings->db.database_pool_size + settings->db.database_max_overflow) / settings->workers;
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max; /* the soft limit protects programs that use select() */
    setrlimit(RLIMIT_NOFILE, &limit);
    const int64_t room = limit.rlim_cur > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_cur - kept;
    if (room >= wanted) {
        return wanted;
    }
    log_warn(&worker->ctx, "worker.connections_limited", LOG_I64("wanted", wanted),
        LOG_I64("room", room), LOG_I64("descriptors", (int64_t)limit.rlim_cur));
    return room > 1 ? room : 1;
}

static err open_server(struct worker *worker)
{
    const struct worker_options *options = worker->options;
    struct http_options http = wiring_http(options->product, options->settings, &worker->wiring);
    http.log = worker->log;
    http.metrics = options->metrics;
    http.worker = options->slot;
    http.connections_max = room_for_connections(worker);
    struct http_options *kept = ARENA_NEW(worker->ctx.arena, struct http_options);
    *kept = http;
    return http_server_open(&worker->ctx, worker->loop, options->listen_fds[options->number], kept,
        &worker->server);
}

static void leave_master(const struct worker_options *options)
{
    const int *fds = options->listen_fds;
    const int mine = options->number;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != options->parent) {
        _exit(EX_OK); /* the master died before the line above */
    }
    listen_close(fds, mine);
    listen_close(fds + mine + 1, options->settings->workers - mine - 1);
}

int worker_run(const struct worker_options *options)
{
    struct worker worker = {.options = options};
    leave_master(options);
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
    wiring_open_chat(&worker.wiring, options->product, worker.log);
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
