/* db/conn.h - one non-blocking connection in pipeline mode: connect, prepare, send, take results. For the lanes
 * only. Queries are answered in order. What writes has a Sync, thus a transaction, of its own; reads of one turn share one
 * (ADR 13).
 * Owns:   the PGconn, its watch, and every query sent on it until it is answered or lost.
 * Waits:  db_query_wait.
 * Errors: ERR_TIMEOUT, ERR_UNAVAILABLE, ERR_CANCELLED. What the server says about a query is in its result. */
#ifndef DB_CONN_H
#define DB_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "db/db.h"
#include "db/url.h"

struct arena;
struct db_lookup;
struct fiber;
struct loop_timer;
struct loop_watch;

#define DB_REASON_MAX 120

/* What the connections of one worker share. */
struct db_env {
    struct loop *loop;
    struct arena *arena; /* lives as long as the struct db */
    struct db_params params;
    const struct db_stmt *const *const *statements;
    err (*before_commit)(struct ctx *ctx, struct db *tx); /* or NULL */
    const char *product_id; /* every connection has to prove that it reads this one's; or NULL */
    bool echo;
    struct db_query *free_queries;
    struct db_conn *unflushed; /* what was sent on them leaves at the end of the turn */
    uint64_t queries, errors;
    int64_t last_ns;            /* duration of the last answered query */
    char reason[DB_REASON_MAX]; /* why a connection was lost last; "" = never */
};

enum db_conn_state { DB_CONN_DOWN, DB_CONN_CONNECTING, DB_CONN_PREPARING, DB_CONN_READY };

struct db_conn {
    struct db_env *env;
    const char *lane; /* names the waits: "db.fast" */
    enum db_conn_state state;
    PGconn *pg;
    struct db_lookup *lookup; /* NULL: the host needs none */
    struct loop_watch *watch;
    struct loop_timer *timer; /* connect deadline, later the watchdog */
    bool watched;             /* the watchdog is running */
    struct db_query *head;    /* sent, not yet answered, oldest first */
    struct db_query *tail;
    int in_flight;
    int64_t progress_ns; /* last sign of life while something was asked */
    int unsynced;        /* queries that share the next Sync */
    int executed;        /* statements since the plans were made */
    const char *refused; /* why this one must not be used; NULL = nothing wrong */
    bool dirty;          /* in env->unflushed */
    struct db_conn *next_unflushed;
    /* Tells the owner: became ready, went down, or (ready) has answered all it was asked. */
    void (*changed)(struct db_conn *conn);
    void *owner; /* for `changed` */
};

void db_conn_init(struct db_conn *conn, struct db_env *env, const char *lane,
    void (*changed)(struct db_conn *conn), void *owner);
/* DOWN -> CONNECTING -> PREPARING -> READY, or DOWN again. */
void db_conn_open(struct db_conn *conn);
/* Drops the connection; who waits on it gets ERR_TIMEOUT (deadline passed) or ERR_UNAVAILABLE. why = NULL: what
 * libpq says. */
void db_conn_break(struct db_conn *conn, const char *why);
/* As db_conn_break, without telling the owner. */
void db_conn_close(struct db_conn *conn);
void db_conn_fini(struct db_conn *conn);
/* No answer for a while although it was asked: not just the caller's own time is over. */
bool db_conn_is_stuck(const struct db_conn *conn);

/* Queue one query, with a Sync of its own. NULL: the connection broke on it. Nobody waits for the answer yet; a query
 * nobody waits for is drained. */
struct db_query *db_query_text(struct db_conn *conn, const char *sql);
struct db_query *db_query_prepare(struct db_conn *conn, const struct db_stmt *stmt);
struct db_query *db_query_execute(struct db_conn *conn, const struct db_stmt *stmt,
    struct db_args args);
/* Asks db_session_proof; another answer than true breaks the connection. */
struct db_query *db_query_prove(struct db_conn *conn);

/* The same for a statement that reads, with a Sync that it shares. After an error of one before it the result is
 * PGRES_PIPELINE_ABORTED: it did not run and has to be asked again. */
struct db_query *db_query_share(struct db_conn *conn, const struct db_stmt *stmt,
    struct db_args args);

/* On OK *out is the query's first result, owned by the caller (PQclear). */
err db_query_wait(struct ctx *ctx, struct db_conn *conn, struct db_query *query, int64_t timeout_ms,
    PGresult **out);

/* Pause before the next try after so many failed ones in a row: 0, then 50 ms doubling to 2 s, with jitter. */
int64_t db_backoff_ms(int failures);

/* ERR_UNAVAILABLE that asks the client to come back in a second. */
err db_unavailable(struct ctx *ctx, const struct db_env *env, const char *what);

#endif
