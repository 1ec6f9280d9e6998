#include "chat/conversations.h"

#include "chat/caller.h"
#include "chat/sql.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "db/db.h"
#include "inquiries/inquiries.h"

static const struct field conversation_fields[] = {
    FIELD_I64(struct conversation, id, "Id"),
    FIELD_STR(struct conversation, title, "At first the beginning of the first question",
        .nullable = true),
    FIELD_STR(struct conversation, locale, "Language of the first question"),
    FIELD_I64(struct conversation, message_count, "Questions and answers"),
    FIELD_TIME(struct conversation, last_message_at, "Last question or answer", .nullable = true),
    FIELD_TIME(struct conversation, created_at, "First question"),
    FIELD_STR(struct conversation, sort_key, "Place in the list"),
};
enum { CONVERSATION_SHOWN = 6 };
const struct shape conversation_shape = {
    .name = "conversation",
    .size = sizeof(struct conversation),
    .fields = conversation_fields,
    .count = CONVERSATION_SHOWN,
    .has_set = true,
    .set_offset = offsetof(struct conversation, has),
};

const char *const chat_vote_reasons[] = {"wrong", "outdated", "incomplete", "tone", "other", NULL};

static err no_message(struct ctx *ctx, err found)
{
    return found.code != ERR_NOT_FOUND
               ? found
               : fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Message not found");
}

err conversations_list(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    const struct conversation_filter *filter, struct list *out)
{
    return db_list(ctx, db, &SQL_chat_list,
        DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_TEXT(filter->q),
            DB_TEXT(filter->after_key), DB_I64(filter->after_id), DB_I64(filter->limit)),
        SHAPE_SET(conversation), filter->limit, out);
}

err conversations_count(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    const char *q, int64_t *out)
{
    return db_count(ctx, db, &SQL_chat_list_count,
        DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_TEXT(q)), out);
}

err conversations_get(struct ctx *ctx, struct db *db, const struct chat_caller *caller, int64_t id,
    struct conversation *out)
{
    return caller_found(ctx,
        db_one(ctx, db, &SQL_chat_get,
            DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_I64(id)),
            &conversation_shape, out));
}

err conversations_rename(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    int64_t id, const char *title, struct conversation *out)
{
    return caller_found(ctx,
        db_one(ctx, db, &SQL_chat_rename,
            DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_I64(id), DB_TEXT(title)),
            &conversation_shape, out));
}

err conversations_delete(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    int64_t id)
{
    int64_t gone = 0;
    TRY(db_exec(ctx, db, &SQL_chat_delete,
        DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_I64(id)), &gone));
    return caller_found(ctx, gone > 0 ? OK : (err){ERR_NOT_FOUND});
}

err conversations_delete_all(struct ctx *ctx, struct db *db, const struct chat_caller *caller)
{
    return db_exec(ctx, db, &SQL_chat_delete_all,
        DB_ARGS(caller_user(caller), caller_session(ctx, caller)), /* out_affected */ NULL);
}

err conversations_messages(struct ctx *ctx, struct db *db, int64_t id, int64_t before_id,
    int64_t limit, struct list *out)
{
    return db_list(ctx, db, &SQL_chat_messages,
        DB_ARGS(DB_I64(id), DB_ID(before_id), DB_I64(limit)), &chat_message_shape, limit, out);
}

err conversations_messages_count(struct ctx *ctx, struct db *db, int64_t id, int64_t *out)
{
    return db_count(ctx, db, &SQL_chat_messages_count, DB_ARGS(DB_I64(id)), out);
}

struct vote_row {
    bool is_answer;
};
static const struct field vote_row_fields[] = {
    FIELD_BOOL(struct vote_row, is_answer, "Whether one can vote on it")};

err conversations_vote(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    const struct chat_vote *vote)
{
    struct vote_row row;
    TRY(no_message(ctx,
        db_one(ctx, db, &SQL_chat_feedback_put,
            DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_I64(vote->message_id),
                DB_I64(vote->up ? 1 : -1), DB_TEXT(vote->reason), DB_TEXT(vote->comment)),
            SHAPE(vote_row), &row)));
    return row.is_answer
               ? OK
               : fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE, "That message is no answer");
}

struct unvote_row {
    int64_t id;
};
static const struct field unvote_row_fields[] = {FIELD_I64(struct unvote_row, id, "Message")};

err conversations_unvote(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    int64_t message_id)
{
    struct unvote_row row;
    return no_message(ctx,
        db_one(ctx, db, &SQL_chat_feedback_delete,
            DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_I64(message_id)),
            SHAPE(unvote_row), &row));
}

struct claiming {
    int64_t user_id;
    const char *session;
    struct claimed claimed;
};

/* ERR_NOT_FOUND: the session had nothing, and nobody has claimed it. */
static err note_claim(struct ctx *ctx, struct db *tx, struct db_arg session,
    const struct claimed *claimed)
{
    int64_t count = 0;
    if (claimed->conversations + claimed->inquiries > 0) {
        return db_exec(ctx, tx, &SQL_chat_claim_note, DB_ARGS(session), /* out_affected */ NULL);
    }
    TRY(db_count(ctx, tx, &SQL_chat_claimed, DB_ARGS(session), &count));
    return count > 0
               ? OK
               : fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Nobody has used this session");
}

static err claim(struct ctx *ctx, struct db *tx, void *arg)
{
    struct claiming *claiming = arg;
    struct claimed *claimed = &claiming->claimed;
    const struct chat_caller guest = {.session = claiming->session};
    const struct db_arg session = caller_session(ctx, &guest);
    TRY(db_exec(ctx, tx, &SQL_chat_claim, DB_ARGS(DB_I64(claiming->user_id), session),
        &claimed->conversations));
    TRY(inquiries_claim(ctx, tx, claiming->user_id, claiming->session, &claimed->inquiries));
    return note_claim(ctx, tx, session, claimed);
}

err conversations_claim(struct ctx *ctx, struct db *db, int64_t user_id, const char *session,
    struct claimed *out)
{
    struct claiming claiming = {user_id, session, {0}};
    TRY(db_tx(ctx, db, claim, &claiming));
    *out = claiming.claimed;
    return OK;
}
