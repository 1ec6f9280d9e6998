#include "api/property_input.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "api/input.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"
#include "properties/properties.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MONEY_MAX INT64_C(100000000000000) /* 10^14 minor units */
#define COLUMNS_MAX_BYTES (2 * LIMIT_BODY_BYTES)

static const char *const status_choices[] = {
    "draft", "active", "under_contract", "sold", "leased", "hold", "withdrawn", NULL};
static const char *const draft_choices[] = {"draft", NULL};

static bool is_word(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

static bool is_time(const char *text)
{
    return strlen(text) == 5 && isdigit((unsigned char)text[0]) &&
           isdigit((unsigned char)text[1]) && text[2] == ':' && text[3] >= '0' && text[3] <= '5' &&
           isdigit((unsigned char)text[4]) && (text[0] - '0') * 10 + (text[1] - '0') <= 23;
}

#define PRICE_FIELDS(must)                                                                         \
    FIELD_I64(struct property_in_price, amount_minor, "Price", .required = (must), .min = 0,       \
        .max = MONEY_MAX, .unit = "minor units"),                                                  \
        FIELD_STR(struct property_in_price, currency, "ISO 4217 code", .required = (must),         \
            .min = 3, .max = 3),                                                                   \
        FIELD_ENUM(struct property_in_price, period, "What the price is for", .required = (must),  \
            .choices = property_periods)
static const struct field property_create_price_fields[] = {PRICE_FIELDS(true)};
static const struct field property_patch_price_fields[] = {PRICE_FIELDS(false)};

#define SUB_SHAPE(name_, struct_, rows)                                                            \
    {                                                                                              \
        .name = (name_), .size = sizeof(struct struct_), .fields = (rows), .count = COUNT(rows),   \
        .has_set = true, .set_offset = offsetof(struct struct_, has)                               \
    }
static const struct shape create_price_shape =
    SUB_SHAPE("PropertyPriceInput", property_in_price, property_create_price_fields);
static const struct shape patch_price_shape =
    SUB_SHAPE("PropertyPricePatch", property_in_price, property_patch_price_fields);

#define ADDRESS_PART(m, doc, length)                                                               \
    FIELD_STR(struct property_in_address, m, doc, .nullable = true, .min = 1, .max = (length))
static const struct field address_fields[] = {
    ADDRESS_PART(district, "District", 100),
    ADDRESS_PART(city, "City", 100),
    ADDRESS_PART(province, "Province", 100),
    FIELD_STR(struct property_in_address, country, "ISO 3166 code", .min = 2, .max = 2),
    ADDRESS_PART(postal_code, "Postal code", 20),
    ADDRESS_PART(address_line, "Street and number; never shown to the public", 200),
};
static const struct shape address_shape =
    SUB_SHAPE("PropertyAddressInput", property_in_address, address_fields);

static const struct field location_fields[] = {
    FIELD_F64(struct property_in_location, lat, "Latitude, WGS 84", .required = true, .min = -90,
        .max = 90),
    FIELD_F64(struct property_in_location, lng, "Longitude, WGS 84", .required = true, .min = -180,
        .max = 180),
    FIELD_BOOL(struct property_in_location, approximate, "Show the public three decimals only",
        .dflt = true),
};
static const struct shape location_shape =
    SUB_SHAPE("PropertyLocationInput", property_in_location, location_fields);

static const struct field rules_fields[] = {
    FIELD_STR(struct property_in_rules, check_in_time, "From", .nullable = true, .check = is_time,
        .check_text = "must be HH:MM"),
    FIELD_STR(struct property_in_rules, check_out_time, "Until", .nullable = true, .check = is_time,
        .check_text = "must be HH:MM"),
    FIELD_STR(struct property_in_rules, time_zone, "IANA time zone", .nullable = true, .min = 1,
        .max = 64),
    FIELD_I64(struct property_in_rules, min_nights, "Nights at least", .nullable = true, .min = 1,
        .max = 365),
    FIELD_I64(struct property_in_rules, max_nights, "Nights at most", .nullable = true, .min = 1,
        .max = 365),
    FIELD_BOOL(struct property_in_rules, pets, "Pets are welcome", .nullable = true),
};
static const struct shape rules_shape =
    SUB_SHAPE("PropertyStayRulesInput", property_in_rules, rules_fields);

#define INCOME(m, doc)                                                                             \
    FIELD_I64(struct property_in_financials, m, doc, .nullable = true, .min = -MONEY_MAX,          \
        .max = MONEY_MAX, .unit = "minor units a year")
static const struct field financials_fields[] = {
    INCOME(gross_income_minor, "Gross income"),
    INCOME(operating_expense_minor, "Operating expenses"),
    INCOME(noi_minor, "Net operating income"),
    FIELD_F64(struct property_in_financials, cap_rate_pct, "Capitalisation rate", .nullable = true,
        .min = -100, .max = 100, .unit = "%"),
    FIELD_F64(struct property_in_financials, vacancy_rate_pct, "Vacancy", .nullable = true,
        .min = 0, .max = 100, .unit = "%"),
    FIELD_STR(struct property_in_financials, land_title, "Kind of land title", .nullable = true,
        .min = 1, .max = 50),
    FIELD_ENUM(struct property_in_financials, tenure, "Ownership", .nullable = true,
        .choices = property_tenures),
    FIELD_I64(struct property_in_financials, lease_years, "Years left", .nullable = true, .min = 1,
        .max = 999),
};
static const struct shape financials_shape =
    SUB_SHAPE("PropertyFinancialsInput", property_in_financials, financials_fields);

#define PROPERTY_IN_FIELDS(must, states, price_shape)                                              \
    FIELD_STR(struct property_in, slug, "Name in addresses; made from the title if absent",        \
        .min = 3, .max = 120, .check = input_is_slug,                                              \
        .check_text = "must be a-z, 0-9 and -, with at least one letter"),                         \
        FIELD_ENUM(struct property_in, listing_type, "Kind of offer", .required = (must),          \
            .choices = property_listing_types),                                                    \
        FIELD_STR(struct property_in, property_type, "Kind of property", .required = (must),       \
            .min = 1, .max = 50, .check = is_word, .check_text = "must be a-z, 0-9 and _"),        \
        FIELD_STR(struct property_in, property_sub_type, "Finer kind", .nullable = true, .min = 1, \
            .max = 50, .check = is_word, .check_text = "must be a-z, 0-9 and _"),                  \
        FIELD_ENUM(struct property_in, status, "State of the listing", .choices = (states)),       \
        FIELD_I64(struct property_in, bedrooms_total, "Bedrooms", .nullable = true, .min = 0,      \
            .max = 1000),                                                                          \
        FIELD_F64(struct property_in, bathrooms_total, "Bathrooms", .nullable = true, .min = 0,    \
            .max = 999),                                                                           \
        FIELD_I64(struct property_in, max_guests, "Guests at most", .nullable = true, .min = 1,    \
            .max = 1000),                                                                          \
        FIELD_F64(struct property_in, living_area_m2, "Living area", .nullable = true, .min = 1,   \
            .max = 10000000, .unit = "m2"),                                                        \
        FIELD_F64(struct property_in, lot_size_m2, "Land", .nullable = true, .min = 1,             \
            .max = 1000000000, .unit = "m2"),                                                      \
        FIELD_I64(struct property_in, year_built, "Year built", .nullable = true, .min = 1700,     \
            .max = 2200),                                                                          \
        FIELD_BOOL(struct property_in, furnished, "Furnished", .nullable = true),                  \
        FIELD_STRS(struct property_in, amenities, "What it offers", .min = 0, .max = 60,           \
            .check = is_word, .check_text = "must be a-z, 0-9 and _"),                             \
        FIELD_ENUM(struct property_in, cancellation_policy, "Cancellation policy",                 \
            .choices = property_policies),                                                         \
        FIELD_STR(struct property_in, default_locale, "Locale that always has a text", .max = 8),  \
        FIELD_JSON(struct property_in, attributes, "Anything else"),                               \
        FIELD_STR(struct property_in, title, "Title", .required = (must), .min = 3, .max = 200),   \
        FIELD_STR(struct property_in, description, "Description", .max = 20000),                   \
        FIELD_OBJ(struct property_in, price, property_in_price, "Price", .required = (must),       \
            .shape = (price_shape)),                                                               \
        FIELD_OBJ(struct property_in, address, property_in_address, "Address",                     \
            .shape = &address_shape),                                                              \
        FIELD_OBJ(struct property_in, location, property_in_location,                              \
            "Where it is; null forgets it", .nullable = true, .shape = &location_shape),           \
        FIELD_OBJ(struct property_in, stay_rules, property_in_rules,                               \
            "Check-in and check-out, nights, pets", .shape = &rules_shape),                        \
        FIELD_OBJ(struct property_in, financials, property_in_financials,                          \
            "Income, costs, title and tenure", .shape = &financials_shape)

static const struct field create_fields[] = {
    PROPERTY_IN_FIELDS(true, draft_choices, &create_price_shape)};
static const struct field patch_fields[] = {
    PROPERTY_IN_FIELDS(false, status_choices, &patch_price_shape)};
const struct shape property_create_shape = SUB_SHAPE("PropertyCreate", property_in, create_fields);
const struct shape property_patch_shape = SUB_SHAPE("PropertyPatch", property_in, patch_fields);

enum { ROWS_DIRECT = 16, ROW_LOCATION = 20, ROW_RULES = 21, ROW_FINANCIALS = 22 };
static const struct shape direct_shape = {
    .name = "property_columns",
    .size = sizeof(struct property_in),
    .fields = patch_fields,
    .count = ROWS_DIRECT,
    .has_set = true,
    .set_offset = offsetof(struct property_in, has),
};

/* Member by member: the object's own braces would end the columns. */
static void add_members(struct call *call, struct buf *out, const struct shape *shape,
    const void *part)
{
    struct buf buf;
    buf_init(&buf, call->ctx->arena, 256, COLUMNS_MAX_BYTES);
    field_encode_present(&buf, shape, part);
    if (buf.len > 2) {
        buf_char(out, ',');
        buf_add(out, buf.data + 1, buf.len - 2);
    }
}

static void add_object(struct buf *out, const char *name, const struct shape *shape,
    const void *part)
{
    buf_printf(out, ",\"%s\":", name);
    field_encode_present(out, shape, part);
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    if (text != NULL) {
        buf_printf(out, ",\"%s\":", name);
        json_write_string(out, text, strlen(text));
    }
}

static void add_price(struct buf *out, const struct property_in_price *price)
{
    if (field_is_present(&price->has, 0)) {
        buf_str(out, ",\"price_minor\":");
        buf_i64(out, price->amount_minor);
    }
    add_text(out, "currency", price->currency);
    add_text(out, "price_period", price->period);
}

static void add_location(struct buf *out, const struct property_in *in)
{
    if ((in->has.null >> ROW_LOCATION & 1U) != 0) {
        buf_str(out, ",\"lat\":null,\"lng\":null");
    } else if (field_is_present(&in->has, ROW_LOCATION)) {
        buf_str(out, ",\"lat\":");
        json_write_f64(out, in->location.lat);
        buf_str(out, ",\"lng\":");
        json_write_f64(out, in->location.lng);
        buf_printf(out, ",\"location_approximate\":%s",
            in->location.approximate ? "true" : "false");
    }
}

err property_input_columns(struct call *call, const struct property_in *in, const char **out)
{
    const struct product_settings *settings = call->services->settings;
    TRY(settings_one_of(call->ctx, "price.currency", in->price.currency, &settings->currencies));
    TRY(settings_one_of(call->ctx, "default_locale", in->default_locale, &settings->locales));
    struct property_in columns = *in;
    struct buf buf;
    buf_init(&buf, call->ctx->arena, 1024, COLUMNS_MAX_BYTES);
    buf_str(&buf,
        "{\"updated_at\":null"); /* a first member, so that every other one follows a comma */
    add_members(call, &buf, &direct_shape, &columns);
    add_price(&buf, &in->price);
    add_members(call, &buf, &address_shape, &in->address);
    add_location(&buf, in);
    if (field_is_present(&in->has, ROW_RULES)) {
        add_object(&buf, "stay_rules", &rules_shape, &in->stay_rules);
    }
    if (field_is_present(&in->has, ROW_FINANCIALS)) {
        add_object(&buf, "financials", &financials_shape, &in->financials);
    }
    buf_char(&buf, '}');
    size_t len = 0;
    return buf_finish(call->ctx, &buf, out, &len);
}

#define SLUG_TITLE_BYTES 80
#define SLUG_RANDOM_BYTES 4

const char *property_input_slug(struct call *call, const char *title)
{
    char words[SLUG_TITLE_BYTES + 1];
    size_t len = 0;
    for (const char *c = title; *c != '\0' && len < SLUG_TITLE_BYTES; c++) {
        if (isalnum((unsigned char)*c)) {
            words[len++] = (char)tolower((unsigned char)*c);
        } else if (len > 0 && words[len - 1] != '-') {
            words[len++] = '-';
        }
    }
    while (len > 0 && words[len - 1] == '-') {
        len--;
    }
    words[len] = '\0';
    char hex[2 * SLUG_RANDOM_BYTES + 1];
    crypto_random_hex(SLUG_RANDOM_BYTES, hex);
    return arena_printf(call->ctx->arena, "%s-%s", len > 0 ? words : "listing", hex);
}

struct property_image_in {
    struct field_set has;
    const char *url, *alt;
    int64_t width, height;
};
static const struct field image_in_fields[] = {
    FIELD_STR(struct property_image_in, url, "https address", .required = true, .max = 2000,
        .check = input_is_https_url, .check_text = "must be an https address"),
    FIELD_JSON(struct property_image_in, alt,
        "What the picture shows, by locale: {\"en\": \"...\"}"),
    FIELD_I64(struct property_image_in, width, "Width", .min = 1, .max = 100000, .unit = "px"),
    FIELD_I64(struct property_image_in, height, "Height", .min = 1, .max = 100000, .unit = "px"),
};
static const struct shape image_in_shape =
    SUB_SHAPE("PropertyImageInput", property_image_in, image_in_fields);
static const struct field images_in_fields[] = {
    FIELD_LIST(struct property_images_in, images, "All pictures in order, first = cover",
        .required = true, .min = 0, .max = 60, .shape = &image_in_shape),
};
const struct shape property_images_in_shape = {
    .name = "PropertyImages",
    .size = sizeof(struct property_images_in),
    .fields = images_in_fields,
    .count = COUNT(images_in_fields),
};

err property_input_images(struct call *call, const struct property_images_in *in, const char **out)
{
    const struct property_image_in *images = in->images.items;
    struct buf buf;
    buf_init(&buf, call->ctx->arena, 1024, COLUMNS_MAX_BYTES);
    buf_char(&buf, '[');
    for (int64_t i = 0; i < in->images.count; i++) {
        if (i > 0) {
            buf_char(&buf, ',');
        }
        field_encode_present(&buf, &image_in_shape, &images[i]);
    }
    buf_char(&buf, ']');
    size_t len = 0;
    return buf_finish(call->ctx, &buf, out, &len);
}

static const struct field text_in_fields[] = {
    FIELD_STR(struct property_text_in, title, "Title", .required = true, .min = 3, .max = 200),
    FIELD_STR(struct property_text_in, description, "Description", .dflt_text = "", .max = 20000),
};
const struct shape property_text_in_shape = {
    .name = "PropertyText",
    .size = sizeof(struct property_text_in),
    .fields = text_in_fields,
    .count = COUNT(text_in_fields),
};
