/* db/lanes.h - what is behind struct db, for the files of this library. */
#ifndef DB_LANES_H
#define DB_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "db/conn.h"
#include "db/fast.h"
#include "db/row.h"
#include "db/slow.h"

struct db_lanes {
    struct db_env env;
    struct db *primary; /* this is a replica of it; or NULL */
    uint64_t missed;    /* statements that it was asked in place of this one */
    struct db_fast fast;
    struct db_slow slow;
    struct db_row_maps maps;
    void (*announced)(void *arg); /* NULL = nobody asked */
    void *announced_arg;
};

/* The worker's handle, or (inside db_tx) a view of it that is bound to the leased connection. */
struct db {
    struct db_lanes *lanes;
    struct db_conn *leased; /* NULL: the worker's handle */
    bool transient;         /* in a transaction: it may succeed when it runs again */
    bool stale;             /* in a transaction: a prepared statement has to be made anew */
    bool announced;         /* in a transaction: somebody is to be told after COMMIT */
};

/* Serialisation failures and deadlocks: so many runs, with a short random pause before the next one. */
#define DB_RUNS_MAX 3
err db_pause(struct ctx *ctx, struct db_lanes *lanes);

#endif
