#include <inttypes.h>
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "db/db.h"
#include "jobs/jobs.h"
#include "properties/change.h"
#include "properties/properties.h"
#include "properties/sql.h"

/* What a change has to know of the row it holds. */
struct locked {
    struct field_set has;
    int64_t id, version, created_by, agent_id, price_minor;
    const char *status, *currency, *default_locale;
    bool has_location, has_image;
};
static const struct field locked_fields[] = {
    FIELD_I64(struct locked, id, "Id"),
    FIELD_I64(struct locked, version, "Version"),
    FIELD_I64(struct locked, created_by, "Who made it"),
    FIELD_I64(struct locked, agent_id, "Who looks after it", .nullable = true),
    FIELD_I64(struct locked, price_minor, "Price"),
    FIELD_STR(struct locked, status, "State"),
    FIELD_STR(struct locked, currency, "Of the price"),
    FIELD_STR(struct locked, default_locale, "Locale that always has a text"),
    FIELD_BOOL(struct locked, has_location, "Coordinates are known"),
    FIELD_BOOL(struct locked, has_image, "At least one"),
};

static err not_found(struct ctx *ctx)
{
    return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Property not found");
}

/* Holds the row until the end of the transaction, for its owner or an admin, in the version asked for. */
static err lock(struct ctx *ctx, struct db *tx, const struct property_actor *actor, int64_t id,
    int64_t if_version, struct locked *out)
{
    const err found =
        db_one(ctx, tx, &SQL_properties_lock, DB_ARGS(DB_I64(id)), SHAPE_SET(locked), out);
    if (found.code == ERR_NOT_FOUND) {
        return not_found(ctx);
    }
    TRY(found);
    if (!actor->admin && out->created_by != actor->user_id && out->agent_id != actor->user_id) {
        return not_found(ctx); /* a foreign one is not told from a missing one */
    }
    if (if_version != 0 && if_version != out->version) {
        return fail(ctx, ERR_PRECONDITION, "property has another version");
    }
    return OK;
}

static err audit(struct ctx *ctx, struct db *tx, const struct property_actor *actor,
    const char *action, int64_t id, const char *after)
{
    return db_exec(ctx, tx, &SQL_properties_audit,
        DB_ARGS(DB_I64(actor->user_id), DB_TEXT(action), DB_I64(id), DB_TEXT(after),
            DB_TEXT(actor->request_id)),
        /* out_affected */ NULL);
}

/* What can be found by meaning follows soon; one waiting job a property is enough. */
static err embed_later(struct ctx *ctx, struct db *tx, int64_t id)
{
    const char *key = arena_printf(ctx->arena, "property.embed:%" PRId64, id);
    const char *payload = arena_printf(ctx->arena, "{\"property_id\":%" PRId64 "}", id);
    return jobs_enqueue(ctx, tx, "property.embed", payload, key, /* out_id */ NULL);
}

static err put_text(struct ctx *ctx, struct db *tx, int64_t id, const struct property_draft *text)
{
    TRY(db_exec(ctx, tx, &SQL_properties_text_put,
        DB_ARGS(DB_I64(id), DB_TEXT(text->locale), DB_TEXT(text->title),
            DB_TEXT(text->description)),
        /* out_affected */ NULL));
    return embed_later(ctx, tx, id);
}

static err record_price(struct ctx *ctx, struct db *tx, int64_t id, int64_t who)
{
    return db_exec(ctx, tx, &SQL_properties_price_record, DB_ARGS(DB_I64(id), DB_I64(who)),
        /* out_affected */ NULL);
}

struct creation {
    const struct property_actor *actor;
    const struct property_draft *draft;
    int64_t id;
};

static err create(struct ctx *ctx, struct db *tx, void *arg)
{
    struct inserted {
        int64_t id;
    };
    static const struct field inserted_fields[] = {
        FIELD_I64(struct inserted, id, "Of the new row")};
    struct creation *creation = arg;
    const struct property_draft *draft = creation->draft;
    int64_t base_minor = 0;
    struct inserted row = {0};
    TRY(properties_convert(ctx, tx, draft->price_minor, draft->currency, draft->base_currency,
        &base_minor));
    TRY(db_one(ctx, tx, &SQL_properties_insert,
        DB_ARGS(DB_TEXT(draft->columns), DB_I64(creation->actor->user_id), DB_I64(base_minor)),
        SHAPE(inserted), &row));
    TRY(put_text(ctx, tx, row.id, draft));
    TRY(record_price(ctx, tx, row.id, creation->actor->user_id));
    TRY(audit(ctx, tx, creation->actor, "property.create", row.id, draft->columns));
    creation->id = row.id;
    return OK;
}

err properties_create(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    const struct property_draft *draft, int64_t *out_id)
{
    struct creation creation = {actor, draft, 0};
    TRY(db_tx(ctx, db, create, &creation));
    *out_id = creation.id;
    return OK;
}

struct update {
    const struct property_actor *actor;
    const struct property_change *change;
};

/* Title and price are always there: the table demands them. */
static err check_complete(struct ctx *ctx, const struct locked *row)
{
    err result = OK;
    if (!row->has_location) {
        result = fail_field(ctx, "location", "VALIDATION_ERROR",
            "is needed before a listing can be active");
    }
    if (!row->has_image) {
        result = fail_field(ctx, "images", "VALIDATION_ERROR",
            "needs at least one before a listing can be active");
    }
    return result;
}

static err base_price(struct ctx *ctx, struct db *tx, const struct property_change *change,
    const struct locked *row, struct db_arg *out)
{
    *out = DB_NULL();
    if (!change->has_price) {
        return OK;
    }
    const int64_t minor = change->price_minor >= 0 ? change->price_minor : row->price_minor;
    const char *currency = change->currency != NULL ? change->currency : row->currency;
    int64_t base_minor = 0;
    TRY(properties_convert(ctx, tx, minor, currency, change->base_currency, &base_minor));
    *out = DB_I64(base_minor);
    return OK;
}

static bool is_new_price(const struct property_change *change, const struct locked *before)
{
    return (change->price_minor >= 0 && change->price_minor != before->price_minor) ||
           (change->currency != NULL && strcmp(change->currency, before->currency) != 0);
}

static err update(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct update *update = arg;
    const struct property_change *change = update->change;
    struct locked row = {0};
    struct locked after = {0};
    struct db_arg base_minor;
    TRY(lock(ctx, tx, update->actor, change->id, change->if_version, &row));
    TRY(base_price(ctx, tx, change, &row, &base_minor));
    TRY(db_exec(ctx, tx, &SQL_properties_patch,
        DB_ARGS(DB_I64(change->id), DB_TEXT(change->columns), base_minor),
        /* out_affected */ NULL));
    if (change->activate) {
        TRY(db_one(ctx, tx, &SQL_properties_lock, DB_ARGS(DB_I64(change->id)), SHAPE_SET(locked),
            &after));
        TRY(check_complete(ctx, &after));
    }
    if (is_new_price(change, &row)) {
        TRY(record_price(ctx, tx, change->id, update->actor->user_id));
    }
    if (change->title != NULL || change->description != NULL) {
        TRY(db_exec(ctx, tx, &SQL_properties_text_patch,
            DB_ARGS(DB_I64(change->id), DB_TEXT(row.default_locale), DB_TEXT(change->title),
                DB_TEXT(change->description)),
            /* out_affected */ NULL));
    }
    TRY(embed_later(ctx, tx,
        change->id)); /* the state matters too: archived ones have no vectors */
    return audit(ctx, tx, update->actor, "property.update", change->id, change->columns);
}

err properties_change(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    const struct property_change *change)
{
    struct update work = {actor, change};
    return db_tx(ctx, db, update, &work);
}

err properties_archive(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    int64_t id, int64_t if_version)
{
    const struct property_change change = {.id = id,
        .if_version = if_version,
        .columns = "{\"status\":\"archived\"}",
        .price_minor = -1};
    return properties_change(ctx, db, actor, &change);
}

struct images {
    const struct property_actor *actor;
    int64_t id, if_version;
    const char *images;
};

static err put_images(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct images *work = arg;
    struct locked row = {0};
    TRY(lock(ctx, tx, work->actor, work->id, work->if_version, &row));
    if (strcmp(work->images, "[]") == 0 && strcmp(row.status, "active") == 0) {
        return fail_field(ctx, "images", "VALIDATION_ERROR",
            "an active listing keeps at least one");
    }
    TRY(db_exec(ctx, tx, &SQL_properties_images_clear, DB_ARGS(DB_I64(work->id)),
        /* out_affected */ NULL));
    TRY(db_exec(ctx, tx, &SQL_properties_images_insert,
        DB_ARGS(DB_I64(work->id), DB_TEXT(work->images)),
        /* out_affected */ NULL));
    TRY(db_exec(ctx, tx, &SQL_properties_touch, DB_ARGS(DB_I64(work->id)),
        /* out_affected */ NULL));
    return audit(ctx, tx, work->actor, "property.images", work->id, work->images);
}

err properties_put_images(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    int64_t id, int64_t if_version, const char *images)
{
    struct images work = {actor, id, if_version, images};
    return db_tx(ctx, db, put_images, &work);
}

struct text {
    const struct property_actor *actor;
    int64_t id;
    const struct property_draft *text; /* put */
    const char *locale;                /* delete */
};

static err write_text(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct text *work = arg;
    struct locked row = {0};
    TRY(lock(ctx, tx, work->actor, work->id, /* if_version */ 0, &row));
    TRY(put_text(ctx, tx, work->id, work->text));
    TRY(db_exec(ctx, tx, &SQL_properties_touch, DB_ARGS(DB_I64(work->id)),
        /* out_affected */ NULL));
    return audit(ctx, tx, work->actor, "property.text", work->id, /* after */ NULL);
}

err properties_put_text(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    int64_t id, const struct property_draft *text)
{
    struct text work = {.actor = actor, .id = id, .text = text};
    return db_tx(ctx, db, write_text, &work);
}

static err delete_text(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct text *work = arg;
    struct locked row = {0};
    TRY(lock(ctx, tx, work->actor, work->id, /* if_version */ 0, &row));
    if (strcmp(row.default_locale, work->locale) == 0) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "The text in the default locale cannot be deleted");
    }
    int64_t deleted = 0;
    TRY(db_exec(ctx, tx, &SQL_properties_text_delete,
        DB_ARGS(DB_I64(work->id), DB_TEXT(work->locale)), &deleted));
    if (deleted == 0) {
        return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL,
            "The property has no text in this locale");
    }
    TRY(embed_later(ctx, tx, work->id));
    TRY(db_exec(ctx, tx, &SQL_properties_touch, DB_ARGS(DB_I64(work->id)),
        /* out_affected */ NULL));
    return audit(ctx, tx, work->actor, "property.text_delete", work->id, /* after */ NULL);
}

err properties_delete_text(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    int64_t id, const char *locale)
{
    struct text work = {.actor = actor, .id = id, .locale = locale};
    return db_tx(ctx, db, delete_text, &work);
}
