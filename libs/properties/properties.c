#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/log.h"
#include "db/array.h"
#include "db/db.h"
#include "properties/properties.h"
#include "properties/shapes.h"
#include "properties/sql.h"

static err not_found(struct ctx *ctx)
{
    return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Property not found");
}

err properties_get(struct ctx *ctx, struct db *db, int64_t id, const char *slug,
    const struct property_view *view, struct property *out)
{
    const struct db_stmt *stmt = slug == NULL ? &SQL_properties_by_id : &SQL_properties_by_slug;
    const struct db_arg key = slug == NULL ? DB_I64(id) : DB_TEXT(slug);
    const err found = db_one(ctx, db, stmt,
        DB_ARGS(key, DB_TEXT(view->locale), DB_BOOL(view->staff), DB_TEXT(view->currency)),
        &property_shape, out);
    return found.code == ERR_NOT_FOUND ? not_found(ctx) : found;
}

struct document {
    int64_t version;
    const char *body;
};
static const struct field document_fields[] = {
    FIELD_I64(struct document, version, "Version shown"),
    FIELD_STR(struct document, body, "JSON"),
};

/* Renders for the reader and keeps it for the next one; not being able to keep it is no failure. */
static err render(struct ctx *ctx, struct db *db, int64_t id, const char *locale,
    struct document *out)
{
    const struct property_view view = {.locale = locale};
    struct property property = {0};
    TRY(properties_get(ctx, db, id, /* slug */ NULL, &view, &property));
    struct buf buf;
    buf_init(&buf, ctx->arena, 4096, LIMIT_REPLY_BYTES);
    field_encode(&buf, &property_shape, &property);
    size_t len = 0;
    TRY(buf_finish(ctx, &buf, &out->body, &len));
    out->version = property.version;
    const err kept = db_exec(ctx, db, &SQL_properties_document_put,
        DB_ARGS(DB_I64(id), DB_TEXT(locale), DB_I64(property.version), DB_TEXT(out->body)),
        /* out_affected */ NULL);
    if (!is_ok(kept)) {
        log_debug(ctx, "properties.document_not_kept", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* the reader has what it asked for */
    }
    return OK;
}

err properties_get_document(struct ctx *ctx, struct db *db, int64_t id, const char *locale,
    const char **out_body, int64_t *out_version)
{
    struct document document = {0};
    const err found = db_one(ctx, db, &SQL_properties_document,
        DB_ARGS(DB_I64(id), DB_TEXT(locale)), SHAPE(document), &document);
    if (found.code == ERR_NOT_FOUND) {
        err_clear(ctx); /* none of this version yet, or no such property: rendering tells */
        TRY(render(ctx, db_primary(db), id, locale, &document)); /* what is kept must be new */
    } else {
        TRY(found);
    }
    *out_body = document.body;
    *out_version = document.version;
    return OK;
}

const char *const property_sorts[] = {
    "-published_at", "price", "-price", "bedrooms", "cap_rate", "-cap_rate", "distance", NULL};

static const struct db_stmt *const sorted[] = {
    &SQL_properties_list_newest,
    &SQL_properties_list_price,
    &SQL_properties_list_price_desc,
    &SQL_properties_list_bedrooms,
    &SQL_properties_list_cap_rate,
    &SQL_properties_list_cap_rate_desc,
    &SQL_properties_list_distance,
};

static const struct db_stmt *statement_for(const char *sort)
{
    for (size_t i = 0; property_sorts[i] != NULL; i++) {
        if (strcmp(sort, property_sorts[i]) == 0) {
            return sorted[i];
        }
    }
    return sorted[0];
}

err properties_list(struct ctx *ctx, struct db *db, const struct property_query *query,
    const struct property_view *view, struct list *out)
{
    if (query->filters == NULL) {
        return db_list(ctx, db, &SQL_properties_page,
            DB_ARGS(DB_TEXT(query->listing_type), DB_TEXT(query->after_value),
                DB_I64(query->after_id), DB_I64(query->limit), DB_TEXT(view->locale),
                DB_BOOL(view->staff)),
            &property_summary_row_shape, query->limit, out);
    }
    /* Planned for its values on the slow lane: a generic plan could not know which index the filters want. */
    return db_list_slow(ctx, db, statement_for(query->sort),
        DB_ARGS(DB_TEXT(query->filters), DB_TEXT(query->after_value), DB_I64(query->after_id),
            DB_I64(query->limit), DB_TEXT(view->locale), DB_BOOL(view->staff)),
        &property_summary_row_shape, query->limit, out);
}

err properties_expand(struct ctx *ctx, struct db *db, const struct list *summaries,
    const struct property_view *view, struct list *out)
{
    const struct property_summary *rows = summaries->items;
    int64_t *ids = ARENA_ARRAY(ctx->arena, int64_t, (size_t)summaries->count + 1);
    for (int64_t i = 0; i < summaries->count; i++) {
        ids[i] = rows[i].id;
    }
    return db_list_slow(ctx, db, &SQL_properties_by_ids,
        DB_ARGS(DB_TEXT(db_array_write_i64(ctx->arena, ids, summaries->count)),
            DB_TEXT(view->locale), DB_BOOL(view->staff), DB_TEXT(view->currency)),
        &property_shape, summaries->count, out);
}

struct total {
    int64_t total;
};
static const struct field total_fields[] = {FIELD_I64(struct total, total, "Rows")};

static err one_slow(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    const struct shape *shape, void *out)
{
    struct list rows = {0};
    TRY(db_list_slow(ctx, db, stmt, args, shape, /* max */ 1, &rows));
    if (rows.count == 0) {
        return fail(ctx, ERR_INTERNAL, "%s gave no row", stmt->name);
    }
    memcpy(out, rows.items, shape->size);
    return OK;
}

err properties_count(struct ctx *ctx, struct db *db, const char *filters, bool exact, int64_t *out)
{
    struct total row = {0};
    TRY(one_slow(ctx, db, exact ? &SQL_properties_count : &SQL_properties_estimate,
        DB_ARGS(DB_TEXT(filters)), SHAPE(total), &row));
    *out = row.total;
    return OK;
}

err properties_facets(struct ctx *ctx, struct db *db, const char *filters,
    struct property_facets *out)
{
    return one_slow(ctx, db, &SQL_properties_facets, DB_ARGS(DB_TEXT(filters)),
        &property_facets_shape, out);
}

err properties_price_history(struct ctx *ctx, struct db *db, int64_t id, bool staff,
    struct list *out)
{
    TRY(db_list(ctx, db, &SQL_properties_price_history, DB_ARGS(DB_I64(id), DB_BOOL(staff)),
        &property_price_change_shape, /* max */ 100, out));
    return out->count == 0 ? not_found(ctx) : OK; /* every property has the price it began with */
}

err properties_convert(struct ctx *ctx, struct db *db, int64_t amount_minor, const char *from,
    const char *to, int64_t *out)
{
    struct converted {
        struct field_set has;
        int64_t amount_minor;
    };
    static const struct field converted_fields[] = {
        FIELD_I64(struct converted, amount_minor, "In the other currency", .nullable = true),
    };
    struct converted row = {0};
    TRY(db_one(ctx, db, &SQL_properties_price_convert,
        DB_ARGS(DB_I64(amount_minor), DB_TEXT(from), DB_TEXT(to)), SHAPE_SET(converted), &row));
    if (!field_is_present(&row.has, 0)) {
        return fail_field(ctx, "currency", "VALIDATION_ERROR", "has no exchange rate to %s", to);
    }
    *out = row.amount_minor;
    return OK;
}
