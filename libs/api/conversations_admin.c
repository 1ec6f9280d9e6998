/* api/conversations_admin.c - what people said, for administrators. */
#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "chat/review.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/services.h"
#include "http/call.h"

#define LATEST_FIRST "-last_message_at" /* the one order there is */

static const char *const ratings[] = {"up", "down", NULL};
static const char *const degraded_choices[] = {
    "any", "fallback_model", "retrieval_only", "budget", NULL};

struct reviews_query {
    struct field_set has;
    const char *rating;
    bool grounded;
    const char *degraded, *model;
    int64_t prompt_version;
    const char *q;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field reviews_query_fields[] = {
    FIELD_ENUM(struct reviews_query, rating, "With an answer so voted on", .choices = ratings),
    FIELD_BOOL(struct reviews_query, grounded, "With an answer that rests on sources, or not"),
    FIELD_ENUM(struct reviews_query, degraded, "With an answer of another than the usual model",
        .choices = degraded_choices),
    FIELD_STR(struct reviews_query, model, "With an answer of this model", .min = 1, .max = 100),
    FIELD_I64(struct reviews_query, prompt_version, "With an answer of this version of the prompt",
        .min = 1, .max = INT32_MAX),
    FIELD_STR(struct reviews_query, q, "Part of the title or of what was said", .min = 1,
        .max = 100),
    PAGE_QUERY_FIELDS(struct reviews_query),
};
enum { REVIEWS_GROUNDED = 1 };

static int64_t rating_of(const char *text)
{
    if (text == NULL) {
        return 0;
    }
    return strcmp(text, ratings[0]) == 0 ? 1 : -1;
}

static err list(struct call *call)
{
    const struct reviews_query *in = call->query;
    struct cursor after = {0};
    struct page *page = &call->page;
    struct db *db = call->services->db;
    struct review_filter filter = {
        .rating = rating_of(in->rating),
        .has_grounded = field_is_present(&in->has, REVIEWS_GROUNDED),
        .grounded = in->grounded,
        .degraded = in->degraded,
        .model = in->model,
        .prompt_version = in->prompt_version,
        .q = in->q,
        .limit = in->limit + 1,
    };
    TRY(cursor_read(call, in->cursor, LATEST_FIRST, &after));
    filter.after_key = after.value;
    filter.after_id = after.id;
    struct buf looked_for;
    size_t len = 0;
    buf_init(&looked_for, call->ctx->arena, 256, LIMIT_BODY_BYTES);
    field_encode_present(&looked_for, SHAPE_SET(reviews_query), in);
    TRY(buf_finish(call->ctx, &looked_for, &filter.as_json, &len));
    TRY(review_list(call->ctx, db, call->principal.user_id, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct review *rows = page->items.items;
        const struct review *last = &rows[page->items.count - 1];
        const struct cursor next = {last->sort_key, last->id};
        page->next_cursor = cursor_write(call, LATEST_FIRST, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(review_count(call->ctx, db, &filter, &page->total));
    }
    return OK;
}

struct review_query {
    int64_t before, limit;
};
static const struct field review_query_fields[] = {
    FIELD_I64(struct review_query, before, "End before this message; by default the last ones",
        .min = 1, .max = INT64_MAX),
    FIELD_I64(struct review_query, limit, "Messages", .min = 1, .max = LIMIT_PAGE_ROWS,
        .dflt = LIMIT_PAGE_ROWS_DEFAULT),
};

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    const struct review_query *in = call->query;
    const struct review_place place = {params->id, in->before, in->limit};
    return review_get(call->ctx, call->services->db, call->principal.user_id, &place, call->out);
}

#define ADMIN_ROW .auth = AUTH_USER, .role = ROLE_ADMIN, .rate = RATE_DEFAULT

const struct http_route conversations_admin_routes[] = {
    {GET("/admin/conversations"), ADMIN_ROW, .tag = "Chat administration", .feature = FEATURE_CHAT,
        .summary = "All conversations, latest first",
        .description = "All that is asked of an answer has to fit one and the same. Each reading "
                       "leaves a record.",
        .query = SHAPE_SET(reviews_query), .page = true, .out = &review_shape, .run = list},
    {GET("/admin/conversations/{id}"), ADMIN_ROW, .tag = "Chat administration",
        .feature = FEATURE_CHAT, .summary = "One conversation and how its answers came about",
        .description = "Each reading leaves a record.", .params = &id_params_shape,
        .query = SHAPE(review_query), .out = &review_detail_shape, .errors = {ERR_NOT_FOUND},
        .run = get},
    {0},
};
