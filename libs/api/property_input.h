/* api/property_input.h - what agents send to create or change a listing, and how it becomes columns. */
#ifndef API_PROPERTY_INPUT_H
#define API_PROPERTY_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/field.h"

struct call;

struct property_in_price {
    struct field_set has;
    int64_t amount_minor;
    const char *currency, *period;
};
struct property_in_address {
    struct field_set has;
    const char *district, *city, *province, *country, *postal_code, *address_line;
};
struct property_in_location {
    struct field_set has;
    double lat, lng;
    bool approximate;
};
struct property_in_rules {
    struct field_set has;
    const char *check_in_time, *check_out_time, *time_zone;
    int64_t min_nights, max_nights;
    bool pets;
};
struct property_in_financials {
    struct field_set has;
    int64_t gross_income_minor, operating_expense_minor, noi_minor;
    double cap_rate_pct, vacancy_rate_pct;
    const char *land_title, *tenure;
    int64_t lease_years;
};

struct property_in {
    struct field_set has;
    /* Rows that are columns of the same name, up to attributes. */
    const char *slug, *listing_type, *property_type, *property_sub_type, *status;
    int64_t bedrooms_total;
    double bathrooms_total;
    int64_t max_guests;
    double living_area_m2, lot_size_m2;
    int64_t year_built;
    bool furnished;
    struct strs amenities;
    const char *cancellation_policy, *default_locale, *attributes;
    /* Rows that need work. */
    const char *title, *description;
    struct property_in_price price;
    struct property_in_address address;
    struct property_in_location location;
    struct property_in_rules stay_rules;
    struct property_in_financials financials;
};
extern const struct shape
    property_create_shape;                      /* title, kinds and price are required; no status */
extern const struct shape property_patch_shape; /* nothing is required; no default locale */

/* The table's columns as a JSON object. Errors: ERR_INVALID for currencies and locales not offered. */
err property_input_columns(struct call *call, const struct property_in *in, const char **out);

/* A slug nobody has: from the title, with a random end. */
const char *property_input_slug(struct call *call, const char *title);

/* PUT of images. */
struct property_images_in {
    struct list images;
};
extern const struct shape property_images_in_shape;
err property_input_images(struct call *call, const struct property_images_in *in, const char **out);

/* PUT of a text. */
struct property_text_in {
    const char *title, *description;
};
extern const struct shape property_text_in_shape;

#endif
