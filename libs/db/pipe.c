#include "db/pipe.h"

#include "core/arena.h"
#include "core/assert.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "db/conn.h"
#include "db/session.h"
#include "net/fiber.h"
#include "net/loop.h"

#define NS_PER_MS 1000000
#define ARGS_MAX 64
/* A waiter with little time left must not cost its neighbours the connection. */
#define STUCK_MS 250
/* Timers of one instant fire in any order. */
#define TIMER_SLACK_NS (5 * NS_PER_MS)
/* Answers of queries that share a Sync come together: a slow one holds up so many at most. */
#define SHARE_MAX 16
/* A plan stays as it was made, and one that was made when its table was nearly empty reads all of it: Postgres looks
 * again when it has counted the rows, which takes a minute and more. After so many statements we let it look; what
 * that costs is nothing beside them. */
#define PLANS_LAST 5000

enum query_end { PENDING, ANSWERED, LOST };

/* Never on a fiber's stack or in a request's arena: it stays until its answer is drained, also when the waiter
 * has left. */
struct db_query {
    struct db_query *next;
    struct fiber *waiter; /* NULL: the answer is dropped */
    PGresult *result;
    bool shares;   /* its Sync */
    bool proves;   /* that the connection may be used */
    bool complete; /* the result is there, the Sync may not be */
    enum query_end end;
    enum err_code lost;
    int64_t sent_ns;
    int64_t deadline_ns;
};

static struct db_query *new_query(struct db_env *env)
{
    struct db_query *query = env->free_queries;
    if (query == NULL) {
        query = ARENA_NEW(env->arena, struct db_query);
    }
    env->free_queries = query->next;
    *query = (struct db_query){.sent_ns = loop_now_ns(env->loop)};
    return query;
}

static void free_query(struct db_env *env, struct db_query *query)
{
    PQclear(query->result);
    query->result = NULL;
    query->next = env->free_queries;
    env->free_queries = query;
}

static void pop_head(struct db_conn *conn, enum query_end end)
{
    struct db_query *query = conn->head;
    conn->head = query->next;
    conn->tail = conn->head == NULL ? NULL : conn->tail;
    conn->in_flight--;
    query->end = end;
    if (query->waiter == NULL) {
        free_query(conn->env, query);
    } else {
        fiber_wake(query->waiter);
    }
}

void db_pipe_lose_all(struct db_conn *conn)
{
    const int64_t now = loop_now_ns(conn->env->loop);
    while (conn->head != NULL) {
        const bool late = now + TIMER_SLACK_NS >= conn->head->deadline_ns;
        conn->head->lost = late ? ERR_TIMEOUT : ERR_UNAVAILABLE;
        pop_head(conn, LOST);
    }
}

/* What wrote is answered when its transaction has ended; a read when it is read. */
static void answer_head(struct db_conn *conn)
{
    struct db_env *env = conn->env;
    conn->progress_ns = loop_now_ns(env->loop);
    env->last_ns = conn->progress_ns - conn->head->sent_ns;
    env->queries++;
    pop_head(conn, ANSWERED);
}

static void take_sync(struct db_conn *conn)
{
    const struct db_query *head = conn->head;
    if (head != NULL && head->complete) { /* else it ends queries that were answered before */
        answer_head(conn);
    }
}

static void take_end(struct db_conn *conn)
{
    conn->head->complete = true;
    if (conn->head->shares) {
        answer_head(conn);
    }
}

static bool is_true(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
           *PQgetvalue(result, 0, 0) == 't';
}

/* false: the connection must not be used. */
static bool take_first(struct db_conn *conn, PGresult *result)
{
    conn->head->result = result;
    if (conn->head->proves && !is_true(result)) {
        conn->refused = "not a replica of this product's database";
    }
    return conn->refused == NULL;
}

/* Per query: results and NULL; PIPELINE_SYNC after every Sync. false: the connection is unusable. */
static bool take_results(struct db_conn *conn)
{
    int nulls = 0;
    while (conn->head != NULL && !PQisBusy(conn->pg)) {
        PGresult *result = PQgetResult(conn->pg);
        if (result == NULL && conn->head->result != NULL && !conn->head->complete) {
            take_end(conn);
        } else if (result == NULL) {
            if (++nulls > 2) {
                return false; /* libpq has nothing more for a query that is still open */
            }
            continue;
        } else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            take_sync(conn);
        } else if (conn->head->result == NULL) {
            if (!take_first(conn, result)) {
                return false;
            }
        } else {
            PQclear(result);
        }
        nulls = 0;
    }
    return PQstatus(conn->pg) == CONNECTION_OK;
}

/* false: broken. */
static bool flush(struct db_conn *conn)
{
    const int left = PQflush(conn->pg);
    loop_watch_set(conn->watch, left == 1 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
    return left >= 0;
}

void db_pipe_on_ready(struct db_conn *conn)
{
    const bool asked = conn->head != NULL;
    bool alive = PQconsumeInput(conn->pg) == 1;
    alive = take_results(conn) && alive; /* also what came before the end */
    if (!alive || !flush(conn)) {
        db_conn_break(conn, conn->refused);
        return;
    }
    if (asked && conn->head == NULL) {
        conn->state = DB_CONN_READY;
        conn->changed(conn);
    }
}

void db_pipe_on_watchdog(struct db_conn *conn)
{
    conn->watched = false;
    if (conn->head == NULL) {
        return;
    }
    const int64_t silent_ns = loop_now_ns(conn->env->loop) - conn->progress_ns;
    const int64_t left_ms = LIMIT_DB_QUERY_MS - silent_ns / NS_PER_MS;
    if (left_ms <= 0) {
        db_conn_break(conn, "no answer in time");
        return;
    }
    conn->watched = true;
    loop_timer_start(conn->timer, left_ms, 0);
}

bool db_conn_is_stuck(const struct db_conn *conn)
{
    const int64_t silent_ns = loop_now_ns(conn->env->loop) - conn->progress_ns;
    return conn->head != NULL && silent_ns + TIMER_SLACK_NS >= STUCK_MS * (int64_t)NS_PER_MS;
}

static struct db_query *push_query(struct db_conn *conn)
{
    struct db_query *query = new_query(conn->env);
    if (conn->head == NULL) {
        conn->head = query;
        conn->progress_ns = query->sent_ns;
    } else {
        conn->tail->next = query;
    }
    conn->tail = query;
    conn->in_flight++;
    if (!conn->watched) {
        conn->watched = true;
        loop_timer_start(conn->timer, LIMIT_DB_QUERY_MS, 0);
    }
    return query;
}

static void flush_later(struct db_conn *conn)
{
    if (!conn->dirty) {
        conn->dirty = true;
        conn->next_unflushed = conn->env->unflushed;
        conn->env->unflushed = conn;
    }
}

/* false: broken. */
static bool send_sync(struct db_conn *conn)
{
    conn->unsynced = 0;
    flush_later(conn);
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
    return PQsendPipelineSync(conn->pg) == 1;
#else /* this libpq sends with every Sync; what the socket did not take is left for the end of the turn */
    return PQpipelineSync(conn->pg) == 1;
#endif
}

bool db_pipe_flush_all(struct db_env *env)
{
    const bool any = env->unflushed != NULL;
    while (env->unflushed != NULL) {
        struct db_conn *conn = env->unflushed;
        const bool synced = conn->unsynced == 0 || send_sync(conn);
        env->unflushed = conn->next_unflushed;
        conn->dirty = false;
        if (!synced || !flush(conn)) {
            db_conn_break(conn, NULL);
        }
    }
    return any;
}

/* Before a query with a Sync of its own. false: broken. */
static bool begin(struct db_conn *conn)
{
    ASSERT(conn->pg != NULL);
    return conn->unsynced == 0 || send_sync(conn);
}

static struct db_query *end_query(struct db_conn *conn, bool sent)
{
    if (sent) {
        struct db_query *query = push_query(conn);
        if (send_sync(conn)) {
            return query;
        }
    }
    db_conn_break(conn, NULL);
    return NULL;
}

struct db_query *db_query_text(struct db_conn *conn, const char *sql)
{
    return end_query(conn,
        begin(conn) && PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1);
}

struct db_query *db_query_prepare(struct db_conn *conn, const struct db_stmt *stmt)
{
    return end_query(conn,
        begin(conn) && PQsendPrepare(conn->pg, stmt->name, stmt->text, 0, NULL) == 1);
}

struct db_query *db_query_prove(struct db_conn *conn)
{
    struct db_query *query = end_query(conn,
        begin(conn) && PQsendQueryParams(conn->pg, db_session_proof, 1, /* paramTypes= */ NULL,
                           &conn->env->product_id, /* paramLengths= */ NULL,
                           /* paramFormats= */ NULL, /* resultFormat= */ 0) == 1);
    if (query != NULL) {
        query->proves = true;
    }
    return query;
}

/* false: broken. */
static bool renew_plans(struct db_conn *conn)
{
    if (++conn->executed < PLANS_LAST) {
        return true;
    }
    conn->executed = 0;
    return db_query_text(conn, "DISCARD PLANS") != NULL;
}

static bool send_execute(struct db_conn *conn, const struct db_stmt *stmt, struct db_args args)
{
    ASSERT(args.count <= ARGS_MAX);
    const char *values[ARGS_MAX];
    int lengths[ARGS_MAX];
    int formats[ARGS_MAX];
    for (int i = 0; i < args.count; i++) {
        const struct db_arg *arg = &args.values[i];
        values[i] = arg->text == NULL && *arg->number != '\0' ? arg->number : arg->text;
        lengths[i] = arg->binary_len;
        formats[i] = arg->binary_len > 0;
    }
    return PQsendQueryPrepared(conn->pg, stmt->name, args.count, values, lengths, formats,
               /* resultFormat= */ 0) == 1;
}

struct db_query *db_query_execute(struct db_conn *conn, const struct db_stmt *stmt,
    struct db_args args)
{
    if (!renew_plans(conn)) {
        return NULL;
    }
    return end_query(conn, begin(conn) && send_execute(conn, stmt, args));
}

struct db_query *db_query_share(struct db_conn *conn, const struct db_stmt *stmt,
    struct db_args args)
{
    ASSERT(stmt->reads);
    if (!renew_plans(conn)) {
        return NULL;
    }
    if (!(conn->unsynced < SHARE_MAX || send_sync(conn)) || !send_execute(conn, stmt, args)) {
        db_conn_break(conn, NULL);
        return NULL;
    }
    struct db_query *query = push_query(conn);
    query->shares = true;
    conn->unsynced++;
    flush_later(conn);
    return query;
}

err db_query_wait(struct ctx *ctx, struct db_conn *conn, struct db_query *query, int64_t timeout_ms,
    PGresult **out)
{
    struct db_env *env = conn->env;
    query->waiter = fiber_current(env->loop);
    ASSERT(query->waiter != NULL);
    query->deadline_ns = ctx_deadline_ns(ctx, timeout_ms);
    const int64_t until_ns = loop_now_ns(env->loop) + timeout_ms * NS_PER_MS;
    while (query->end == PENDING) {
        const int64_t left_ns = until_ns - loop_now_ns(env->loop);
        const err e = fiber_park(ctx, env->loop, conn->lane, left_ns / NS_PER_MS);
        if (!is_ok(e)) {
            if (query->end == PENDING) {
                query->waiter = NULL;
                return e;
            }
            err_clear(ctx); /* the answer came in the turn in which the wait ended */
        }
    }
    const enum query_end end = query->end;
    const enum err_code lost = query->lost;
    PGresult *result = query->result;
    query->result = NULL;
    free_query(env, query);
    if (end == LOST || result == NULL) {
        PQclear(result);
        return lost == ERR_TIMEOUT ? fail(ctx, ERR_TIMEOUT, "%s: %s", conn->lane, env->reason)
                                   : db_unavailable(ctx, env, "connection lost");
    }
    *out = result;
    return OK;
}
