/* properties/shapes.c - what a property looks like: one description for rows, replies and the API document. */
#include <stddef.h>

#include "properties/shapes.h"

#include "properties/properties.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *const property_listing_types[] = {"short_stay", "sale", "lease", NULL};
const char *const property_statuses[] = {
    "draft", "active", "under_contract", "sold", "leased", "hold", "withdrawn", "archived", NULL};
const char *const property_periods[] = {"night", "month", "total", NULL};
const char *const property_policies[] = {"flexible", "moderate", "strict", NULL};
const char *const property_tenures[] = {"freehold", "leasehold", NULL};

static const struct field property_price_fields[] = {
    FIELD_I64(struct property_price, amount_minor, "Price", .unit = "minor units"),
    FIELD_STR(struct property_price, currency, "ISO 4217 code"),
    FIELD_ENUM(struct property_price, period, "What the price is for", .choices = property_periods),
};
static const struct field property_location_fields[] = {
    FIELD_F64(struct property_location, lat, "Latitude, WGS 84"),
    FIELD_F64(struct property_location, lng, "Longitude, WGS 84"),
    FIELD_BOOL(struct property_location, approximate, "Rounded to three decimals for the public"),
};
static const struct field property_address_fields[] = {
    FIELD_STR(struct property_address, district, "District", .nullable = true),
    FIELD_STR(struct property_address, city, "City", .nullable = true),
    FIELD_STR(struct property_address, province, "Province", .nullable = true),
    FIELD_STR(struct property_address, country, "ISO 3166 code"),
    FIELD_STR(struct property_address, postal_code, "Postal code", .nullable = true),
};

struct property_cover {
    const char *url, *alt;
    int64_t width, height;
};
static const struct field property_cover_fields[] = {
    FIELD_STR(struct property_cover, url, "https address"),
    FIELD_STR(struct property_cover, alt, "What the picture shows", .nullable = true),
    FIELD_I64(struct property_cover, width, "Width", .nullable = true, .unit = "px"),
    FIELD_I64(struct property_cover, height, "Height", .nullable = true, .unit = "px"),
};

const struct shape property_price_shape = {
    .name = "property_price",
    .size = sizeof(struct property_price),
    .fields = property_price_fields,
    .count = COUNT(property_price_fields),
};
const struct shape property_location_shape = {
    .name = "property_location",
    .size = sizeof(struct property_location),
    .fields = property_location_fields,
    .count = COUNT(property_location_fields),
};
const struct shape property_cover_shape = {
    .name = "property_cover",
    .size = sizeof(struct property_cover),
    .fields = property_cover_fields,
    .count = COUNT(property_cover_fields),
};

static const struct field property_summary_fields[] = {PROPERTY_SUMMARY_FIELDS};
const struct shape property_summary_shape = {
    .name = "PropertySummary",
    .size = sizeof(struct property_summary),
    .fields = property_summary_fields,
    .count = COUNT(property_summary_fields),
    .has_set = true,
    .set_offset = offsetof(struct property_summary, has),
};

/* The row has one member more than clients see. */
static const struct field property_summary_row_fields[] = {
    PROPERTY_SUMMARY_FIELDS,
    FIELD_STR(struct property_summary, sort_key, "Sort key of the row"),
};
const struct shape property_summary_row_shape = {
    .name = "property_summary_row",
    .size = sizeof(struct property_summary),
    .fields = property_summary_row_fields,
    .count = COUNT(property_summary_row_fields),
    .has_set = true,
    .set_offset = offsetof(struct property_summary, has),
};

struct property_image {
    int64_t id;
    const char *url, *alt;
    int64_t order, width, height;
    bool cover;
};
static const struct field property_image_fields[] = {
    FIELD_I64(struct property_image, id, "Id"),
    FIELD_STR(struct property_image, url, "https address"),
    FIELD_STR(struct property_image, alt, "What the picture shows", .nullable = true),
    FIELD_I64(struct property_image, order, "Place in the list, from 0"),
    FIELD_I64(struct property_image, width, "Width", .nullable = true, .unit = "px"),
    FIELD_I64(struct property_image, height, "Height", .nullable = true, .unit = "px"),
    FIELD_BOOL(struct property_image, cover, "The first one"),
};
struct property_agent {
    int64_t id;
    const char *display_name;
};
static const struct field property_agent_fields[] = {
    FIELD_I64(struct property_agent, id, "Id of the user"),
    FIELD_STR(struct property_agent, display_name, "Name", .nullable = true),
};
struct price_converted {
    int64_t amount_minor;
    const char *currency, *period, *rate_date;
};
static const struct field price_converted_fields[] = {
    FIELD_I64(struct price_converted, amount_minor, "Price", .unit = "minor units"),
    FIELD_STR(struct price_converted, currency, "ISO 4217 code"),
    FIELD_ENUM(struct price_converted, period, "What the price is for",
        .choices = property_periods),
    FIELD_DATE(struct price_converted, rate_date, "Day of the exchange rate"),
};

static const struct field property_fields[] = {
    FIELD_I64(struct property, id, "Id"),
    FIELD_STR(struct property, slug, "Name in addresses"),
    FIELD_STR(struct property, title, "Title"),
    FIELD_STR(struct property, description, "Description"),
    FIELD_STR(struct property, locale,
        "Locale of title and description: the asked one or a fallback"),
    FIELD_STRS(struct property, available_locales, "Locales that have texts"),
    FIELD_ENUM(struct property, listing_type, "Kind of offer", .choices = property_listing_types),
    FIELD_STR(struct property, property_type, "Kind of property"),
    FIELD_STR(struct property, property_sub_type, "Finer kind", .nullable = true),
    FIELD_ENUM(struct property, status, "State of the listing", .choices = property_statuses),
    FIELD_I64(struct property, bedrooms_total, "Bedrooms", .nullable = true),
    FIELD_F64(struct property, bathrooms_total, "Bathrooms", .nullable = true),
    FIELD_I64(struct property, max_guests, "Guests at most", .nullable = true),
    FIELD_F64(struct property, living_area_m2, "Living area", .nullable = true, .unit = "m2"),
    FIELD_F64(struct property, lot_size_m2, "Land", .nullable = true, .unit = "m2"),
    FIELD_I64(struct property, year_built, "Year built", .nullable = true),
    FIELD_BOOL(struct property, furnished, "Furnished", .nullable = true),
    FIELD_OBJ(struct property, price, property_price, "Price", .shape = SHAPE(property_price)),
    FIELD_JSON(struct property, price_converted, "Price in the asked currency", .nullable = true,
        .omit = true, .shape = SHAPE(price_converted)),
    FIELD_OBJ(struct property, address, property_address, "Address",
        .shape = SHAPE(property_address)),
    FIELD_OBJ(struct property, location, property_location, "Where it is", .nullable = true,
        .shape = SHAPE(property_location)),
    FIELD_STRS(struct property, amenities, "What it offers"),
    FIELD_JSON(struct property, images, "Pictures in order", .list = true,
        .shape = SHAPE(property_image)),
    FIELD_JSON(struct property, stay_rules, "Check-in and check-out, nights, pets"),
    FIELD_ENUM(struct property, cancellation_policy, "Cancellation policy",
        .choices = property_policies),
    FIELD_JSON(struct property, financials, "Income, costs, title and tenure"),
    FIELD_JSON(struct property, attributes, "Anything else"),
    FIELD_JSON(struct property, agent, "Who looks after it", .nullable = true,
        .shape = SHAPE(property_agent)),
    FIELD_I64(struct property, version, "Counts on with every change"),
    FIELD_TIME(struct property, published_at, "First published", .nullable = true),
    FIELD_TIME(struct property, created_at, "Created"),
    FIELD_TIME(struct property, updated_at, "Last change"),
};
const struct shape property_shape = {
    .name = "Property",
    .size = sizeof(struct property),
    .fields = property_fields,
    .count = COUNT(property_fields),
    .has_set = true,
    .set_offset = offsetof(struct property, has),
};

static const struct field property_facets_fields[] = {
    FIELD_I64(struct property_facets, total, "Listings that fit"),
    FIELD_JSON(struct property_facets, property_type, "Counts {value, count}", .list = true),
    FIELD_JSON(struct property_facets, property_sub_type, "Counts {value, count}", .list = true),
    FIELD_JSON(struct property_facets, city, "Counts {value, count}", .list = true),
    FIELD_JSON(struct property_facets, bedrooms, "Counts {value, count}", .list = true),
    FIELD_JSON(struct property_facets, amenities, "The 30 most frequent {value, count}",
        .list = true),
    FIELD_JSON(struct property_facets, price,
        "In the base currency: min_minor, max_minor and a histogram of ten equal steps"),
};
const struct shape property_facets_shape = {
    .name = "PropertyFacets",
    .size = sizeof(struct property_facets),
    .fields = property_facets_fields,
    .count = COUNT(property_facets_fields),
};

static const struct field property_price_change_fields[] = {
    FIELD_OBJ(struct property_price_change, price, property_price, "Price since then",
        .shape = SHAPE(property_price)),
    FIELD_TIME(struct property_price_change, changed_at, "When it changed"),
};
const struct shape property_price_change_shape = {
    .name = "PropertyPriceChange",
    .size = sizeof(struct property_price_change),
    .fields = property_price_change_fields,
    .count = COUNT(property_price_change_fields),
};
