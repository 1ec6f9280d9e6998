/* properties/filters.h - the filters of lists, facets and searches: one check of them, for routes and chat tools alike.
 * Waits:  property_filters_read (Postgres, for price bounds in another currency).
 * Errors: those of db/db.h and what is named below. */
#ifndef PROPERTIES_FILTERS_H
#define PROPERTIES_FILTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "properties/properties.h"

struct ctx;
struct db;
struct product_settings;

/* A query struct starts with PROPERTY_FILTER_MEMBERS and its rows with PROPERTY_FILTER_FIELDS, in this order. */
#define PROPERTY_FILTER_MEMBERS                                                                    \
    struct field_set has;                                                                          \
    const char *listing_type;                                                                      \
    struct strs property_type, property_sub_type;                                                  \
    const char *status;                                                                            \
    int64_t bedrooms_min, bedrooms_max;                                                            \
    double bathrooms_min;                                                                          \
    int64_t guests;                                                                                \
    double living_area_min, living_area_max, lot_size_min, lot_size_max;                           \
    int64_t year_built_min;                                                                        \
    struct strs city;                                                                              \
    const char *province, *country, *district;                                                     \
    struct strs amenities, any_amenities;                                                          \
    double cap_rate_min;                                                                           \
    const char *tenure;                                                                            \
    struct strs ids;                                                                               \
    int64_t updated_since;                                                                         \
    const char *check_in, *check_out;                                                              \
    double radius_km;                                                                              \
    int64_t price_min, price_max;                                                                  \
    const char *currency, *bbox, *near, *locale

struct property_filters {
    PROPERTY_FILTER_MEMBERS;
};

extern const struct shape property_filters_shape;

bool property_filter_is_id(const char *text);

#define PROPERTY_FILTER_FIELDS(s)                                                                  \
    FIELD_ENUM(s, listing_type, "Kind of offer", .choices = property_listing_types),               \
        FIELD_STRS(s, property_type, "Any of these kinds of property", .min = 1, .max = 20),       \
        FIELD_STRS(s, property_sub_type, "Any of these finer kinds", .min = 1, .max = 20),         \
        FIELD_ENUM(s, status, "State of the listing; agents and admins only",                      \
            .choices = property_statuses),                                                         \
        FIELD_I64(s, bedrooms_min, "Bedrooms at least", .min = 0, .max = 1000),                    \
        FIELD_I64(s, bedrooms_max, "Bedrooms at most", .min = 0, .max = 1000),                     \
        FIELD_F64(s, bathrooms_min, "Bathrooms at least", .min = 0, .max = 1000),                  \
        FIELD_I64(s, guests, "Room for so many guests", .min = 1, .max = 1000),                    \
        FIELD_F64(s, living_area_min, "Living area at least", .min = 0, .max = 10000000,           \
            .unit = "m2"),                                                                         \
        FIELD_F64(s, living_area_max, "Living area at most", .min = 0, .max = 10000000,            \
            .unit = "m2"),                                                                         \
        FIELD_F64(s, lot_size_min, "Land at least", .min = 0, .max = 1000000000, .unit = "m2"),    \
        FIELD_F64(s, lot_size_max, "Land at most", .min = 0, .max = 1000000000, .unit = "m2"),     \
        FIELD_I64(s, year_built_min, "Built in this year or later", .min = 1700, .max = 2200),     \
        FIELD_STRS(s, city, "Any of these cities", .min = 1, .max = 20),                           \
        FIELD_STR(s, province, "Province", .min = 1, .max = 100),                                  \
        FIELD_STR(s, country, "ISO 3166 code", .min = 2, .max = 2),                                \
        FIELD_STR(s, district, "District", .min = 1, .max = 100),                                  \
        FIELD_STRS(s, amenities, "All of these amenities", .min = 1, .max = 30),                   \
        FIELD_STRS(s, any_amenities, "Any of these amenities", .min = 1, .max = 30),               \
        FIELD_F64(s, cap_rate_min, "Capitalisation rate at least", .min = -100, .max = 100,        \
            .unit = "%"),                                                                          \
        FIELD_ENUM(s, tenure, "Ownership", .choices = property_tenures),                           \
        FIELD_STRS(s, ids, "Only these ids", .min = 1, .max = 100, .check = property_filter_is_id, \
            .check_text = "must be ids"),                                                          \
        FIELD_TIME(s, updated_since, "Changed at or after"),                                       \
        FIELD_DATE(s, check_in, "Nights that are free: from this day; needs check_out"),           \
        FIELD_DATE(s, check_out, "To this one, on which the guest leaves"),                        \
        FIELD_F64(s, radius_km, "Around near", .min = 0, .max = 200, .unit = "km"),                \
        FIELD_I64(s, price_min, "Price at least, in currency", .min = 0, .max = INT64_MAX / 1000,  \
            .unit = "minor units"),                                                                \
        FIELD_I64(s, price_max, "Price at most, in currency", .min = 0, .max = INT64_MAX / 1000,   \
            .unit = "minor units"),                                                                \
        FIELD_STR(s, currency, "Of the price bounds; also converts shown prices", .min = 3,        \
            .max = 3),                                                                             \
        FIELD_STR(s, bbox, "Box: minLng,minLat,maxLng,maxLat", .max = 100),                        \
        FIELD_STR(s, near, "Point: lat,lng", .max = 50),                                           \
        FIELD_STR(s, locale, "Locale of texts", .max = 8)

/* What of the filters narrows the public's list. */
struct property_search {
    const char *filters; /* for properties_filtered; NULL = nothing but listing_type */
    const char *listing_type;
    bool has_near;
    struct property_view view;
};

/* What is allowed, and to whom. */
struct property_rules {
    const struct product_settings
        *settings;      /* locales, currencies and the one prices are compared in */
    const char *locale; /* of texts when none is named */
    bool staff;
};

/* in: a struct that begins as above. Errors: ERR_INVALID with the parameter, ERR_FORBIDDEN for status. */
err property_filters_read(struct ctx *ctx, struct db *db, const struct property_rules *rules,
    const struct property_filters *in, struct property_search *out);

/* The filters of it as JSON also when they are plain. */
const char *property_filters_json(struct ctx *ctx, const struct property_search *search);

/* Who looks, in which locale and currency. ERR_INVALID for those that the product does not offer. */
err property_view_read(struct ctx *ctx, const struct property_rules *rules, const char *locale,
    const char *currency, struct property_view *out);

#endif
