/* api/faq_files.c - the FAQ from and to files. */
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/faq_input.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "faq/import.h"
#include "http/call.h"

static const char *const import_types[] = {"text/csv", "application/json", NULL};
static const char *const format_choices[] = {"csv", "json", NULL};

struct faq_import_query {
    bool dry_run;
};
static const struct field faq_import_query_fields[] = {
    FIELD_BOOL(struct faq_import_query, dry_run,
        "Only say what would happen; false: do it in a background job", .dflt = true),
};

static bool is_type(const char *value, const char *type)
{
    return value != NULL && strncasecmp(value, type, strlen(type)) == 0;
}

static err import(struct call *call)
{
    const struct faq_import_query *query = call->query;
    const struct product_settings *settings = call->services->settings;
    const struct faq_source source = {
        .text = call->body,
        .len = call->body_len,
        .csv = is_type(call_header(call, "content-type"), "text/csv"),
        .locales = &settings->locales,
        .default_locale = settings->default_locale,
    };
    struct faq_import *read = NULL;
    TRY(faq_import_read(call->ctx, &source, &read));
    if (query->dry_run) {
        return faq_import_plan(call->ctx, call->services->db, read, call->out);
    }
    const struct faq_actor actor = faq_input_actor(call);
    int64_t job = 0;
    TRY(faq_import_start(call->ctx, call->services->db, &actor, read, &job));
    return faq_input_reply_job(call, job);
}

struct faq_export_query {
    const char *format, *locale, *category;
};
static const struct field faq_export_query_fields[] = {
    FIELD_ENUM(struct faq_export_query, format, "Instead of the Accept header",
        .choices = format_choices),
    FIELD_STR(struct faq_export_query, locale, "Only this locale", .max = 8),
    FIELD_STR(struct faq_export_query, category, "Only this category (slug)", .max = 60),
};

static err export(struct call *call)
{
    const struct faq_export_query *query = call->query;
    const bool csv = query->format != NULL ? strcmp(query->format, "csv") == 0
                                           : is_type(call_header(call, "accept"), "text/csv");
    const struct faq_export what = {csv, query->locale, query->category};
    call->raw_type = csv ? "text/csv; charset=utf-8" : "application/json";
    return faq_export(call->ctx, call->services->db, &what, &call->raw, &call->raw_len);
}

#define FILE_ROW                                                                                   \
    .tag = "FAQ administration", .auth = AUTH_USER, .role = ROLE_ADMIN, .rate = RATE_DEFAULT,      \
    .feature = FEATURE_FAQ

const struct http_route faq_files_routes[] = {
    {POST("/admin/faq/import"), FILE_ROW, .summary = "Many entries at once",
        .description =
            "CSV with a header, or a JSON list, of locale, category, question, answer, tags, "
            "variants, position, status. An entry with the same locale and question is updated. "
            "With dry_run=false all of it happens in one job, or nothing: 202 with its job_id.",
        .raw_in = true, .raw_types = import_types, .body_max_bytes = LIMIT_BODY_IMPORT_BYTES,
        .idempotent = true, .query = SHAPE(faq_import_query), .out = &faq_import_report_shape,
        .errors = {ERR_CONFLICT}, .run = import},
    {GET("/admin/faq/export"), FILE_ROW,
        .summary = "All entries but archived ones, as import takes them",
        .description = "CSV or JSON, by format or the Accept header.",
        .query = SHAPE(faq_export_query), .status = 200, .errors = {ERR_TOO_LARGE}, .run = export},
    {0},
};
