/* api/faq_gaps.c - questions that nobody could answer, and what admins do about them. */
#include <string.h>

#include "api/api.h"
#include "api/faq_input.h"
#include "api/input.h"
#include "core/arena.h"
#include "core/limits.h"
#include "core/services.h"
#include "faq/faq.h"
#include "faq/gap_admin.h"
#include "http/call.h"

static const char *const sorts[] = {"-count", "-last_seen", NULL};

struct faq_gaps_query {
    const char *status, *locale, *sort;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field faq_gaps_query_fields[] = {
    FIELD_ENUM(struct faq_gaps_query, status, "Only these", .choices = faq_gap_statuses),
    FIELD_STR(struct faq_gaps_query, locale, "Only this locale", .max = 8),
    FIELD_ENUM(struct faq_gaps_query, sort, "Order", .choices = sorts, .dflt_text = "-count"),
    PAGE_QUERY_FIELDS(struct faq_gaps_query),
};

static err list(struct call *call)
{
    const struct faq_gaps_query *in = call->query;
    struct cursor after = {0};
    TRY(cursor_read(call, in->cursor, in->sort, &after));
    const struct faq_gap_filter filter = {
        .status = in->status,
        .locale = in->locale,
        .by_last_seen = strcmp(in->sort, "-last_seen") == 0,
        .after_value = after.value,
        .after_id = after.id,
        .limit = in->limit + 1,
    };
    struct page *page = &call->page;
    TRY(faq_gap_list(call->ctx, call->services->db, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct faq_gap *rows = page->items.items;
        const struct faq_gap *last = &rows[page->items.count - 1];
        const struct cursor next = {last->sort_key, last->id};
        page->next_cursor = cursor_write(call, in->sort, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(faq_gap_count(call->ctx, call->services->db, &filter, &page->total));
    }
    return OK;
}

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    return faq_gap_get(call->ctx, call->services->db, params->id, call->out);
}

struct faq_resolve_in {
    int64_t faq_id;
};
static const struct field faq_resolve_in_fields[] = {
    FIELD_I64(struct faq_resolve_in, faq_id, "Published entry that answers it", .required = true,
        .min = 1, .max = INT64_MAX),
};

static err resolve(struct call *call)
{
    const struct id_params *params = call->params;
    const struct faq_resolve_in *in = call->in;
    const struct services *services = call->services;
    const struct faq_actor actor = faq_input_actor(call);
    const struct faq_replay_of which = {params->id, in->faq_id};
    TRY(faq_gap_resolve(call->ctx, services->db, &actor, params->id, in->faq_id));
    return faq_gap_replay(call->ctx, services->db, services->faq, &which, call->out);
}

static err dismiss(struct call *call)
{
    const struct id_params *params = call->params;
    const struct faq_actor actor = faq_input_actor(call);
    TRY(faq_gap_dismiss(call->ctx, call->services->db, &actor, params->id));
    return faq_gap_get(call->ctx, call->services->db, params->id, call->out);
}

struct faq_draft_query {
    int64_t category_id;
};
static const struct field faq_draft_query_fields[] = {
    FIELD_I64(struct faq_draft_query, category_id,
        "Category of the draft; that of the nearest entry if absent", .min = 1, .max = INT64_MAX),
};

static err draft(struct call *call)
{
    const struct id_params *params = call->params;
    const struct faq_draft_query *in = call->query;
    const struct faq_actor actor = faq_input_actor(call);
    const struct faq_gap_draft what = {params->id, in->category_id};
    int64_t id = 0;
    int64_t faq_version = 0;
    TRY(faq_gap_draft(call->ctx, call->services->db, &actor, &what, &id, &faq_version));
    faq_changed(call->services->faq, faq_version);
    return faq_input_reply(call, id);
}

#define GAP_ROW                                                                                    \
    .tag = "FAQ administration", .auth = AUTH_USER, .role = ROLE_ADMIN, .rate = RATE_DEFAULT,      \
    .feature = FEATURE_FAQ
#define ONE_ROW .params = &id_params_shape

const struct http_route faq_gaps_routes[] = {
    {GET("/admin/faq/gaps"), GAP_ROW, .summary = "Questions that nobody could answer, grouped",
        .query = SHAPE(faq_gaps_query), .page = true, .out = &faq_gap_shape, .run = list},
    {GET("/admin/faq/gaps/{id}"), GAP_ROW, ONE_ROW, .summary = "One unanswered question",
        .out = &faq_gap_shape, .errors = {ERR_NOT_FOUND}, .run = get},
    {POST("/admin/faq/gaps/{id}/resolve"), GAP_ROW, ONE_ROW, .idempotent = true,
        .summary = "Say which entry answers it",
        .description = "Asks the stored questions again and says how many the entry answers now.",
        .in = SHAPE(faq_resolve_in), .out = &faq_replay_shape, .status = 200,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = resolve},
    {POST("/admin/faq/gaps/{id}/dismiss"), GAP_ROW, ONE_ROW, .idempotent = true,
        .summary = "It needs no answer", .out = &faq_gap_shape, .status = 200,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = dismiss},
    {POST("/admin/faq/gaps/{id}/draft"), GAP_ROW, ONE_ROW, .idempotent = true, .versioned = true,
        .summary = "Begin an entry for it: a draft with the question and no answer",
        .query = SHAPE(faq_draft_query), .out = &faq_admin_shape, .status = 201,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = draft},
    {0},
};
