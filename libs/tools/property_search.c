/* tools/property_search.c - listings that fit. */
#include "tools/property_search.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/services.h"
#include "core/settings.h"
#include "properties/filters.h"
#include "properties/finder.h"
#include "tools/clean.h"
#include "tools/finding.h"
#include "tools/listing.h"
#include "tools/tools.h"

#define ARGUMENTS_MAX_BYTES 65536
#define ABOUT_POINTS 160 /* of a description, told to a model */

static const char *const sort_choices[] = {"-published_at", "price", "-price", NULL};

static const struct field property_search_in_fields[] = {
    FIELD_ENUM(struct property_search_in, listing_type, "Kind of offer",
        .choices = property_listing_types),
    FIELD_STRS(struct property_search_in, property_type,
        "Any of these kinds of property, such as villa, condo, house, apartment, land", .min = 1,
        .max = 20),
    FIELD_I64(struct property_search_in, bedrooms_min, "Bedrooms at least", .min = 0, .max = 1000),
    FIELD_I64(struct property_search_in, bedrooms_max, "Bedrooms at most", .min = 0, .max = 1000),
    FIELD_F64(struct property_search_in, bathrooms_min, "Bathrooms at least", .min = 0,
        .max = 1000),
    FIELD_I64(struct property_search_in, guests, "Room for so many guests", .min = 1, .max = 1000),
    FIELD_STR(struct property_search_in, province, "Province, in English", .min = 1, .max = 100),
    FIELD_STRS(struct property_search_in, city, "Any of these cities or islands, in English",
        .min = 1, .max = 20),
    FIELD_STR(struct property_search_in, district, "District, in English", .min = 1, .max = 100),
    FIELD_STRS(struct property_search_in, amenities,
        "All of these amenities, such as private_pool, sea_view, beachfront, wifi, parking, gym",
        .min = 1, .max = 30),
    FIELD_STRS(struct property_search_in, any_amenities,
        "Any of these amenities; for a pool private_pool and shared_pool", .min = 1, .max = 30),
    FIELD_I64(struct property_search_in, price_min, "Price at least, in currency", .min = 0,
        .max = INT64_MAX / 1000, .unit = "minor units"),
    FIELD_I64(struct property_search_in, price_max, "Price at most, in currency", .min = 0,
        .max = INT64_MAX / 1000, .unit = "minor units"),
    FIELD_STR(struct property_search_in, currency, "ISO 4217 code of the price bounds", .min = 3,
        .max = 3),
    FIELD_ENUM(struct property_search_in, tenure, "Ownership", .choices = property_tenures),
    FIELD_F64(struct property_search_in, cap_rate_min, "Capitalisation rate at least", .min = -100,
        .max = 100, .unit = "%"),
    FIELD_STRS(struct property_search_in, ids, "Only these listings, by id", .min = 1, .max = 8,
        .check = property_filter_is_id, .check_text = "must be ids"),
    FIELD_STR(struct property_search_in, q,
        "What no filter says, in a few words: \"quiet garden\"; leave it out when the filters say "
        "all",
        .min = 1, .max = PROPERTY_SEARCH_WORDS_MAX),
    FIELD_ENUM(struct property_search_in, sort, "Order, when there is no q",
        .choices = sort_choices, .dflt_text = "-published_at"),
    FIELD_I64(struct property_search_in, limit, "Listings at most", .min = 1, .max = 8, .dflt = 5),
};
#define ROWS (sizeof(property_search_in_fields) / sizeof(property_search_in_fields[0]))
#define ROWS_WITHOUT_FILTERS 3 /* the last ones */

const struct shape property_search_in_shape = {
    .name = "property_search",
    .size = sizeof(struct property_search_in),
    .fields = property_search_in_fields,
    .count = ROWS,
    .has_set = true,
    .set_offset = offsetof(struct property_search_in, has),
};
const struct shape property_search_filters_shape = {
    .name = "property_search_filters",
    .size = sizeof(struct property_search_in),
    .fields = property_search_in_fields,
    .count = ROWS - ROWS_WITHOUT_FILTERS,
    .has_set = true,
    .set_offset = offsetof(struct property_search_in, has),
};

/* As a model gets it. */
struct listing {
    int64_t id;
    const char *title, *facts, *about;
    struct strs amenities;
};
static const struct field listing_fields[] = {
    FIELD_I64(struct listing, id, "Id"),
    FIELD_STR(struct listing, title, "Title"),
    FIELD_STR(struct listing, facts, "Title, price, rooms, place"),
    FIELD_STR(struct listing, about, "Beginning of the description"),
    FIELD_STRS(struct listing, amenities, "Amenities"),
};

/* ---- what fits ---- */

/* Through the same rows as the parameters of the route: what it would refuse is refused here. */
static err read_filters(struct ctx *ctx, const struct chat_asker *asker,
    const struct property_search_in *in, struct property_search *out)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 256, ARGUMENTS_MAX_BYTES);
    field_encode_present(&buf, &property_search_filters_shape, in);
    const char *text = NULL;
    size_t len = 0;
    const struct json *json = NULL;
    struct property_filters filters = {0};
    TRY(buf_finish(ctx, &buf, &text, &len));
    TRY(json_parse(ctx, text, len, &json));
    TRY(field_decode(ctx, &property_filters_shape, json, &filters));
    const struct property_rules rules = {
        .settings = asker->services->settings, .locale = asker->locale, .staff = asker->staff};
    TRY(property_filters_read(ctx, asker->services->db, &rules, &filters, out));
    if (out->view.currency == NULL) {
        out->view.currency = asker->currency;
    }
    return OK;
}

/* What was found, before it is shown. */
struct found {
    struct list summaries; /* of struct property_summary */
    double *scores;        /* of each */
    int64_t total;
    bool loose; /* none has all the words; or they found nothing, so these fit the filters only */
};

static err search_words(struct ctx *ctx, const struct chat_asker *asker,
    const struct property_search_in *in, const struct property_search *search, struct found *out)
{
    const struct finder_query query = {
        .db = asker->services->db,
        .text = in->q,
        .filters = property_filters_json(ctx, search),
        .mode = finder_modes[0],
        .limit = in->limit,
        .view = search->view,
    };
    struct finder_result result = {0};
    TRY(finder_search(ctx, asker->services->finder, &query, &result));
    const struct property_hit *hits = result.data.items;
    struct property_summary *rows =
        ARENA_ARRAY(ctx->arena, struct property_summary, (size_t)result.data.count + 1);
    out->scores = ARENA_ARRAY(ctx->arena, double, (size_t)result.data.count + 1);
    out->loose = result.data.count > 0;
    for (int64_t i = 0; i < result.data.count; i++) {
        rows[i] = hits[i].summary;
        out->scores[i] = hits[i].score;
        out->loose = out->loose && !hits[i].strict;
    }
    out->summaries = (struct list){rows, result.data.count};
    out->total = result.has_more ? 0 : result.data.count;
    return OK;
}

/* All that fit are equally good. */
static err list_filtered(struct ctx *ctx, const struct chat_asker *asker,
    const struct property_search_in *in, const struct property_search *search, struct found *out)
{
    struct db *db = asker->services->db;
    const struct property_query query = {
        .filters = property_filters_json(ctx, search),
        .sort = in->sort,
        .limit = in->limit,
    };
    TRY(properties_list(ctx, db, &query, &search->view, &out->summaries));
    TRY(properties_count(ctx, db, query.filters, /* exact */ true, &out->total));
    out->scores = ARENA_ARRAY(ctx->arena, double, (size_t)out->summaries.count + 1);
    for (int64_t i = 0; i < out->summaries.count; i++) {
        out->scores[i] = 1;
    }
    return OK;
}

/* Words that find nothing in a place that is known are no reason to show nothing of that place. */
static err find(struct ctx *ctx, const struct chat_asker *asker,
    const struct property_search_in *in, struct found *out)
{
    struct property_search search = {0};
    TRY(read_filters(ctx, asker, in, &search));
    if (in->q == NULL) {
        return list_filtered(ctx, asker, in, &search, out);
    }
    if (in->q[strspn(in->q, " \t\r\n\v\f")] == '\0') {
        return fail_field(ctx, "q", CODE_VALIDATION_ERROR, "must not be blank");
    }
    TRY(search_words(ctx, asker, in, &search, out));
    const bool placed = in->province != NULL || in->city.count > 0 || in->district != NULL;
    if (out->summaries.count > 0 || !placed) {
        return OK;
    }
    TRY(list_filtered(ctx, asker, in, &search, out));
    out->loose = out->summaries.count > 0;
    return OK;
}

/* ---- what is shown of it ---- */

static double score_of(const struct found *found, int64_t id)
{
    const struct property_summary *rows = found->summaries.items;
    for (int64_t i = 0; i < found->summaries.count; i++) {
        if (rows[i].id == id) {
            return found->scores[i];
        }
    }
    return 0;
}

static struct chat_source source_of(struct ctx *ctx, const struct chat_asker *asker,
    const struct property *property, double score)
{
    const char *site = asker->services->settings->site_url;
    return (struct chat_source){
        .has = {.present = ~UINT64_C(0)},
        .type = "property",
        .id = property->id,
        .title = clean_text(ctx->arena, property->title),
        .url = *site == '\0' ? NULL
                             : arena_printf(ctx->arena, "%s/properties/%s", site, property->slug),
        .snippet = clean_snippet(ctx->arena, property->description, CHAT_SNIPPET_POINTS),
        .score = score,
        .text = listing_line(ctx, property, asker->locale),
    };
}

/* Without its description if there is no room for it. */
static const char *listing_json(struct ctx *ctx, const struct property *property,
    const struct chat_source *source)
{
    struct listing listing = {
        .id = source->id,
        .title = clean_points(ctx->arena, source->title, CHAT_SNIPPET_POINTS),
        .facts = source->text,
        .about = clean_snippet(ctx->arena, property->description, ABOUT_POINTS),
        .amenities = property->amenities,
    };
    const char *json = "{}";
    if (!finding_item(ctx, SHAPE(listing), &listing, &json)) {
        listing.about = "";
        listing.amenities = (struct strs){0};
        (void)finding_item(ctx, SHAPE(listing), &listing,
            &json); /* a title and a line always fit */
    }
    return json;
}

static const char *note_of(const struct found *found)
{
    if (found->summaries.count == 0) {
        return "No listing fits this.";
    }
    return found->loose ? "No listing has all the words of q; these fit the filters." : NULL;
}

static err run(struct ctx *ctx, const struct chat_asker *asker, const void *in,
    struct chat_finding *out)
{
    struct found found = {0};
    struct list full = {0};
    const struct property_search_in *arguments = in;
    TRY(find(ctx, asker, arguments, &found));
    const struct property_view view = {
        .locale = asker->locale,
        .currency = arguments->currency != NULL ? arguments->currency : asker->currency,
        .staff = asker->staff,
    };
    if (found.summaries.count > 0) {
        TRY(properties_expand(ctx, asker->services->db, &found.summaries, &view, &full));
    }
    const struct property *rows = full.items;
    struct chat_source *sources =
        ARENA_ARRAY(ctx->arena, struct chat_source, (size_t)full.count + 1);
    struct finding_items items = {
        .json = ARENA_ARRAY(ctx->arena, const char *, (size_t)full.count + 1),
        .count = full.count,
        .total = found.total,
        .note = note_of(&found),
    };
    for (int64_t i = 0; i < full.count; i++) {
        sources[i] = source_of(ctx, asker, &rows[i], score_of(&found, rows[i].id));
        items.json[i] = listing_json(ctx, &rows[i], &sources[i]);
    }
    out->sources = (struct list){sources, full.count};
    out->total = found.total;
    out->loose = found.loose;
    return finding_write(ctx, &items, &out->json);
}

static bool is_on(const struct product_settings *settings)
{
    return settings->search;
}

const struct chat_tool tool_property_search = {
    .name = "property_search",
    .description =
        "Searches the product's own listings by kind, place, price, rooms and amenities. Prices "
        "and facts in an answer come from its results only. Bounds of prices are in minor units: "
        "1000000 are 10,000.00.",
    .arguments = &property_search_in_shape,
    .leads_on = true,
    .is_on = is_on,
    .infer = property_search_infer,
    .run = run,
};
