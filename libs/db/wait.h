/* db/wait.h - fibers that queue for a connection, oldest first.
 * Owns:  nothing: a place in the queue is on its fiber's stack.
 * Waits: db_waiters_park. */
#ifndef DB_WAIT_H
#define DB_WAIT_H

#include <stdint.h>

#include "core/err.h"

struct ctx;
struct db_conn;
struct db_waiter;
struct loop;

struct db_waiters {
    struct db_waiter *first;
    struct db_waiter *last;
    int count;
};

/* *out is what db_waiters_serve gave: NULL when there is none to be had. Also set on failure, when the wait
 * ended in the same turn: the caller gives it back. */
err db_waiters_park(struct ctx *ctx, struct loop *loop, struct db_waiters *waiters,
    int64_t timeout_ms, struct db_conn **out);
/* The oldest one gets conn; there must be one. */
void db_waiters_serve(struct db_waiters *waiters, struct db_conn *conn);
/* The fiber that db_waiters_serve would serve; NULL = nobody waits. */
struct fiber *db_waiters_first(const struct db_waiters *waiters);

#endif
