/* db/slow.h - the slow lane: connections leased to one fiber at a time, for transactions and slow statements.
 * Owns:   the connections. `kept` of them stay open, more are closed when nobody needed them for a while.
 * Waits:  db_slow_lease, at most LIMIT_DB_LEASE_MS; giving back never waits.
 * Errors: ERR_UNAVAILABLE (none in time, database down), ERR_TIMEOUT, ERR_CANCELLED. */
#ifndef DB_SLOW_H
#define DB_SLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "db/conn.h"
#include "db/wait.h"

struct db_slot {
    struct db_conn conn;
    struct db_slow *slow;
    struct fiber *holder; /* NULL: idle, or being made ready */
    bool returning;       /* the lane is cleaning up */
    bool up;              /* was ready once since it was opened */
    int64_t idle_since_ns;
};

struct db_slow {
    struct db_env *env;
    struct db_slot *slots;
    int max, kept, open; /* open: not DOWN */
    int coming;          /* connecting, or being cleaned up: soon to be had */
    bool pre_ping;
    bool proven;  /* a connection was ready once */
    int failures; /* connects in a row */
    int64_t retry_at_ns;
    struct loop_timer *surplus; /* closes what is more than kept and rests */
    bool surplus_waits;
    struct db_waiters waiters;
};

void db_slow_open(struct db_slow *slow, struct db_env *env, int kept, int overflow, bool pre_ping);
void db_slow_close(struct db_slow *slow);

/* One lease a fiber: a second one is a programming error. */
err db_slow_lease(struct ctx *ctx, struct db_slow *slow, struct db_conn **out);
/* Never waits. An open transaction is rolled back here; a connection with an answer outstanding is closed. */
void db_slow_return(struct db_slow *slow, struct db_conn *conn);

#endif
