/* api/properties.c - listings. */
#include "properties/properties.h"

#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "api/property_filters.h"
#include "api/property_input.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"
#include "properties/change.h"

/* ---- reading ---- */

static const char *const fields_choices[] = {"summary", "full", NULL};

struct properties_query {
    PROPERTY_FILTER_MEMBERS;
    const char *sort, *fields;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field properties_query_fields[] = {
    PROPERTY_FILTER_FIELDS(struct properties_query),
    FIELD_ENUM(struct properties_query, sort, "Order; distance needs near",
        .choices = property_sorts, .dflt_text = "-published_at"),
    FIELD_ENUM(struct properties_query, fields, "How much of each listing",
        .choices = fields_choices, .dflt_text = "summary"),
    PAGE_QUERY_FIELDS(struct properties_query),
};

static err count_all(struct call *call, const char *count, const struct property_search *search)
{
    if (count == NULL) {
        return OK;
    }
    call->page.has_total = true;
    return properties_count(call->ctx, call_property_reads(call),
        property_filters_json(call->ctx, search), strcmp(count, "exact") == 0, &call->page.total);
}

static err show_full(struct call *call, const struct property_view *view)
{
    struct list full = {0};
    TRY(properties_expand(call->ctx, call_property_reads(call), &call->page.items, view, &full));
    call->page.items = full;
    call->page.shape = &property_shape;
    return OK;
}

/* A plain search is served by the newest-first index; any other order goes through the filters. */
static err prepare_order(struct call *call, const char *sort, struct property_search *search)
{
    if (strcmp(sort, "distance") == 0 && !search->has_near) {
        return fail_field(call->ctx, "sort", CODE_VALIDATION_ERROR, "distance needs near");
    }
    if (strcmp(sort, "-published_at") != 0) {
        search->filters = property_filters_json(call->ctx, search);
    }
    return OK;
}

static err list(struct call *call)
{
    const struct properties_query *in = call->query;
    struct property_search search = {0};
    struct cursor after = {0};
    TRY(call_property_filters(call, call->query, &search));
    TRY(prepare_order(call, in->sort, &search));
    TRY(cursor_read(call, in->cursor, in->sort, &after));
    const struct property_query query = {
        .filters = search.filters,
        .listing_type = search.listing_type,
        .sort = in->sort,
        .after_value = after.value,
        .after_id = after.id,
        .limit = in->limit + 1,
    };
    struct page *page = &call->page;
    TRY(properties_list(call->ctx, call_property_reads(call), &query, &search.view, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct property_summary *rows = page->items.items;
        const struct property_summary *last = &rows[page->items.count - 1];
        const struct cursor next = {last->sort_key, last->id};
        page->next_cursor = cursor_write(call, in->sort, &next);
    }
    TRY(count_all(call, in->count, &search));
    return strcmp(in->fields, "full") == 0 ? show_full(call, &search.view) : OK;
}

static const struct field property_filters_fields[] = {
    PROPERTY_FILTER_FIELDS(struct property_filters)};

static err facets(struct call *call)
{
    struct property_search search = {0};
    TRY(call_property_filters(call, call->query, &search));
    return properties_facets(call->ctx, call_property_reads(call),
        property_filters_json(call->ctx, &search), call->out);
}

struct property_params {
    const char *id;
};
static const struct field property_params_fields[] = {
    FIELD_STR(struct property_params, id, "Id or slug", .required = true, .max = 120),
};

struct property_query_in {
    const char *locale, *currency;
};
static const struct field property_query_in_fields[] = {
    FIELD_STR(struct property_query_in, locale, "Locale of texts", .max = 8),
    FIELD_STR(struct property_query_in, currency, "Also show the price in this currency", .min = 3,
        .max = 3),
};

/* An id is all digits; a slug never is. */
static int64_t read_id(const char *text)
{
    int64_t id = 0;
    const size_t len = strlen(text);
    if (len > 18 || strspn(text, "0123456789") != len) {
        return 0;
    }
    for (; *text != '\0'; text++) {
        id = id * 10 + (*text - '0');
    }
    return id;
}

static err get(struct call *call)
{
    const struct property_params *params = call->params;
    const struct property_query_in *in = call->query;
    const int64_t id = read_id(params->id);
    struct db *db = call_property_reads(call);
    struct property_view view;
    TRY(call_property_view(call, in->locale, in->currency, &view));
    call->cache_control =
        call->principal.role == ROLE_GUEST ? "public, max-age=60" : "private, no-cache";
    if (id != 0 && !view.staff && view.currency == NULL) {
        TRY(properties_get_document(call->ctx, db, id, view.locale, &call->raw, &call->version));
        call->raw_len = strlen(call->raw);
        call->raw_type = "application/json";
        return OK;
    }
    struct property *out = call->out;
    TRY(properties_get(call->ctx, db, id, id == 0 ? params->id : NULL, &view, out));
    call->version = out->version;
    return OK;
}

static err price_history(struct call *call)
{
    const struct id_params *params = call->params;
    const bool staff = role_includes(call->principal.role, ROLE_AGENT);
    return properties_price_history(call->ctx, call->services->db, params->id, staff,
        &call->page.items);
}

/* ---- writing ---- */

static struct property_actor actor_of(const struct call *call)
{
    return (struct property_actor){
        .user_id = call->principal.user_id,
        .admin = call->principal.role == ROLE_ADMIN,
        .request_id = call->ctx->request_id,
    };
}

/* Every write replies with the listing as its owner sees it. */
static err reply_property(struct call *call, int64_t id)
{
    const struct property_view view = {.locale = call->locale, .staff = true};
    struct property *out = call->out;
    TRY(properties_get(call->ctx, call->services->db, id, /* slug */ NULL, &view, out));
    call->version = out->version;
    return OK;
}

static err create(struct call *call)
{
    struct property_in in = *(const struct property_in *)call->in;
    const struct product_settings *settings = call->services->settings;
    if (in.slug == NULL) {
        in.slug = property_input_slug(call, in.title);
        in.has.present |= 1; /* the first row */
    }
    if (in.default_locale == NULL) {
        in.default_locale = settings->default_locale;
    }
    const char *columns = NULL;
    TRY(property_input_columns(call, &in, &columns));
    const struct property_draft draft = {
        .columns = columns,
        .locale = in.default_locale,
        .title = in.title,
        .description = in.description,
        .price_minor = in.price.amount_minor,
        .currency = in.price.currency,
        .base_currency = settings->base_currency,
    };
    const struct property_actor actor = actor_of(call);
    int64_t id = 0;
    TRY(properties_create(call->ctx, call->services->db, &actor, &draft, &id));
    call->location = arena_printf(call->ctx->arena, "%s/%lld", call->path, (long long)id);
    return reply_property(call, id);
}

static err update(struct call *call)
{
    const struct id_params *params = call->params;
    const struct property_in *in = call->in;
    if (in->has.present == 0) {
        return fail_field(call->ctx, "", CODE_VALIDATION_ERROR, "must name at least one member");
    }
    if (in->default_locale != NULL) {
        return fail_field(call->ctx, "default_locale", CODE_VALIDATION_ERROR, "cannot change");
    }
    const char *columns = NULL;
    TRY(property_input_columns(call, in, &columns));
    const bool has_amount = field_is_present(&in->price.has, 0);
    const struct property_change change = {
        .id = params->id,
        .if_version = call->if_match,
        .columns = columns,
        .title = in->title,
        .description = in->description,
        .activate = in->status != NULL && strcmp(in->status, "active") == 0,
        .has_price = has_amount || in->price.currency != NULL,
        .price_minor = has_amount ? in->price.amount_minor : -1,
        .currency = in->price.currency,
        .base_currency = call->services->settings->base_currency,
    };
    const struct property_actor actor = actor_of(call);
    TRY(properties_change(call->ctx, call->services->db, &actor, &change));
    return reply_property(call, params->id);
}

static err archive(struct call *call)
{
    const struct id_params *params = call->params;
    const struct property_actor actor = actor_of(call);
    return properties_archive(call->ctx, call->services->db, &actor, params->id, call->if_match);
}

static err put_images(struct call *call)
{
    const struct id_params *params = call->params;
    const struct property_actor actor = actor_of(call);
    const char *images = NULL;
    TRY(property_input_images(call, call->in, &images));
    TRY(properties_put_images(call->ctx, call->services->db, &actor, params->id, call->if_match,
        images));
    return reply_property(call, params->id);
}

struct text_params {
    int64_t id;
    const char *locale;
};
static const struct field text_params_fields[] = {
    FIELD_I64(struct text_params, id, "Id", .required = true, .min = 1, .max = INT64_MAX),
    FIELD_STR(struct text_params, locale, "Locale of the text", .required = true, .max = 8),
};

static err put_text(struct call *call)
{
    const struct text_params *params = call->params;
    const struct property_text_in *in = call->in;
    const struct property_actor actor = actor_of(call);
    TRY(settings_one_of(call->ctx, "locale", params->locale, &call->services->settings->locales));
    const struct property_draft text = {
        .locale = params->locale, .title = in->title, .description = in->description};
    TRY(properties_put_text(call->ctx, call->services->db, &actor, params->id, &text));
    return reply_property(call, params->id);
}

static err delete_text(struct call *call)
{
    const struct text_params *params = call->params;
    const struct property_actor actor = actor_of(call);
    return properties_delete_text(call->ctx, call->services->db, &actor, params->id,
        params->locale);
}

#define READ_ROW .tag = "Properties", .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT
#define WRITE_ROW .tag = "Properties", .auth = AUTH_USER, .role = ROLE_AGENT, .rate = RATE_DEFAULT
#define ONE_ROW .params = &id_params_shape, .versioned = true

const struct http_route properties_routes[] = {
    {GET("/properties"), READ_ROW, .summary = "Listings, page by page",
        .description =
            "Prices compare in the product's base currency. The public sees active listings only.",
        .query = SHAPE_SET(properties_query), .page = true, .out = &property_summary_shape,
        .run = list},
    {GET("/properties/facets"), READ_ROW, .feature = FEATURE_SEARCH,
        .summary = "Counts for the same filters", .query = SHAPE_SET(property_filters),
        .out = &property_facets_shape, .run = facets},
    {GET("/properties/{id}"), READ_ROW, .summary = "One listing", .params = SHAPE(property_params),
        .query = SHAPE(property_query_in), .versioned = true, .out = &property_shape,
        .errors = {ERR_NOT_FOUND}, .run = get},
    {GET("/properties/{id}/price-history"), READ_ROW, .summary = "Prices, newest first",
        .params = &id_params_shape, .page = true, .out = &property_price_change_shape,
        .errors = {ERR_NOT_FOUND}, .run = price_history},
    {POST("/properties"), WRITE_ROW, .summary = "A new draft", .idempotent = true,
        .versioned = true, .in = &property_create_shape, .out = &property_shape, .status = 201,
        .errors = {ERR_CONFLICT}, .run = create},
    {PATCH("/properties/{id}"), WRITE_ROW, ONE_ROW, .summary = "Change a listing",
        .description =
            "A JSON merge patch. An active listing needs title, price, location and an image.",
        .in = &property_patch_shape, .out = &property_shape,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION}, .run = update},
    {DELETE("/properties/{id}"), WRITE_ROW, ONE_ROW, .summary = "Archive a listing",
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION}, .run = archive},
    {PUT("/properties/{id}/images"), WRITE_ROW, ONE_ROW, .summary = "Replace all pictures",
        .in = &property_images_in_shape, .out = &property_shape,
        .errors = {ERR_NOT_FOUND, ERR_PRECONDITION}, .run = put_images},
    {PUT("/properties/{id}/texts/{locale}"), WRITE_ROW, .params = SHAPE(text_params),
        .summary = "Title and description in one locale", .in = &property_text_in_shape,
        .out = &property_shape, .errors = {ERR_NOT_FOUND}, .run = put_text},
    {DELETE("/properties/{id}/texts/{locale}"), WRITE_ROW, .params = SHAPE(text_params),
        .summary = "Remove the text of one locale", .errors = {ERR_NOT_FOUND, ERR_CONFLICT},
        .run = delete_text},
    {0},
};
