/* db/fast.h - the fast lane: one connection that all fibers of the worker share for single statements.
 * Owns:   the connection; reconnects with back-off.
 * Waits:  db_fast_conn, only while the first connection, or the one after a good one, is being made. */
#ifndef DB_FAST_H
#define DB_FAST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "db/conn.h"
#include "db/wait.h"

struct db_fast {
    struct db_conn conn;
    struct loop_timer *retry;
    struct db_waiters waiters;
    int hopeful_ms; /* how long the connection that is being made is worth waiting for */
    bool connected;
    int failures; /* in a row */
    int64_t ready_ns;
    int64_t since_us; /* wall clock of the last change of `connected` */
    uint64_t reconnects;
};

void db_fast_open(struct db_fast *fast, struct db_env *env);
void db_fast_close(struct db_fast *fast);
/* The connection, ready and with room for one more query; ERR_UNAVAILABLE otherwise. */
err db_fast_conn(struct ctx *ctx, struct db_fast *fast, struct db_conn **out);

#endif
