/* db/row.h - result rows into structs by shape. Which column goes to which member is worked out once for each
 * statement and shape, and remembered.
 * Owns:   the maps, in the arena given; they live as long as the worker's database handle.
 * Errors: ERR_INTERNAL: a column without a member, a value that does not fit, NULL where there must be a value. */
#ifndef DB_ROW_H
#define DB_ROW_H

#include <libpq-fe.h>
#include <stddef.h>

#include "core/err.h"
#include "core/field.h"
#include "db/stmt.h"

struct arena;
struct ctx;
struct db_row_map;

#define DB_ROW_BUCKETS 128

struct db_row_maps {
    struct arena *arena;
    struct db_row_map *buckets[DB_ROW_BUCKETS];
};

/* The map for this result; borrowed until the next call. */
err db_row_map(struct ctx *ctx, struct db_row_maps *maps, const struct db_stmt *stmt,
    const struct shape *shape, const PGresult *result, const struct db_row_map **out);

struct db_rows {
    const struct db_row_map *map;
    const struct shape *shape;
    const PGresult *result; /* text of the rows points into it */
};
/* out: shape->size zeroed bytes. */
err db_row_read(struct ctx *ctx, const struct db_rows *rows, int row, void *out);

#endif
