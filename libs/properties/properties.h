/* properties/properties.h - listings: found, read, written. Never sees HTTP.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef PROPERTIES_PROPERTIES_H
#define PROPERTIES_PROPERTIES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;

struct property_price {
    int64_t amount_minor;
    const char *currency, *period;
};
struct property_location {
    double lat, lng;
    bool approximate;
};
struct property_address {
    const char *district, *city, *province, *country, *postal_code;
};

struct property_summary {
    struct field_set has;
    int64_t id;
    const char *slug, *title, *listing_type, *property_type, *property_sub_type, *status;
    struct property_price price;
    const char *district, *city, *province, *country;
    struct property_location location;
    int64_t bedrooms_total;
    double bathrooms_total;
    int64_t max_guests;
    double living_area_m2, lot_size_m2, cap_rate_pct;
    const char *cover; /* JSON */
    int64_t published_at;
    double distance_km;
    const char *sort_key; /* of the page's order; not shown */
};
extern const struct shape property_summary_shape; /* what clients see */

struct property {
    struct field_set has;
    int64_t id;
    const char *slug, *title, *description, *locale;
    struct strs available_locales;
    const char *listing_type, *property_type, *property_sub_type, *status;
    int64_t bedrooms_total;
    double bathrooms_total;
    int64_t max_guests;
    double living_area_m2, lot_size_m2;
    int64_t year_built;
    bool furnished;
    struct property_price price;
    const char *price_converted; /* JSON */
    struct property_address address;
    struct property_location location;
    struct strs amenities;
    const char *images, *stay_rules, *cancellation_policy, *financials, *attributes,
        *agent; /* JSON but the policy */
    int64_t version;
    int64_t published_at, created_at, updated_at;
};
extern const struct shape property_shape;

extern const char *const property_listing_types[];
extern const char *const property_statuses[];
extern const char *const property_periods[];
extern const char *const property_policies[];
extern const char *const property_tenures[];

/* Who looks: staff sees every status and exact coordinates. */
struct property_view {
    const char *locale;
    const char *currency; /* also convert prices to it; NULL = no */
    bool staff;
};

/* slug NULL: by id. ERR_NOT_FOUND "Property not found". */
err properties_get(struct ctx *ctx, struct db *db, int64_t id, const char *slug,
    const struct property_view *view, struct property *out);

/* The property as the public sees it, as finished JSON: rendered once per version and locale. */
err properties_get_document(struct ctx *ctx, struct db *db, int64_t id, const char *locale,
    const char **out_body, int64_t *out_version);

/* filters: JSON object for properties_filtered (migrations), NULL = public and unfiltered except for listing_type,
 * which has an index of its own. sort is one of property_sorts. */
struct property_query {
    const char *filters;
    const char *listing_type;
    const char *sort;
    const char *after_value; /* sort_key of the last row; NULL = first page */
    int64_t after_id;
    int64_t limit; /* rows read; ask for one more than shown */
};
extern const char *const property_sorts[];
err properties_list(struct ctx *ctx, struct db *db, const struct property_query *query,
    const struct property_view *view, struct list *out);
/* Full properties for summaries, in their order. */
err properties_expand(struct ctx *ctx, struct db *db, const struct list *summaries,
    const struct property_view *view, struct list *out);
err properties_count(struct ctx *ctx, struct db *db, const char *filters, bool exact, int64_t *out);

struct property_facets {
    int64_t total;
    const char *property_type, *property_sub_type, *city, *bedrooms, *amenities, *price; /* JSON */
};
extern const struct shape property_facets_shape;
err properties_facets(struct ctx *ctx, struct db *db, const char *filters,
    struct property_facets *out);

struct property_price_change {
    struct property_price price;
    int64_t changed_at;
};
extern const struct shape property_price_change_shape;
err properties_price_history(struct ctx *ctx, struct db *db, int64_t id, bool staff,
    struct list *out);

/* Money in another currency by the latest rate. ERR_INVALID when there is no rate. */
err properties_convert(struct ctx *ctx, struct db *db, int64_t amount_minor, const char *from,
    const char *to, int64_t *out);

#endif
