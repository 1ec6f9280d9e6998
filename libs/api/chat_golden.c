/* api/chat_golden.c - for administrators: versions of the prompt tried, and measured with golden questions. */
#include <string.h>

#include "api/api.h"
#include "api/faq_input.h"
#include "api/input.h"
#include "api/prompt_input.h"
#include "chat/golden.h"
#include "chat/preview.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"

#define IN_ORDER "id" /* the one order there is */

/* ---- preview ---- */

static const char *const roles[] = {"user", "assistant", NULL};

struct said {
    const char *role, *content;
};
static const struct field said_fields[] = {
    FIELD_ENUM(struct said, role, "Who spoke", .required = true, .choices = roles),
    FIELD_STR(struct said, content, "What was said", .required = true, .min = 1, .max = 4000),
};
struct preview_in {
    struct field_set has;
    int64_t version;
    struct prompt_in draft;
    const char *content, *locale;
    struct list history;
};
static const struct field preview_in_fields[] = {
    FIELD_I64(struct preview_in, version, "The version to try", .min = 1, .max = INT32_MAX),
    FIELD_OBJ(struct preview_in, draft, prompt_in, "One that is not kept",
        .shape = &prompt_in_shape),
    FIELD_STR(struct preview_in, content, "The question", .required = true, .min = 1, .max = 4000),
    FIELD_STR(struct preview_in, locale, "Language of the answer", .nullable = true, .max = 8),
    FIELD_LIST(struct preview_in, history, "What was said before, oldest first", .max = 40,
        .shape = SHAPE(said)),
};
enum { ROW_VERSION = 0, ROW_DRAFT = 1 };

static err preview(struct call *call)
{
    const struct preview_in *in = call->in;
    const bool has_version = field_is_present(&in->has, ROW_VERSION);
    const bool has_draft = field_is_present(&in->has, ROW_DRAFT);
    struct prompt_draft draft;
    if (has_version == has_draft) {
        return fail_field(call->ctx, "version", CODE_VALIDATION_ERROR,
            "or draft is required, one of them");
    }
    TRY(settings_one_of(call->ctx, "locale", in->locale, &call->services->settings->locales));
    const struct chat_asker asker = {
        .services = call->services,
        .user_id = call->principal.user_id,
        .locale = in->locale != NULL ? in->locale : input_guess_locale(call, in->content),
    };
    const struct said *said = in->history.items;
    struct chat_message *history =
        ARENA_ARRAY(call->ctx->arena, struct chat_message, (size_t)in->history.count + 1);
    for (int64_t i = 0; i < in->history.count; i++) {
        history[i] = (struct chat_message){said[i].role, said[i].content};
    }
    if (has_draft) {
        TRY(prompt_input_read(call, &in->draft, &draft));
    }
    const struct chat_preview what = {
        .asker = &asker,
        .feature = "preview",
        .version = in->version,
        .draft = has_draft ? &draft : NULL,
        .content = in->content,
        .history = history,
        .history_count = (size_t)in->history.count,
        .user_id = call->principal.user_id,
    };
    return chat_preview(call->ctx, call->services->chat, &what, call->out);
}

/* ---- golden questions ---- */

struct golden_query {
    int64_t limit;
    const char *cursor, *count;
};
static const struct field golden_query_fields[] = {PAGE_QUERY_FIELDS(struct golden_query)};

static err list(struct call *call)
{
    const struct golden_query *in = call->query;
    struct cursor after = {0};
    struct page *page = &call->page;
    TRY(cursor_read(call, in->cursor, IN_ORDER, &after));
    TRY(golden_list(call->ctx, call->services->db, after.id, in->limit + 1, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct golden_case *rows = page->items.items;
        const struct cursor next = {.id = rows[page->items.count - 1].id};
        page->next_cursor = cursor_write(call, IN_ORDER, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(golden_count(call->ctx, call->services->db, &page->total));
    }
    return OK;
}

struct golden_in {
    const char *question, *locale;
    struct strs must_include, must_not_include;
    const char *must_cite;
    bool expect_refusal;
};
static const struct field golden_in_fields[] = {
    FIELD_STR(struct golden_in, question, "The question", .required = true, .min = 1, .max = 500),
    FIELD_STR(struct golden_in, locale, "Language of the answer", .nullable = true, .max = 8),
    FIELD_STRS(struct golden_in, must_include, "What the answer has to say", .max = 20),
    FIELD_STRS(struct golden_in, must_not_include, "What it must not say", .max = 20),
    FIELD_JSON(struct golden_in, must_cite, "Entries of the FAQ that it has to name, by id",
        .list = true, .nullable = true),
    FIELD_BOOL(struct golden_in, expect_refusal, "Whether it has to say that it does not know"),
};

static err check_cites(struct ctx *ctx, const char *text)
{
    const struct json *ids = NULL;
    if (text == NULL) {
        return OK;
    }
    TRY(json_parse(ctx, text, strlen(text), &ids));
    bool right = json_kind(ids) == JSON_KIND_ARRAY && json_count(ids) <= 20;
    for (size_t i = 0; right && i < json_count(ids); i++) {
        int64_t id = 0;
        right = json_i64(json_at(ids, i), &id) && id > 0;
    }
    return right ? OK
                 : fail_field(ctx, "must_cite", CODE_VALIDATION_ERROR,
                       "must be a list of at most 20 ids");
}

static err add(struct call *call)
{
    const struct golden_in *in = call->in;
    const struct golden_rules rules = {
        in->must_include, in->must_not_include, in->must_cite, in->expect_refusal};
    struct golden_case added = {.question = in->question};
    struct buf json;
    size_t len = 0;
    TRY(settings_one_of(call->ctx, "locale", in->locale, &call->services->settings->locales));
    TRY(check_cites(call->ctx, in->must_cite));
    added.locale = in->locale != NULL ? in->locale : input_guess_locale(call, in->question);
    buf_init(&json, call->ctx->arena, 512, LIMIT_BODY_BYTES);
    field_encode(&json, &golden_rules_shape, &rules);
    TRY(buf_finish(call->ctx, &json, &added.rules, &len));
    return golden_add(call->ctx, call->services->db, &added, call->principal.user_id, call->out);
}

static err delete_it(struct call *call)
{
    const struct id_params *params = call->params;
    return golden_delete(call->ctx, call->services->db, params->id);
}

static err evaluate(struct call *call)
{
    const struct version_params *params = call->params;
    struct faq_job *out = call->out;
    return golden_evaluate(call->ctx, call->services->chat, params->version,
        call->principal.user_id, &out->job_id);
}

#define GOLDEN_ROW                                                                                 \
    .tag = "Chat administration", .feature = FEATURE_CHAT, .auth = AUTH_USER, .role = ROLE_ADMIN,  \
    .rate = RATE_DEFAULT

const struct http_route chat_golden_routes[] = {
    {POST("/admin/chat/prompts/preview"), GOLDEN_ROW, .summary = "Try a version, or a draft",
        .description = "Nothing is stored but what it cost.", .idempotent = true,
        .in = SHAPE_SET(preview_in), .out = &chat_response_shape,
        .timeout_ms = LIMIT_CHAT_REQUEST_MS, .errors = {ERR_NOT_FOUND, ERR_UPSTREAM, ERR_TIMEOUT},
        .run = preview},
    {GET("/admin/chat/golden"), GOLDEN_ROW, .summary = "Golden questions",
        .query = SHAPE(golden_query), .page = true, .out = &golden_case_shape, .run = list},
    {POST("/admin/chat/golden"), GOLDEN_ROW, .summary = "Add a golden question", .status = 201,
        .idempotent = true, .in = SHAPE(golden_in), .out = &golden_case_shape, .run = add},
    {DELETE("/admin/chat/golden/{id}"), GOLDEN_ROW, .summary = "Delete a golden question",
        .params = &id_params_shape, .errors = {ERR_NOT_FOUND}, .run = delete_it},
    {POST("/admin/chat/prompts/{version}/eval"), GOLDEN_ROW,
        .summary = "Ask a version all golden questions",
        .description = "A background job: its progress has passed, failed and cases[].",
        .status = 202, .idempotent = true, .params = &version_params_shape, .out = &faq_job_shape,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = evaluate},
    {0},
};
