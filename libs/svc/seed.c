#include "svc/seed.h"

#include <stdio.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "db/db.h"
#include "properties/sql.h"
#include "users/sql.h"

#define SEED_FILE_MAX_BYTES 8388608

static err read_file(struct ctx *ctx, const char *path, const char **out)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fail(ctx, ERR_INVALID, "%s cannot be read", path);
    }
    struct buf buf;
    buf_init(&buf, ctx->arena, 65536, SEED_FILE_MAX_BYTES);
    char chunk[1024];
    for (size_t len; (len = fread(chunk, 1, sizeof(chunk), file)) > 0;) {
        buf_add(&buf, chunk, len);
    }
    fclose(file);
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}

static err seed_file(struct ctx *ctx, struct db *db, const char *path, const struct db_stmt *stmt,
    int64_t *out)
{
    struct seeded {
        int64_t count;
    };
    static const struct field seeded_fields[] = {FIELD_I64(struct seeded, count, "Rows added")};
    struct seeded row = {0};
    const char *text = NULL;
    TRY(read_file(ctx, path, &text));
    TRY(db_one(ctx, db, stmt, DB_ARGS(DB_TEXT(text)), SHAPE(seeded), &row));
    *out = row.count;
    return OK;
}

err seed_from_folder(struct ctx *ctx, struct db *db, const char *folder, struct seed_counts *out)
{
    TRY(seed_file(ctx, db, arena_printf(ctx->arena, "%s/users.json", folder), &SQL_users_seed,
        &out->users));
    TRY(seed_file(ctx, db, arena_printf(ctx->arena, "%s/fx_rates.json", folder), &SQL_fx_rates_seed,
        &out->rates));
    return seed_file(ctx, db, arena_printf(ctx->arena, "%s/properties.json", folder),
        &SQL_properties_seed, &out->properties);
}
