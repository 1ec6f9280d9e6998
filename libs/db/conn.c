#include "db/conn.h"

#include <stdio.h>
#include <string.h>

#include "core/assert.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "db/lookup.h"
#include "db/pipe.h"
#include "net/loop.h"

#define BACKOFF_FIRST_MS 50
#define BACKOFF_LAST_MS 2000

static void poll_connect(struct db_conn *conn);
static void on_looked_up(void *arg);

static void on_ready(void *arg, unsigned events)
{
    struct db_conn *conn = arg;
    (void)events;
    if (conn->state == DB_CONN_CONNECTING) {
        poll_connect(conn);
    } else {
        db_pipe_on_ready(conn);
    }
}

static void on_timer(void *arg)
{
    struct db_conn *conn = arg;
    if (conn->state == DB_CONN_CONNECTING) {
        db_conn_break(conn, "no connection in time");
    } else {
        db_pipe_on_watchdog(conn);
    }
}

void db_conn_init(struct db_conn *conn, struct db_env *env, const char *lane,
    void (*changed)(struct db_conn *conn), void *owner)
{
    *conn = (struct db_conn){.env = env, .lane = lane, .changed = changed, .owner = owner};
    conn->timer = loop_timer_new(env->loop, on_timer, conn);
    if (env->params.host != NULL) {
        conn->lookup = db_lookup_new(env->arena, env->loop, on_looked_up, conn);
    }
}

static void unwatch(struct db_conn *conn)
{
    loop_watch_close(conn->watch);
    conn->watch = NULL;
}

/* false: broken. */
static bool watch(struct db_conn *conn, unsigned events)
{
    conn->watch = loop_watch_open(conn->env->loop, PQsocket(conn->pg), events, on_ready, conn);
    if (conn->watch == NULL) {
        db_conn_break(conn, "the socket cannot be watched");
    }
    return conn->watch != NULL;
}

/* A statement that cannot be prepared (a column is missing) fails where it is used; the others work. */
static void start_session(struct db_conn *conn)
{
    loop_timer_stop(conn->timer);
    if (PQsetnonblocking(conn->pg, 1) != 0 || PQenterPipelineMode(conn->pg) != 1) {
        db_conn_break(conn, NULL);
        return;
    }
    conn->state = DB_CONN_PREPARING;
    if (!watch(conn, LOOP_READ)) {
        return;
    }
    if (conn->env->product_id != NULL && db_query_prove(conn) == NULL) {
        return;
    }
    for (size_t i = 0; conn->env->statements[i] != NULL; i++) {
        for (const struct db_stmt *const *stmt = conn->env->statements[i]; *stmt != NULL; stmt++) {
            if (db_query_prepare(conn, *stmt) == NULL) {
                return;
            }
        }
    }
    if (conn->head == NULL) {
        conn->state = DB_CONN_READY;
        conn->changed(conn);
    }
}

static void poll_connect(struct db_conn *conn)
{
    /* libpq may close its socket and open another one, even under the same number. */
    unwatch(conn);
    const PostgresPollingStatusType next = PQconnectPoll(conn->pg);
    if (next == PGRES_POLLING_OK) {
        start_session(conn);
    } else if (next == PGRES_POLLING_FAILED) {
        db_conn_break(conn, NULL);
    } else {
        (void)watch(conn, next == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE);
    }
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static void start_connect(struct db_conn *conn)
{
    const struct db_params *params = &conn->env->params;
    conn->pg = PQconnectStartParams(params->keywords, params->values, /* expand_dbname= */ 0);
    if (conn->pg == NULL || PQstatus(conn->pg) == CONNECTION_BAD) {
        db_conn_break(conn, NULL);
        return;
    }
    PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
    (void)watch(conn, LOOP_WRITE);
}

static void on_looked_up(void *arg)
{
    struct db_conn *conn = arg;
    const struct db_params *params = &conn->env->params;
    params->values[params->host_row] = db_lookup_hosts(conn->lookup);
    params->values[params->host_row + 1] = db_lookup_addresses(conn->lookup);
    if (*db_lookup_addresses(conn->lookup) == '\0') {
        db_conn_break(conn, "the host name is not known");
        return;
    }
    start_connect(conn);
}

void db_conn_open(struct db_conn *conn)
{
    ASSERT(conn->state == DB_CONN_DOWN);
    conn->state = DB_CONN_CONNECTING;
    conn->refused = NULL;
    loop_timer_start(conn->timer, LIMIT_DB_CONNECT_MS, 0);
    if (conn->lookup != NULL) {
        db_lookup_start(conn->lookup, conn->env->params.host);
    } else {
        start_connect(conn);
    }
}

static void note_reason(struct db_conn *conn, const char *why)
{
    if (why == NULL) {
        why = conn->pg == NULL ? "out of memory" : PQerrorMessage(conn->pg);
    }
    const int line = (int)strcspn(why, "\n");
    snprintf(conn->env->reason, sizeof(conn->env->reason), "%.*s", line, why);
}

static void forget_unflushed(struct db_conn *conn)
{
    struct db_conn **link = &conn->env->unflushed;
    while (*link != NULL && *link != conn) {
        link = &(*link)->next_unflushed;
    }
    if (*link == conn) {
        *link = conn->next_unflushed;
    }
    conn->dirty = false;
    conn->unsynced = 0;
}

void db_conn_close(struct db_conn *conn)
{
    loop_timer_stop(conn->timer);
    if (conn->lookup != NULL) {
        db_lookup_stop(conn->lookup);
    }
    conn->watched = false;
    unwatch(conn);
    forget_unflushed(conn);
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->state = DB_CONN_DOWN;
    db_pipe_lose_all(conn);
}

void db_conn_break(struct db_conn *conn, const char *why)
{
    ASSERT(conn->state != DB_CONN_DOWN);
    note_reason(conn, why);
    db_conn_close(conn);
    conn->changed(conn);
}

void db_conn_fini(struct db_conn *conn)
{
    db_conn_close(conn);
    loop_timer_free(conn->timer);
    if (conn->lookup != NULL) {
        db_lookup_free(conn->lookup);
    }
}

int64_t db_backoff_ms(int failures)
{
    if (failures == 0) {
        return 0;
    }
    const int doublings = failures > 6 ? 6 : failures - 1;
    int64_t ms = (int64_t)BACKOFF_FIRST_MS << doublings;
    ms = ms > BACKOFF_LAST_MS ? BACKOFF_LAST_MS : ms;
    uint16_t random = 0;
    crypto_random(&random, sizeof(random));
    return ms / 2 + random * (ms / 2) / UINT16_MAX;
}

err db_unavailable(struct ctx *ctx, const struct db_env *env, const char *what)
{
    const err unavailable =
        fail(ctx, ERR_UNAVAILABLE, "%s%s%s", what, *env->reason == '\0' ? "" : ": ", env->reason);
    ctx->error.retry_after_s = 1;
    return unavailable;
}
