/* db/history.h - for db/migrate.c: a blocking connection, and what its database says about the plan.
 * Blocking; results live in the ctx's arena. Errors as in db/migrate.h. */
#ifndef DB_HISTORY_H
#define DB_HISTORY_H

#include <libpq-fe.h>

#include "core/err.h"
#include "db/migrate.h"

struct ctx;

/* Connects, calls fn, disconnects: whatever fn did not commit is undone. */
err history_connect(struct ctx *ctx, const char *url,
    err (*fn)(struct ctx *ctx, PGconn *pg, void *arg), void *arg);

/* One statement; `what` names it in the failure. *out (may be NULL) lives as long as the arena. */
struct history_query {
    const char *what;
    const char *sql;
    const char *const
        *values; /* $1, $2, ...; NULL = none, and then sql may hold several statements */
    int count;
};
err history_ask(struct ctx *ctx, PGconn *pg, const struct history_query *query, PGresult **out);

/* Lower-case hex SHA-256 of a file, in the arena. */
const char *history_checksum(struct ctx *ctx, const struct embed *file);

/* One entry a file of the plan. ERR_CONFLICT if the database has a migration that the plan does not know. */
err history_read(struct ctx *ctx, PGconn *pg, const struct migrate_plan *plan,
    struct migrate_entry **out, int *out_count);
/* The product id that the database belongs to; "" = none yet. */
err history_product(struct ctx *ctx, PGconn *pg, const char **out);

#endif
