/* chat/conversations.h - what was said: listed, read, renamed, deleted, voted on. Never sees HTTP.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h. What is not the caller's is ERR_NOT_FOUND, as if it did not exist. */
#ifndef CHAT_CONVERSATIONS_H
#define CHAT_CONVERSATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/chat.h"
#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;

struct conversation {
    struct field_set has;
    int64_t id;
    const char *title, *locale;
    int64_t message_count, last_message_at, created_at;
    const char *sort_key; /* of a list; not shown */
};
extern const struct shape conversation_shape;

struct conversation_filter {
    const char *q;         /* part of the title; NULL = any */
    const char *after_key; /* last row of the page before; NULL = first page */
    int64_t after_id;
    int64_t limit; /* rows read; ask for one more than shown */
};
err conversations_list(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    const struct conversation_filter *filter, struct list *out);
err conversations_count(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    const char *q, int64_t *out);
err conversations_get(struct ctx *ctx, struct db *db, const struct chat_caller *caller, int64_t id,
    struct conversation *out);
err conversations_rename(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    int64_t id, const char *title, struct conversation *out);
/* With all messages, for good. */
err conversations_delete(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    int64_t id);
err conversations_delete_all(struct ctx *ctx, struct db *db, const struct chat_caller *caller);

/* Newest first, as struct chat_message_out; before_id 0 = from the end. */
err conversations_messages(struct ctx *ctx, struct db *db, int64_t id, int64_t before_id,
    int64_t limit, struct list *out);
err conversations_messages_count(struct ctx *ctx, struct db *db, int64_t id, int64_t *out);

struct chat_vote {
    int64_t message_id;
    bool up;
    const char *reason, *comment; /* NULL = none */
};
extern const char *const chat_vote_reasons[]; /* NULL-terminated */
/* ERR_CONFLICT (INVALID_STATE): that message is no answer. */
err conversations_vote(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    const struct chat_vote *vote);
err conversations_unvote(struct ctx *ctx, struct db *db, const struct chat_caller *caller,
    int64_t message_id);

struct claimed {
    int64_t conversations, inquiries;
};
/* What belongs to a guest's session becomes the user's, all or nothing. Claimed again it is nothing more.
 * ERR_NOT_FOUND: nobody has used the session. */
err conversations_claim(struct ctx *ctx, struct db *db, int64_t user_id, const char *session,
    struct claimed *out);

#endif
