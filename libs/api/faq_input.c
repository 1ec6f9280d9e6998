#include "api/faq_input.h"

#include <stddef.h>
#include <string.h>

#include "api/input.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/json.h"
#include "core/services.h"
#include "core/settings.h"
#include "core/utf8.h"
#include "http/call.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define QUESTION_MIN 3
#define NAME_MAX 100

static const char *const new_statuses[] = {"draft", "published", "declined", NULL};

#define FAQ_IN_FIELDS(must, states)                                                                \
    FIELD_STR(struct faq_in, question, "Question", .required = (must), .min = QUESTION_MIN,        \
        .max = 500),                                                                               \
        FIELD_STR(struct faq_in, answer, "Answer; a published entry needs one", .max = 8000),      \
        FIELD_I64(struct faq_in, category_id, "Category", .required = (must), .min = 1,            \
            .max = INT64_MAX),                                                                     \
        FIELD_STR(struct faq_in, locale, "Locale; the product's default if absent", .max = 8),     \
        FIELD_STRS(struct faq_in, tags, "Tags", .min = 0, .max = FAQ_TAGS_MAX,                     \
            .check = faq_is_tag, .check_text = "must be 1 to 50 characters each, without commas"), \
        FIELD_STRS(struct faq_in, variants, "Other phrasings of the question, found too",          \
            .min = 0, .max = FAQ_VARIANTS_MAX, .check = faq_is_variant,                            \
            .check_text = "must be lines of 3 to 500 characters"),                                 \
        FIELD_ENUM(struct faq_in, status, "State", .choices = (states)),                           \
        FIELD_I64(struct faq_in, position, "Place in its category", .min = -1000000,               \
            .max = 1000000)
#define IN_SHAPE(name_, struct_, rows)                                                             \
    {                                                                                              \
        .name = (name_), .size = sizeof(struct struct_), .fields = (rows), .count = COUNT(rows),   \
        .has_set = true, .set_offset = offsetof(struct struct_, has)                               \
    }
static const struct field create_fields[] = {FAQ_IN_FIELDS(true, new_statuses)};
static const struct field patch_fields[] = {FAQ_IN_FIELDS(false, faq_statuses)};
const struct shape faq_create_shape = IN_SHAPE("FaqCreate", faq_in, create_fields);
const struct shape faq_patch_shape = IN_SHAPE("FaqPatch", faq_in, patch_fields);

struct category_in {
    struct field_set has;
    const char *slug, *name;
    int64_t position;
};
static bool is_category_slug(const char *text)
{
    return input_is_slug(text) && text[0] != '-' && text[strlen(text) - 1] != '-' &&
           strstr(text, "--") == NULL;
}
#define CATEGORY_FIELDS(must)                                                                      \
    FIELD_STR(struct category_in, slug, "Name in addresses", .required = (must), .min = 1,         \
        .max = 60, .check = is_category_slug,                                                      \
        .check_text = "must be words of a-z and 0-9 with - between"),                              \
        FIELD_JSON(struct category_in, name, "Name by locale: {\"en\": \"...\"}",                  \
            .required = (must)),                                                                   \
        FIELD_I64(struct category_in, position, "Place in the list", .min = -1000000,              \
            .max = 1000000)
static const struct field category_create_fields[] = {CATEGORY_FIELDS(true)};
static const struct field category_patch_fields[] = {CATEGORY_FIELDS(false)};
const struct shape faq_category_create_shape =
    IN_SHAPE("FaqCategoryCreate", category_in, category_create_fields);
const struct shape faq_category_patch_shape =
    IN_SHAPE("FaqCategoryPatch", category_in, category_patch_fields);

static const struct field faq_job_fields[] = {
    FIELD_I64(struct faq_job, job_id, "See /admin/jobs/{id}")};
const struct shape faq_job_shape = {
    .name = "JobStarted",
    .size = sizeof(struct faq_job),
    .fields = faq_job_fields,
    .count = 1,
};

struct faq_actor faq_input_actor(const struct call *call)
{
    return (struct faq_actor){call->principal.user_id, call->ctx->request_id};
}

err faq_input_columns(struct call *call, const struct shape *shape, struct faq_in *in,
    const char **out)
{
    struct ctx *ctx = call->ctx;
    TRY(settings_one_of(ctx, "locale", in->locale, &call->services->settings->locales));
    if (in->question != NULL) {
        in->question = faq_tidy(ctx, in->question);
        if (utf8_length(in->question, strlen(in->question)) < QUESTION_MIN) {
            return fail_field(ctx, "question", CODE_VALIDATION_ERROR,
                "must be at least %d characters without blanks around it", QUESTION_MIN);
        }
    }
    return input_patch(ctx, shape, in, out);
}

struct names {
    struct call *call;
    err result;
};

static bool check_name(void *arg, const char *locale, const struct json *value)
{
    struct names *names = arg;
    struct ctx *ctx = names->call->ctx;
    const char *field = arena_printf(ctx->arena, "name.%s", locale);
    size_t len = 0;
    const char *text = json_text(value, &len);
    const err offered =
        settings_one_of(ctx, field, locale, &names->call->services->settings->locales);
    if (!is_ok(offered)) {
        names->result = offered;
    } else if (text == NULL || faq_tidy(ctx, text)[0] == '\0' ||
               utf8_length(text, len) > NAME_MAX) {
        names->result = fail_field(ctx, field, CODE_VALIDATION_ERROR,
            "must be a text of 1 to %d characters", NAME_MAX);
    }
    return is_ok(names->result);
}

err faq_input_category(struct call *call, const struct shape *shape, const char **out)
{
    const struct category_in *in = call->in;
    if (in->name != NULL) {
        const char *dflt = call->services->settings->default_locale;
        struct names names = {call, OK};
        const struct json *name = NULL;
        TRY(json_parse(call->ctx, in->name, strlen(in->name), &name));
        json_each(name, check_name, &names);
        TRY(names.result);
        if (json_get(name, dflt) == NULL) {
            return fail_field(call->ctx, "name", CODE_VALIDATION_ERROR, "needs the locale %s",
                dflt);
        }
    }
    return input_patch(call->ctx, shape, in, out);
}

const char *faq_input_pattern(struct call *call, const char *q)
{
    const size_t len = strlen(q);
    char *out = arena_alloc(call->ctx->arena, 2 * len + 3);
    size_t at = 0;
    out[at++] = '%';
    for (const char *c = q; *c != '\0'; c++) {
        if (*c == '%' || *c == '_' || *c == '\\') {
            out[at++] = '\\';
        }
        out[at++] = *c;
    }
    out[at] = '%';
    return out;
}

err faq_input_reply(struct call *call, int64_t id)
{
    struct faq_admin *out = call->out;
    TRY(faq_admin_get(call->ctx, call->services->db, call->services->embedder, id, out));
    call->version = out->version;
    return OK;
}

err faq_input_reply_job(struct call *call, int64_t job)
{
    const struct faq_job out = {job};
    struct buf buf;
    buf_init(&buf, call->ctx->arena, 64, 256);
    field_encode(&buf, &faq_job_shape, &out);
    call->status = 202;
    call->raw_type = "application/json";
    return buf_finish(call->ctx, &buf, &call->raw, &call->raw_len);
}
