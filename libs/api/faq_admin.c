/* api/faq_admin.c - the FAQ as its editors see it: entries, categories, vectors. */
#include "faq/admin.h"

#include <string.h>

#include "api/api.h"
#include "api/faq_input.h"
#include "api/input.h"
#include "core/arena.h"
#include "core/services.h"
#include "core/settings.h"
#include "faq/background.h"
#include "faq/faq.h"
#include "http/call.h"

#define LIST_SORT "-updated_at" /* the one order there is */

/* ---- entries ---- */

struct faq_admin_query {
    const char *status, *locale, *category, *q;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field faq_admin_query_fields[] = {
    FIELD_ENUM(struct faq_admin_query, status, "Only these", .choices = faq_statuses),
    FIELD_STR(struct faq_admin_query, locale, "Only this locale", .max = 8),
    FIELD_STR(struct faq_admin_query, category, "Only this category (slug)", .max = 60),
    FIELD_STR(struct faq_admin_query, q, "Part of question, variants or answer", .min = 1,
        .max = 200),
    PAGE_QUERY_FIELDS(struct faq_admin_query),
};

static err list(struct call *call)
{
    const struct faq_admin_query *in = call->query;
    struct cursor after = {0};
    TRY(cursor_read(call, in->cursor, LIST_SORT, &after));
    const struct faq_admin_filter filter = {
        .status = in->status,
        .locale = in->locale,
        .category = in->category,
        .q = in->q == NULL ? NULL : faq_input_pattern(call, in->q),
        .after_value = after.value,
        .after_id = after.id,
        .limit = in->limit + 1,
    };
    struct page *page = &call->page;
    TRY(faq_admin_list(call->ctx, call->services->db, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct faq_admin *rows = page->items.items;
        const struct faq_admin *last = &rows[page->items.count - 1];
        const struct cursor next = {last->sort_key, last->id};
        page->next_cursor = cursor_write(call, LIST_SORT, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(faq_admin_count(call->ctx, call->services->db, &filter, &page->total));
    }
    return OK;
}

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    return faq_input_reply(call, params->id);
}

static err create(struct call *call)
{
    struct faq_in in = *(const struct faq_in *)call->in;
    const struct faq_actor actor = faq_input_actor(call);
    const char *columns = NULL;
    int64_t id = 0;
    int64_t faq_version = 0;
    if (in.locale == NULL) {
        in.locale = call->services->settings->default_locale;
        in.has.present |= FAQ_IN_LOCALE_BIT;
    }
    TRY(faq_input_columns(call, &faq_create_shape, &in, &columns));
    TRY(faq_create(call->ctx, call->services->db, &actor, columns, &id, &faq_version));
    faq_changed(call->services->faq, faq_version);
    call->location = arena_printf(call->ctx->arena, "%s/%lld", call->path, (long long)id);
    return faq_input_reply(call, id);
}

static err update(struct call *call)
{
    const struct id_params *params = call->params;
    struct faq_in in = *(const struct faq_in *)call->in;
    const struct faq_actor actor = faq_input_actor(call);
    struct faq_change change = {.id = params->id, .if_version = call->if_match};
    int64_t faq_version = 0;
    TRY(faq_input_columns(call, &faq_patch_shape, &in, &change.columns));
    TRY(faq_change(call->ctx, call->services->db, &actor, &change, &faq_version));
    faq_changed(call->services->faq, faq_version);
    return faq_input_reply(call, params->id);
}

static err archive(struct call *call)
{
    const struct id_params *params = call->params;
    const struct faq_actor actor = faq_input_actor(call);
    const struct faq_change which = {.id = params->id, .if_version = call->if_match};
    int64_t faq_version = 0;
    TRY(faq_archive(call->ctx, call->services->db, &actor, &which, &faq_version));
    if (faq_version != 0) {
        faq_changed(call->services->faq, faq_version);
    }
    return OK;
}

/* ---- categories ---- */

static err reply_category(struct call *call, int64_t id)
{
    struct faq_category_row *out = call->out;
    TRY(faq_category_get(call->ctx, call->services->db, id, out));
    call->version = out->version;
    return OK;
}

static err create_category(struct call *call)
{
    const struct faq_actor actor = faq_input_actor(call);
    const char *columns = NULL;
    int64_t id = 0;
    int64_t faq_version = 0;
    TRY(faq_input_category(call, &faq_category_create_shape, &columns));
    TRY(faq_category_create(call->ctx, call->services->db, &actor, columns, &id, &faq_version));
    faq_changed(call->services->faq, faq_version);
    return reply_category(call, id);
}

static err update_category(struct call *call)
{
    const struct id_params *params = call->params;
    const struct faq_actor actor = faq_input_actor(call);
    struct faq_change change = {.id = params->id, .if_version = call->if_match};
    int64_t faq_version = 0;
    TRY(faq_input_category(call, &faq_category_patch_shape, &change.columns));
    TRY(faq_category_change(call->ctx, call->services->db, &actor, &change, &faq_version));
    faq_changed(call->services->faq, faq_version);
    return reply_category(call, params->id);
}

static err delete_category(struct call *call)
{
    const struct id_params *params = call->params;
    const struct faq_actor actor = faq_input_actor(call);
    const struct faq_change which = {.id = params->id, .if_version = call->if_match};
    int64_t faq_version = 0;
    TRY(faq_category_delete(call->ctx, call->services->db, &actor, &which, &faq_version));
    faq_changed(call->services->faq, faq_version);
    return OK;
}

/* ---- vectors ---- */

static const char *const only_choices[] = {"stale", "all", NULL};

struct faq_reindex_in {
    const char *model, *only;
};
static const struct field faq_reindex_in_fields[] = {
    FIELD_STR(struct faq_reindex_in, model, "Model to search with; the configured one if absent",
        .min = 1, .max = 100),
    FIELD_ENUM(struct faq_reindex_in, only,
        "stale: what has no vector of it that fits; all: afresh", .choices = only_choices,
        .dflt_text = "stale"),
};

static err reindex(struct call *call)
{
    const struct faq_reindex_in *in = call->in;
    const struct services *services = call->services;
    const struct faq_actor actor = faq_input_actor(call);
    const struct faq_reindex what = {
        .embedder = services->embedder,
        .model = in->model,
        .all = strcmp(in->only, "all") == 0,
    };
    struct faq_job *out = call->out;
    return faq_reindex_start(call->ctx, services->db, &actor, &what, &out->job_id);
}

#define FAQ_ROW                                                                                    \
    .tag = "FAQ administration", .auth = AUTH_USER, .role = ROLE_ADMIN, .rate = RATE_DEFAULT,      \
    .feature = FEATURE_FAQ
#define ONE_ROW .params = &id_params_shape, .versioned = true

const struct http_route faq_admin_routes[] = {
    {GET("/admin/faq"), FAQ_ROW, .summary = "Entries in any state, last changed first",
        .query = SHAPE(faq_admin_query), .page = true, .out = &faq_admin_list_shape, .run = list},
    {POST("/admin/faq"), FAQ_ROW, .summary = "A new entry",
        .description = "Its vectors follow in a background job; words find it at once.",
        .idempotent = true, .versioned = true, .in = &faq_create_shape, .out = &faq_admin_shape,
        .status = 201, .errors = {ERR_CONFLICT}, .run = create},
    {GET("/admin/faq/{id}"), FAQ_ROW, ONE_ROW, .summary = "One entry with its versions",
        .out = &faq_admin_shape, .errors = {ERR_NOT_FOUND}, .run = get},
    {PATCH("/admin/faq/{id}"), FAQ_ROW, ONE_ROW, .summary = "Change an entry",
        .description = "A JSON merge patch. The next search sees it.", .in = &faq_patch_shape,
        .out = &faq_admin_shape, .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION},
        .run = update},
    {DELETE("/admin/faq/{id}"), FAQ_ROW, ONE_ROW, .summary = "Archive an entry",
        .errors = {ERR_NOT_FOUND, ERR_PRECONDITION}, .run = archive},
    {POST("/admin/faq/categories"), FAQ_ROW, .summary = "A new category", .idempotent = true,
        .versioned = true, .in = &faq_category_create_shape, .out = &faq_category_row_shape,
        .status = 201, .errors = {ERR_CONFLICT}, .run = create_category},
    {PATCH("/admin/faq/categories/{id}"), FAQ_ROW, ONE_ROW, .summary = "Change a category",
        .description = "A JSON merge patch; name is replaced as a whole.",
        .in = &faq_category_patch_shape, .out = &faq_category_row_shape,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION}, .run = update_category},
    {DELETE("/admin/faq/categories/{id}"), FAQ_ROW, ONE_ROW,
        .summary = "Delete a category that no entry is in",
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION}, .run = delete_category},
    {POST("/admin/faq/reindex"), FAQ_ROW, .summary = "Make the vectors of a model and use them",
        .description = "In a background job, for entries and properties. Searches go on with the "
                       "present model until all vectors of the new one are there.",
        .idempotent = true, .in = SHAPE(faq_reindex_in), .out = &faq_job_shape, .status = 202,
        .errors = {ERR_CONFLICT}, .run = reindex},
    {0},
};
