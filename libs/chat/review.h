/* chat/review.h - what was said, by whomever, for administrators: found, read, counted. Never sees HTTP. Whoever reads what people
 * said leaves a record of it, in the same transaction.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. */
#ifndef CHAT_REVIEW_H
#define CHAT_REVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;

struct review {
    struct field_set has;
    int64_t id, user_id;
    const char *title, *locale;
    int64_t message_count, last_message_at, created_at;
    int64_t prompt_tokens, completion_tokens, cost_microusd;
    int64_t thumbs_up, thumbs_down, refusals;
    struct list
        messages;  /* of struct review_message, as they were said; of one conversation only */
    bool has_more; /* earlier ones, the same */
    const char *sort_key; /* of a list; not shown */
};
struct review_message {
    struct field_set has;
    int64_t id;
    const char *role, *status, *content;
    int64_t created_at;
    const char *model;
    int64_t prompt_version;
    const char *finish_reason;
    bool grounded;
    const char *degraded, *error_code;
    int64_t prompt_tokens, completion_tokens, cost_microusd, latency_ms, first_token_ms;
    const char *request_id;
    const char *sources, *tool_calls, *feedback; /* JSON */
};
extern const struct shape review_row_shape;    /* as a list reads it */
extern const struct shape review_shape;        /* in a list */
extern const struct shape review_detail_shape; /* with messages */
extern const struct shape review_message_shape;

/* Of one answer in the conversation, all of it; NULL, 0 and !has_ = any. */
struct review_filter {
    int64_t rating; /* 1, -1 */
    bool has_grounded, grounded;
    const char *degraded, *model;
    int64_t prompt_version;
    const char *q;         /* part of the title or of what was said */
    const char *after_key; /* last row of the page before; NULL = first page */
    int64_t after_id;
    int64_t limit;       /* rows read; ask for one more than shown */
    const char *as_json; /* what was looked for, for the record */
};
err review_list(struct ctx *ctx, struct db *db, int64_t actor_id,
    const struct review_filter *filter, struct list *out);
err review_count(struct ctx *ctx, struct db *db, const struct review_filter *filter, int64_t *out);

/* The last `limit` messages before message `before` (0 = the end). ERR_NOT_FOUND. */
struct review_place {
    int64_t id, before, limit;
};
err review_get(struct ctx *ctx, struct db *db, int64_t actor_id, const struct review_place *place,
    struct review *out);

/* ---- what went on ---- */

struct overview_period {
    struct field_set has;
    int64_t chats, questions, users, guests, answers;
    double refusal_rate_pct;
    int64_t p50_ms, p95_ms, thumbs_up, thumbs_down, cost_microusd, inquiries, bookings;
    const char *top_gaps; /* JSON */
};
struct overview {
    struct overview_period last_24h, last_7d, last_30d;
};
extern const struct shape overview_period_shape;
err review_overview(struct ctx *ctx, struct db *db, bool with_bookings, struct overview *out);

#endif
