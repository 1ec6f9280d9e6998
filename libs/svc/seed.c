#include "svc/seed.h"

#include <stdio.h>

#include "bookings/sql.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/services.h"
#include "db/db.h"
#include "faq/embed.h"
#include "faq/faq.h"
#include "faq/sql.h"
#include "properties/embed.h"
#include "properties/sql.h"
#include "users/sql.h"

#define SEED_FILE_MAX_BYTES 8388608
#define FAQ_TEXTS 200 /* embedded in one go */

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

/* The same work that a job does after a change. */
static err embed_faq(struct ctx *ctx, const struct services *services, int64_t *out)
{
    struct faq_embed with = {.db = services->db, .embedder = services->embedder};
    TRY(faq_embed_model(ctx, with.db, with.embedder, &with.model));
    int64_t from = 0;
    int64_t done = 0;
    do {
        int64_t version = 0;
        TRY(faq_embed_stale(ctx, &with, FAQ_TEXTS, &from, &done, &version));
        *out += done;
        if (version > 0) {
            faq_changed(services->faq, version);
        }
    } while (done > 0);
    return OK;
}

err seed_from_folder(struct ctx *ctx, const struct services *services, const char *folder,
    struct seed_counts *out)
{
    const struct {
        const char *name;
        const struct db_stmt *stmt;
        int64_t *count;
    } files[] = {
        {"users", &SQL_users_seed, &out->users},
        {"fx_rates", &SQL_fx_rates_seed, &out->rates},
        {"properties", &SQL_properties_seed, &out->properties},
        {"rate_plans", &SQL_rate_plans_seed, &out->rate_plans},
        {"bookings", &SQL_bookings_seed, &out->bookings},
        {"faq_categories", &SQL_faq_categories_seed, &out->faq_categories},
        {"faq", &SQL_faq_seed, &out->faq},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        TRY(seed_file(ctx, services->db,
            arena_printf(ctx->arena, "%s/%s.json", folder, files[i].name), files[i].stmt,
            files[i].count));
    }
    TRY(embed_faq(ctx, services, &out->embedded));
    return properties_embed_all(ctx, services->db, services->embedder);
}
