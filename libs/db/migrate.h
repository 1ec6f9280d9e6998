/* db/migrate.h - numbered SQL files applied once each, by the migration role, before any worker exists.
 * Blocking: called by the master and by sub-commands only, never on a loop.
 * Errors: ERR_UNAVAILABLE (no connection), ERR_CONFLICT (changed checksum, foreign product, newer schema, another product's
 *         role; the text names the setting to mend), ERR_INTERNAL (a migration failed; it was rolled back). */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct ctx;
struct db_config;
struct embed;

struct migrate_plan {
    const struct embed *files; /* "0001_base.sql", in order, ends with a zero row */
    const char *product_id;    /* written with the first migration; another one is refused */
    const char *owner_role;    /* SET ROLE after connecting; "" = stay */
};

struct migrate_entry {
    int64_t version;
    const char *name; /* arena */
    const char
        *checksum; /* arena; as the database remembers it, of the file if it was not applied */
    bool applied;
    bool changed; /* applied with another checksum */
    int64_t applied_at_us;
};

/* Takes the advisory lock (waits up to 30 s), applies what is missing, one transaction each. */
err migrate_run(struct ctx *ctx, const struct db_config *config, const struct migrate_plan *plan,
    int *out_applied);
/* Without changing anything; entries in the arena, in order. */
err migrate_status(struct ctx *ctx, const struct db_config *config, const struct migrate_plan *plan,
    struct migrate_entry **out, int *out_count);

/* Start-up checks with the server's own role: schema complete and unchanged, the product id fits, and the
 * role can NOT connect to any other database of the server than its own and the maintenance ones. */
err migrate_verify(struct ctx *ctx, const struct db_config *config,
    const struct migrate_plan *plan);
/* The replica is not another product's; what it has not replayed yet is not held against it. */
err migrate_verify_replica(struct ctx *ctx, const struct db_config *config,
    const struct migrate_plan *plan);

/* Only that the database is this product's: for sub-commands that write to it. */
err migrate_check_product(struct ctx *ctx, const struct db_config *config,
    const struct migrate_plan *plan);

#endif
