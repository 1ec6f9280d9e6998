/* api/chat_admin.c - for administrators: what the chat is told, version by version. */
#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "api/prompt_input.h"
#include "chat/diff.h"
#include "chat/golden.h"
#include "chat/prompts.h"
#include "core/arena.h"
#include "core/services.h"
#include "http/call.h"

#define NEWEST_FIRST "-version" /* the one order there is */

/* ---- reading ---- */

struct prompts_query {
    int64_t limit;
    const char *cursor, *count;
};
static const struct field prompts_query_fields[] = {PAGE_QUERY_FIELDS(struct prompts_query)};

static err list(struct call *call)
{
    const struct prompts_query *in = call->query;
    struct chat *chat = call->services->chat;
    struct cursor after = {0};
    struct page *page = &call->page;
    TRY(cursor_read(call, in->cursor, NEWEST_FIRST, &after));
    TRY(prompts_list(call->ctx, chat, after.id, in->limit + 1, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct prompt_version *rows = page->items.items;
        const struct cursor next = {.id = rows[page->items.count - 1].version};
        page->next_cursor = cursor_write(call, NEWEST_FIRST, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(prompts_count(call->ctx, chat, &page->total));
    }
    return OK;
}

static err get(struct call *call)
{
    const struct version_params *params = call->params;
    return prompts_get(call->ctx, call->services->chat, params->version, call->out);
}

struct diff_params {
    int64_t a, b;
};
static const struct field diff_params_fields[] = {
    FIELD_I64(struct diff_params, a, "The older version", .required = true, .min = 1,
        .max = INT32_MAX),
    FIELD_I64(struct diff_params, b, "The newer version", .required = true, .min = 1,
        .max = INT32_MAX),
};
struct diff_out {
    int64_t a, b;
    const char *diff;
};
static const struct field diff_out_fields[] = {
    FIELD_I64(struct diff_out, a, "The older version"),
    FIELD_I64(struct diff_out, b, "The newer version"),
    FIELD_STR(struct diff_out, diff, "Unified diff of the prompts; empty when they are the same"),
};

static err compare(struct call *call)
{
    const struct diff_params *params = call->params;
    struct chat *chat = call->services->chat;
    struct diff_out *out = call->out;
    struct prompt_version a;
    struct prompt_version b;
    TRY(prompts_get(call->ctx, chat, params->a, &a));
    TRY(prompts_get(call->ctx, chat, params->b, &b));
    out->a = params->a;
    out->b = params->b;
    const char *const names[] = {
        arena_printf(call->ctx->arena, "version %lld", (long long)a.version),
        arena_printf(call->ctx->arena, "version %lld", (long long)b.version)};
    out->diff = diff_unified(call->ctx->arena, a.system_prompt, b.system_prompt, names);
    return OK;
}

/* ---- writing ---- */

static err create(struct call *call)
{
    struct prompt_draft draft;
    TRY(prompt_input_read(call, call->in, &draft));
    return prompts_create(call->ctx, call->services->chat, &draft, call->out);
}

struct activate_in {
    bool require_eval;
};
static const struct field activate_in_fields[] = {
    FIELD_BOOL(struct activate_in, require_eval,
        "Only if its last evaluation with the golden questions passed in full"),
};

static err activate(struct call *call)
{
    const struct version_params *params = call->params;
    const struct activate_in *in = call->in;
    if (in->require_eval) {
        TRY(golden_require(call->ctx, call->services->db, params->version));
    }
    return prompts_activate(call->ctx, call->services->chat, params->version,
        call->principal.user_id, call->out);
}

#define CHAT_ADMIN_ROW                                                                             \
    .tag = "Chat administration", .feature = FEATURE_CHAT, .auth = AUTH_USER, .role = ROLE_ADMIN,  \
    .rate = RATE_DEFAULT

const struct http_route chat_admin_routes[] = {
    {POST("/admin/chat/prompts"), CHAT_ADMIN_ROW, .summary = "A new version of the prompt",
        .description = "A version never changes; one is in use at a time.", .status = 201,
        .idempotent = true, .in = &prompt_in_shape, .out = &prompt_version_shape, .run = create},
    {GET("/admin/chat/prompts"), CHAT_ADMIN_ROW, .summary = "Versions of the prompt, newest first",
        .query = SHAPE(prompts_query), .page = true, .out = &prompt_summary_shape, .run = list},
    {GET("/admin/chat/prompts/{version}"), CHAT_ADMIN_ROW, .summary = "One version of the prompt",
        .params = &version_params_shape, .out = &prompt_version_shape, .errors = {ERR_NOT_FOUND},
        .run = get},
    {GET("/admin/chat/prompts/{a}/diff/{b}"), CHAT_ADMIN_ROW,
        .summary = "What changed between two versions", .params = SHAPE(diff_params),
        .out = SHAPE(diff_out), .errors = {ERR_NOT_FOUND}, .run = compare},
    {POST("/admin/chat/prompts/{version}/activate"), CHAT_ADMIN_ROW,
        .summary = "Use this version from now on",
        .description = "Activating an older one rolls back.", .params = &version_params_shape,
        .idempotent = true, .in = SHAPE(activate_in), .out = &prompt_version_shape,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = activate},
    {0},
};
