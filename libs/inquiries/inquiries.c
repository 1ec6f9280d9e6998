#include "inquiries/inquiries.h"

#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "db/db.h"
#include "inquiries/sql.h"

const char *const inquiry_kinds[] = {"question", "viewing", "offer", "callback", "handoff", NULL};
const char *const inquiry_statuses[] = {"new", "open", "won", "lost", "spam", NULL};

static const struct field inquiry_fields[] = {
    FIELD_I64(struct inquiry, id, "Id"),
    FIELD_ENUM(struct inquiry, kind, "What is wanted", .choices = inquiry_kinds),
    FIELD_ENUM(struct inquiry, status, "How far it is", .choices = inquiry_statuses),
    FIELD_I64(struct inquiry, property_id, "Listing it is about", .nullable = true),
    FIELD_I64(struct inquiry, user_id, "Who asks, when signed in", .nullable = true),
    FIELD_I64(struct inquiry, conversation_id, "Conversation it came from", .nullable = true),
    FIELD_STR(struct inquiry, name, "Name of who asks"),
    FIELD_STR(struct inquiry, email, "Where to answer"),
    FIELD_STR(struct inquiry, phone, "Where to call", .nullable = true),
    FIELD_STR(struct inquiry, message, "In words"),
    FIELD_JSON(struct inquiry, preferred_times, "When it would suit, in words", .list = true),
    FIELD_I64(struct inquiry, assigned_to, "Who looks after it", .nullable = true),
    FIELD_STR(struct inquiry, note, "Of the staff, for the staff", .nullable = true),
    FIELD_TIME(struct inquiry, consent_at, "When who asks agreed to be answered"),
    FIELD_TIME(struct inquiry, created_at, "When it came"),
    FIELD_TIME(struct inquiry, updated_at, "Last change"),
    FIELD_I64(struct inquiry, version, "Counts on with every change"),
    FIELD_STR(struct inquiry, transcript_url, "What was said, for admins", .nullable = true),
};
const struct shape inquiry_shape = {
    .name = "Inquiry",
    .size = sizeof(struct inquiry),
    .fields = inquiry_fields,
    .count = sizeof(inquiry_fields) / sizeof(inquiry_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct inquiry, has),
};

struct inquiry_id {
    int64_t id;
};
static const struct field inquiry_id_fields[] = {FIELD_I64(struct inquiry_id, id, "Id")};

/* Sessions are never stored. */
static struct db_arg session_hash(struct ctx *ctx, const char *session)
{
    if (session == NULL) {
        return DB_NULL();
    }
    char *hex = arena_alloc_raw(ctx->arena, 2 * CRYPTO_SHA256_LEN + 1);
    crypto_sha256_hex(session, strlen(session), CRYPTO_SHA256_LEN, hex);
    return DB_TEXT(hex);
}

static err not_found(struct ctx *ctx, const char *message)
{
    return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, message);
}

static err found_or(struct ctx *ctx, err found)
{
    return found.code == ERR_NOT_FOUND ? not_found(ctx, "Inquiry not found") : found;
}

/* ---- anybody ---- */

struct targets {
    bool property_found, conversation_found;
};
static const struct field targets_fields[] = {
    FIELD_BOOL(struct targets, property_found, "None is named, or the public sees it"),
    FIELD_BOOL(struct targets, conversation_found, "None is named, or it is the sender's"),
};

struct creation {
    const struct inquiry_sender *sender;
    const struct inquiry_draft *draft;
    int64_t id;
};

static err create(struct ctx *ctx, struct db *tx, void *arg)
{
    struct creation *creation = arg;
    const struct inquiry_sender *sender = creation->sender;
    const struct inquiry_draft *draft = creation->draft;
    const struct db_arg user = DB_ID(sender->user_id);
    const struct db_arg session = session_hash(ctx, sender->session);
    struct targets targets = {0};
    struct inquiry_id made = {0};
    TRY(db_one(ctx, tx, &SQL_inquiries_targets,
        DB_ARGS(DB_ID(draft->property_id), DB_ID(draft->conversation_id), user, session),
        SHAPE(targets), &targets));
    if (!targets.property_found) {
        return not_found(ctx, "Property not found");
    }
    if (!targets.conversation_found) {
        return not_found(ctx, "Conversation not found");
    }
    TRY(db_one(ctx, tx, &SQL_inquiries_insert,
        DB_ARGS(DB_TEXT(draft->columns), DB_TEXT(draft->spam ? "spam" : "new"), user, session,
            DB_TEXT(sender->ip_hash), DB_TEXT(sender->request_id)),
        SHAPE(inquiry_id), &made));
    creation->id = made.id;
    return OK;
}

err inquiries_create(struct ctx *ctx, struct db *db, const struct inquiry_sender *sender,
    const struct inquiry_draft *draft, int64_t *out_id)
{
    struct creation creation = {sender, draft, 0};
    TRY(db_tx(ctx, db, create, &creation));
    *out_id = creation.id;
    return OK;
}

err inquiries_claim(struct ctx *ctx, struct db *tx, int64_t user_id, const char *session,
    int64_t *out_count)
{
    return db_exec(ctx, tx, &SQL_inquiries_claim,
        DB_ARGS(DB_I64(user_id), session_hash(ctx, session)), out_count);
}

/* ---- staff ---- */

err inquiries_list(struct ctx *ctx, struct db *db, const struct inquiry_actor *actor,
    const struct inquiry_filter *filter, struct list *out)
{
    return db_list_slow(ctx, db, &SQL_inquiries_list,
        DB_ARGS(DB_I64(actor->user_id), DB_BOOL(actor->admin), DB_TEXT(filter->status),
            DB_TEXT(filter->kind), DB_ID(filter->property_id), DB_ID(filter->assigned_to),
            DB_I64(filter->after_id), DB_I64(filter->limit)),
        &inquiry_shape, filter->limit, out);
}

err inquiries_count(struct ctx *ctx, struct db *db, const struct inquiry_actor *actor,
    const struct inquiry_filter *filter, int64_t *out)
{
    return db_count(ctx, db, &SQL_inquiries_count,
        DB_ARGS(DB_I64(actor->user_id), DB_BOOL(actor->admin), DB_TEXT(filter->status),
            DB_TEXT(filter->kind), DB_ID(filter->property_id), DB_ID(filter->assigned_to)),
        out);
}

err inquiries_get(struct ctx *ctx, struct db *db, const struct inquiry_actor *actor, int64_t id,
    struct inquiry *out)
{
    return found_or(ctx, db_one(ctx, db, &SQL_inquiries_get,
                             DB_ARGS(DB_I64(id), DB_I64(actor->user_id), DB_BOOL(actor->admin)),
                             &inquiry_shape, out));
}

struct locked {
    int64_t id, version;
};
static const struct field locked_fields[] = {
    FIELD_I64(struct locked, id, "Id"),
    FIELD_I64(struct locked, version, "Version"),
};

struct changing {
    const struct inquiry_actor *actor;
    const struct inquiry_change *change;
    struct inquiry *out;
};

static err check_assignee(struct ctx *ctx, struct db *tx, int64_t user_id)
{
    struct inquiry_id row = {0};
    if (user_id == 0) {
        return OK;
    }
    const err found =
        db_one(ctx, tx, &SQL_inquiries_assignee, DB_ARGS(DB_I64(user_id)), SHAPE(inquiry_id), &row);
    return found.code != ERR_NOT_FOUND ? found
                                       : fail_field(ctx, "assigned_to", CODE_VALIDATION_ERROR,
                                             "must be an active agent or admin");
}

static err apply(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct changing *changing = arg;
    const struct inquiry_change *change = changing->change;
    const struct inquiry_actor *actor = changing->actor;
    struct locked row = {0};
    TRY(found_or(ctx,
        db_one(ctx, tx, &SQL_inquiries_lock,
            DB_ARGS(DB_I64(change->id), DB_I64(actor->user_id), DB_BOOL(actor->admin)),
            SHAPE(locked), &row)));
    if (change->if_version != 0 && change->if_version != row.version) {
        return fail(ctx, ERR_PRECONDITION, "inquiry has another version");
    }
    TRY(check_assignee(ctx, tx, change->assigned_to));
    return db_one(ctx, tx, &SQL_inquiries_patch,
        DB_ARGS(DB_I64(change->id), DB_TEXT(change->patch), DB_I64(actor->user_id),
            DB_TEXT(actor->request_id)),
        &inquiry_shape, changing->out);
}

err inquiries_change(struct ctx *ctx, struct db *db, const struct inquiry_actor *actor,
    const struct inquiry_change *change, struct inquiry *out)
{
    struct changing changing = {actor, change, out};
    return db_tx(ctx, db, apply, &changing);
}
