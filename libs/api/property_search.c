/* api/property_search.c - listings by meaning and words, and listings like another. */
#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "api/property_filters.h"
#include "core/codes.h"
#include "core/services.h"
#include "http/call.h"
#include "properties/finder.h"

struct property_search_query {
    PROPERTY_FILTER_MEMBERS;
    const char *q, *mode;
    int64_t limit;
    bool explain;
};
static const struct field property_search_query_fields[] = {
    PROPERTY_FILTER_FIELDS(struct property_search_query),
    FIELD_STR(struct property_search_query, q, "What to look for", .required = true, .min = 1,
        .max = 300),
    FIELD_ENUM(struct property_search_query, mode, "What to search with", .choices = finder_modes,
        .dflt_text = "hybrid"),
    FIELD_I64(struct property_search_query, limit, "Listings at most", .min = 1, .max = 50,
        .dflt = 20),
    FIELD_BOOL(struct property_search_query, explain,
        "Administrators only: all candidates and their scores"),
};

static err search(struct call *call)
{
    const struct property_search_query *in = call->query;
    struct property_search filters = {0};
    TRY(call_property_filters(call, call->query, &filters));
    if (input_is_blank(in->q)) {
        return fail_field(call->ctx, "q", CODE_VALIDATION_ERROR, "must not be blank");
    }
    if (in->explain && !role_includes(call->principal.role, ROLE_ADMIN)) {
        return fail_public(call->ctx, ERR_FORBIDDEN, /* name */ NULL, "Admin access required");
    }
    if (in->locale == NULL) {
        filters.view.locale = input_guess_locale(call, in->q);
    }
    const struct finder_query query = {
        .db = call_property_reads(call),
        .text = in->q,
        .filters = property_filters_json(call->ctx, &filters),
        .mode = in->mode,
        .limit = in->limit,
        .explain = in->explain,
        .view = filters.view,
    };
    return finder_search(call->ctx, call->services->finder, &query, call->out);
}

struct similar_query {
    const char *locale;
    int64_t limit;
};
static const struct field similar_query_fields[] = {
    FIELD_STR(struct similar_query, locale, "Locale of texts", .max = 8),
    FIELD_I64(struct similar_query, limit, "Listings at most", .min = 1, .max = FINDER_SIMILAR_MAX,
        .dflt = FINDER_SIMILAR_MAX),
};

static err similar(struct call *call)
{
    const struct id_params *params = call->params;
    const struct similar_query *in = call->query;
    struct finder_like like = {
        .db = call_property_reads(call), .id = params->id, .limit = in->limit};
    TRY(call_property_view(call, in->locale, /* currency */ NULL, &like.view));
    return finder_similar(call->ctx, call->services->finder, &like, &call->page.items);
}

#define SEARCH_ROW                                                                                 \
    .tag = "Properties", .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT, .feature = FEATURE_SEARCH

const struct http_route property_search_routes[] = {
    {GET("/properties/search"), SEARCH_ROW, .summary = "Listings by meaning and by words",
        .description =
            "The filters are those of the list. Without `locale`, titles are in the language "
            "of the query, as far as its letters tell.",
        .query = SHAPE_SET(property_search_query), .out = &finder_result_shape, .run = search},
    {GET("/properties/{id}/similar"), SEARCH_ROW, .summary = "Active listings most like this one",
        .params = &id_params_shape, .query = SHAPE(similar_query), .page = true,
        .out = &property_similar_shape, .errors = {ERR_NOT_FOUND}, .run = similar},
    {0},
};
