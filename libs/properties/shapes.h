/* properties/shapes.h - inside this library: rows of lists as the statements return them. */
#ifndef PROPERTIES_SHAPES_H
#define PROPERTIES_SHAPES_H

#include "core/field.h"
#include "properties/properties.h"

extern const struct shape property_price_shape, property_location_shape, property_cover_shape;
extern const struct shape property_summary_row_shape; /* property_summary_shape and the sort key */

/* The rows of a summary, for every shape that begins with one. */
#define PROPERTY_SUMMARY_FIELDS                                                                    \
    FIELD_I64(struct property_summary, id, "Id"),                                                  \
        FIELD_STR(struct property_summary, slug, "Name in addresses"),                             \
        FIELD_STR(struct property_summary, title, "Title in the asked locale or a fallback"),      \
        FIELD_ENUM(struct property_summary, listing_type, "Kind of offer",                         \
            .choices = property_listing_types),                                                    \
        FIELD_STR(struct property_summary, property_type, "Kind of property"),                     \
        FIELD_STR(struct property_summary, property_sub_type, "Finer kind", .nullable = true),     \
        FIELD_ENUM(struct property_summary, status, "State of the listing",                        \
            .choices = property_statuses),                                                         \
        FIELD_OBJ(struct property_summary, price, property_price, "Price",                         \
            .shape = &property_price_shape),                                                       \
        FIELD_STR(struct property_summary, district, "District", .nullable = true),                \
        FIELD_STR(struct property_summary, city, "City", .nullable = true),                        \
        FIELD_STR(struct property_summary, province, "Province", .nullable = true),                \
        FIELD_STR(struct property_summary, country, "ISO 3166 code"),                              \
        FIELD_OBJ(struct property_summary, location, property_location, "Where it is",             \
            .nullable = true, .shape = &property_location_shape),                                  \
        FIELD_I64(struct property_summary, bedrooms_total, "Bedrooms", .nullable = true),          \
        FIELD_F64(struct property_summary, bathrooms_total, "Bathrooms", .nullable = true),        \
        FIELD_I64(struct property_summary, max_guests, "Guests at most", .nullable = true),        \
        FIELD_F64(struct property_summary, living_area_m2, "Living area", .nullable = true,        \
            .unit = "m2"),                                                                         \
        FIELD_F64(struct property_summary, lot_size_m2, "Land", .nullable = true, .unit = "m2"),   \
        FIELD_F64(struct property_summary, cap_rate_pct, "Capitalisation rate", .nullable = true,  \
            .unit = "%"),                                                                          \
        FIELD_JSON(struct property_summary, cover, "Cover picture", .nullable = true,              \
            .shape = &property_cover_shape),                                                       \
        FIELD_TIME(struct property_summary, published_at, "First published", .nullable = true),    \
        FIELD_F64(struct property_summary, distance_km, "Distance to near", .nullable = true,      \
            .omit = true)

#endif
