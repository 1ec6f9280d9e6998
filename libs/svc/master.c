#include "svc/master.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "db/migrate.h"
#include "http/metrics.h"
#include "http/server.h"
#include "svc/listen.h"
#include "svc/product.h"
#include "svc/schema.h"
#include "svc/settings.h"
#include "svc/shared.h"
#include "svc/slim.h"
#include "svc/worker.h"

#define TICK_MS 500
#define NS_PER_S INT64_C(1000000000)
#define SCHEMA_AGAIN_NS (2 * NS_PER_S)
/* Workers start when the schema fits or is out of reach; a silent database must not keep them from saying that they live. */
#define SCHEMA_WAIT_NS NS_PER_S
#define GENERATIONS 2 /* one that serves and one that drains */
#define RESTART_MS_MAX 5000
#define LIVED_LONG_NS (10 * NS_PER_S)
#define KILL_MARGIN_NS (2 * NS_PER_S)

struct child {
    pid_t pid; /* 0 = not running */
    int64_t started_ns;
    int64_t restart_at_ns; /* 0 = do not */
    int restart_ms;        /* back-off of the next restart */
};

struct generation {
    struct arena *arena; /* owns settings; NULL for the first, whose settings are the caller's */
    const struct settings *settings;
    struct child *children; /* workers of them */
    int64_t kill_at_ns;     /* draining: SIGKILL to who is left then; 0 = serving */
    int slot;               /* of child 0 on the metrics page */
};

struct master {
    const struct master_options *options;
    struct arena *arena;
    struct ctx ctx;
    int workers;
    int *listen_fds;
    struct metrics_page *metrics;
    struct shared *shared;
    struct generation generations[GENERATIONS];
    int serving; /* index of the generation that serves */
    bool started, stopping, killing, reload_wanted;
    int code;         /* exit code of the process */
    pid_t schema_pid; /* of the check that runs; 0 = none */
    int64_t schema_check_at_ns;
    int64_t start_at_ns; /* of the workers, at the latest */
    sigset_t signals;
};

static int64_t now_ns(void)
{
    return clock_monotonic_ns(&clock_system);
}

/* Never returns: the child's life is worker_run. */
static void become_worker(const struct master *master, const struct generation *generation,
    int number, pid_t parent)
{
    const struct worker_options options = {master->options->product, generation->settings,
        master->metrics, master->shared, master->listen_fds, parent,
        .slot = generation->slot + number, .number = number};
    exit(worker_run(&options));
}

static void start_child(struct master *master, struct generation *generation, int number)
{
    struct child *child = &generation->children[number];
    const pid_t parent = getpid();
    metrics_slot_reset(master->metrics, generation->slot + number);
    metrics_set(master->metrics, generation->slot + number, METRIC_HEARTBEAT_US, now_ns() / 1000);
    log_flush(master->options->log); /* what is buffered must not be written twice */
    const pid_t pid = fork();
    if (pid == 0) {
        become_worker(master, generation, number, parent);
    }
    child->started_ns = now_ns();
    child->restart_at_ns = 0;
    if (pid < 0) {
        log_error(&master->ctx, "worker.fork_failed", LOG_STR("why", strerror(errno)));
        child->restart_at_ns = child->started_ns + RESTART_MS_MAX * INT64_C(1000000);
        return;
    }
    child->pid = pid;
}

static void start_generation(struct master *master, int index, struct arena *arena,
    const struct settings *settings)
{
    struct generation *generation = &master->generations[index];
    generation->arena = arena;
    generation->settings = settings;
    generation->kill_at_ns = 0;
    for (int i = 0; i < master->workers; i++) {
        generation->children[i] = (struct child){0};
        start_child(master, generation, i);
    }
    master->serving = index;
}

static void signal_generation(const struct master *master, const struct generation *generation,
    int signal)
{
    for (int i = 0; i < master->workers; i++) {
        if (generation->children[i].pid > 0) {
            kill(generation->children[i].pid, signal);
        }
    }
}

static int running(const struct master *master, const struct generation *generation)
{
    int count = 0;
    for (int i = 0; i < master->workers; i++) {
        count += generation->children[i].pid > 0;
    }
    return count;
}

static void drain_generation(struct master *master, struct generation *generation)
{
    for (int i = 0; i < master->workers; i++) {
        generation->children[i].restart_at_ns = 0;
    }
    const int64_t grace_s = generation->settings->app.shutdown_grace_seconds;
    generation->kill_at_ns = now_ns() + KILL_MARGIN_NS + grace_s * NS_PER_S;
    signal_generation(master, generation, SIGTERM);
}

/* A worker that ended although it should serve comes back: at once, later and later if it keeps dying. */
static void plan_restart(struct master *master, struct child *child, int status)
{
    const bool lived_long = now_ns() - child->started_ns > LIVED_LONG_NS;
    const int wait_ms = lived_long ? 0 : child->restart_ms;
    child->restart_ms = wait_ms == 0                   ? 100
                        : wait_ms * 2 > RESTART_MS_MAX ? RESTART_MS_MAX
                                                       : wait_ms * 2;
    child->restart_at_ns = now_ns() + wait_ms * INT64_C(1000000);
    log_error(&master->ctx, "worker.died", LOG_I64("pid", child->pid),
        LOG_I64("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
        LOG_I64("exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
        LOG_I64("restart_ms", wait_ms));
}

static void stop(struct master *master)
{
    if (master->stopping) {
        master->killing = true; /* asked twice: now */
        return;
    }
    master->stopping = true;
    listen_close(master->listen_fds, master->workers);
    if (master->schema_pid > 0) {
        kill(master->schema_pid, SIGKILL);
    }
    for (int i = 0; i < GENERATIONS; i++) {
        if (running(master, &master->generations[i]) > 0) {
            drain_generation(master, &master->generations[i]);
        }
    }
    log_info(&master->ctx, "master.stop_started", LOG_I64("workers", master->workers));
}

/* Only a schema that cannot be served ends the process; a check that was killed is made again. */
static void take_verdict(struct master *master, int status)
{
    master->schema_pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) != EX_OK && !master->stopping) {
        master->code = WEXITSTATUS(status);
        stop(master);
    }
}

static void reap(struct master *master)
{
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == master->schema_pid) {
            take_verdict(master, status);
        }
        for (int i = 0; i < GENERATIONS * master->workers; i++) {
            struct generation *generation = &master->generations[i / master->workers];
            struct child *child = &generation->children[i % master->workers];
            const bool serves = generation->kill_at_ns == 0 && !master->stopping;
            if (child->pid == pid && serves) {
                plan_restart(master, child, status);
            }
            child->pid = child->pid == pid ? 0 : child->pid;
        }
    }
}

static void restart_children(struct master *master)
{
    struct generation *generation = &master->generations[master->serving];
    for (int i = 0; i < master->workers; i++) {
        struct child *child = &generation->children[i];
        if (child->pid == 0 && child->restart_at_ns != 0 && child->restart_at_ns <= now_ns()) {
            const int restart_ms = child->restart_ms;
            start_child(master, generation, i);
            child->restart_ms = restart_ms;
        }
    }
}

/* A worker whose loop stands still would keep swallowing the connections of its socket. */
static void kill_silent(struct master *master)
{
    const struct generation *generation = &master->generations[master->serving];
    const int64_t limit_us = generation->settings->app.worker_timeout_seconds * 1000000;
    for (int i = 0; limit_us > 0 && i < master->workers; i++) {
        const struct child *child = &generation->children[i];
        const int64_t seen_us =
            metrics_get(master->metrics, generation->slot + i, METRIC_HEARTBEAT_US);
        if (child->pid > 0 && now_ns() / 1000 - seen_us > limit_us) {
            log_error(&master->ctx, "worker.silent", LOG_I64("pid", child->pid));
            kill(child->pid, SIGKILL);
        }
    }
}

static void kill_overdue(struct master *master)
{
    for (int i = 0; i < GENERATIONS; i++) {
        struct generation *generation = &master->generations[i];
        if (generation->kill_at_ns == 0) {
            continue;
        }
        if (running(master, generation) == 0 && generation->arena != NULL && i != master->serving) {
            arena_free(generation->arena); /* its settings went with its last worker */
            generation->arena = NULL;
        }
        if (master->killing || now_ns() > generation->kill_at_ns) {
            signal_generation(master, generation, SIGKILL);
        }
    }
}

/* Fresh workers with freshly read settings; the old ones drain. With bad settings nothing changes. */
static void reload(struct master *master)
{
    const int next = 1 - master->serving;
    if (!master->started || running(master, &master->generations[next]) > 0) {
        return; /* the generation before still drains: try again at the next tick */
    }
    master->reload_wanted = false;
    struct arena *arena = arena_new(NULL);
    const struct settings *settings = master_reload_settings(&master->ctx, arena, master->options,
        master->generations[master->serving].settings);
    if (settings == NULL) {
        arena_free(arena);
        return;
    }
    struct generation *before = &master->generations[master->serving];
    start_generation(master, next, arena, settings);
    drain_generation(master, before);
    log_info(&master->ctx, "master.reloaded", LOG_I64("workers", master->workers));
}

static void take_signal(struct master *master, int signal)
{
    switch (signal) {
    case SIGTERM:
    case SIGINT:
        stop(master);
        break;
    case SIGHUP:
        master->reload_wanted = true;
        break;
    default: /* SIGCHLD: reaped every turn; -1: the tick */;
    }
}

/* Until the schema is known to fit, ask again and again: the database may come up after us. */
static void check_schema(struct master *master)
{
    if (master->schema_pid > 0 || master->shared->schema_ok ||
        now_ns() < master->schema_check_at_ns) {
        return;
    }
    const struct schema_job job = {master->options->product,
        master->generations[master->serving].settings, master->options->log, master->shared};
    const pid_t pid = schema_check_start(&job, master->listen_fds, master->workers);
    master->schema_check_at_ns = now_ns() + SCHEMA_AGAIN_NS;
    master->schema_pid = pid > 0 ? pid : 0;
}

static void start_workers(struct master *master)
{
    if (master->started || (master->schema_pid > 0 && now_ns() < master->start_at_ns)) {
        return;
    }
    const struct settings *settings = master->options->settings;
    master->started = true;
    start_generation(master, /* index */ 0, /* arena */ NULL, settings);
    log_info(&master->ctx, "master.started", LOG_STR("bind_addr", settings->http.bind_addr),
        LOG_I64("port", settings->http.port), LOG_I64("workers", master->workers));
    slim_down();
}

static bool master_is_done(const struct master *master)
{
    const struct generation *both = master->generations;
    const int left = running(master, &both[0]) + running(master, &both[1]);
    return master->stopping && master->schema_pid == 0 && left == 0;
}

static void supervise(struct master *master)
{
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    check_schema(master);
    while (!master_is_done(master)) {
        take_signal(master, sigtimedwait(&master->signals, NULL, &tick));
        reap(master);
        kill_overdue(master); /* before a reload takes the place of a generation that has ended */
        if (!master->stopping) {
            start_workers(master);
            restart_children(master);
            kill_silent(master);
            check_schema(master);
            if (master->reload_wanted) {
                reload(master);
            }
        }
        log_flush(master->options->log);
    }
}

/* Handled by sigtimedwait alone, so that nothing interrupts anything. */
static void block_signals(struct master *master)
{
    sigemptyset(&master->signals);
    const int handled[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
        sigaddset(&master->signals, handled[i]);
    }
    sigprocmask(SIG_BLOCK, &master->signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void serve(struct master *master)
{
    for (int i = 0; i < GENERATIONS; i++) {
        master->generations[i].slot = i * master->workers;
        master->generations[i].settings = master->options->settings;
        master->generations[i].children =
            ARENA_ARRAY(master->arena, struct child, (size_t)master->workers);
    }
    master->start_at_ns = now_ns() + SCHEMA_WAIT_NS;
    supervise(master);
    log_info(&master->ctx, "master.stopped", LOG_I64("exit_code", master->code));
    for (int i = 0; i < GENERATIONS; i++) {
        arena_free(master->generations[i].arena);
    }
}

int master_run(const struct master_options *options)
{
    struct master master = {.options = options, .workers = options->settings->workers};
    master.arena = arena_new(NULL);
    ctx_init(&master.ctx, master.arena, &clock_system, options->log, /* timeout_ms */ INT32_MAX);
    block_signals(&master);
    master.metrics =
        metrics_page_new(GENERATIONS * master.workers, http_routes_count(options->product->routes));
    master.shared = shared_new();
    master.listen_fds = ARENA_ARRAY(master.arena, int, (size_t)master.workers);
    if (master.metrics == NULL || master.shared == NULL) {
        log_error(&master.ctx, "master.start_failed", LOG_STR("why", "no shared memory"));
        master.code = EX_OSERR;
    } else if (!is_ok(listen_open(&master.ctx, options->settings->http.bind_addr,
                   (int)options->settings->http.port, master.workers, master.listen_fds))) {
        log_error(&master.ctx, "master.start_failed", LOG_STR("why", master.ctx.error.text));
        master.code = EX_UNAVAILABLE;
    } else {
        serve(&master);
    }
    shared_free(master.shared);
    metrics_page_free(master.metrics);
    arena_free(master.arena);
    return master.code;
}
