#include "properties/filters.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/settings.h"

#define FILTERS_MAX_BYTES 65536
#define KM_PER_DEGREE 111.195 /* of latitude, on the mean sphere */

static const struct field filter_fields[] = {PROPERTY_FILTER_FIELDS(struct property_filters)};

/* Rows before this one have the names that properties_filtered knows; the rest needs work first. */
enum {
    ROW_LISTING_TYPE = 0,
    ROW_STATUS = 3,
    ROW_RADIUS = 25,
    ROW_PRICE_MIN = 26,
    ROW_PRICE_MAX = 27,
    ROW_CURRENCY = 28,
    ROW_LOCALE = 31,
    ROWS_DIRECT = 26
};
const struct shape property_filters_shape = {
    .name = "property_filters",
    .size = sizeof(struct property_filters),
    .fields = filter_fields,
    .count = sizeof(filter_fields) / sizeof(filter_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct property_filters, has),
};
static const struct shape direct_shape = {
    .name = "property_filters",
    .size = sizeof(struct property_filters),
    .fields = filter_fields,
    .count = ROWS_DIRECT,
    .has_set = true,
    .set_offset = offsetof(struct property_filters, has),
};

bool property_filter_is_id(const char *text)
{
    const size_t len = strlen(text);
    return len >= 1 && len <= 18 && strspn(text, "0123456789") == len;
}

/* Exactly `count` finite numbers, separated by commas. */
static bool read_numbers(const char *text, double *out, int count)
{
    for (int i = 0; i < count; i++) {
        char *end = NULL;
        out[i] = strtod(text, &end);
        if (end == text || !isfinite(out[i]) || *end != (i + 1 < count ? ',' : '\0') ||
            strspn(text, " \t") > 0) {
            return false;
        }
        text = end + 1;
    }
    return true;
}

static bool is_place(double lat, double lng)
{
    return lat >= -90 && lat <= 90 && lng >= -180 && lng <= 180;
}

struct box {
    double lat_min, lat_max, lng_min, lng_max;
};

static void narrow(struct box *box, struct box by)
{
    box->lat_min = fmax(box->lat_min, by.lat_min);
    box->lat_max = fmin(box->lat_max, by.lat_max);
    box->lng_min = fmax(box->lng_min, by.lng_min);
    box->lng_max = fmin(box->lng_max, by.lng_max);
}

/* The box around a circle, for the index; near the poles and the date line it is the whole width. */
static struct box box_around(double lat, double lng, double radius_km)
{
    const double up = radius_km / KM_PER_DEGREE;
    const double narrowing = cos(lat * M_PI / 180);
    const double side = narrowing > 0.01 ? up / narrowing : 360;
    const bool wraps = lng - side < -180 || lng + side > 180;
    return (struct box){lat - up, lat + up, wraps ? -180 : lng - side, wraps ? 180 : lng + side};
}

static void add_number(struct buf *buf, const char *name, double value)
{
    buf_printf(buf, ",\"%s\":", name); /* status stands before it, always */
    json_write_f64(buf, value);
}

static err invalid(struct ctx *ctx, const char *parameter, const char *why)
{
    return fail_field(ctx, parameter, CODE_VALIDATION_ERROR, "%s", why);
}

/* Dates written alike compare as text. */
static err check_dates(struct ctx *ctx, const struct property_filters *in)
{
    if ((in->check_in == NULL) != (in->check_out == NULL)) {
        return in->check_in == NULL ? invalid(ctx, "check_out", "needs check_in")
                                    : invalid(ctx, "check_in", "needs check_out");
    }
    return in->check_in == NULL || strcmp(in->check_in, in->check_out) < 0
               ? OK
               : invalid(ctx, "check_out", "must be after check_in");
}

struct place {
    struct box box;
    bool has_box;
    double near[2]; /* lat, lng */
};

static err read_place(struct ctx *ctx, const struct property_filters *in, struct place *out)
{
    out->box = (struct box){-90, 90, -180, 180};
    if (in->bbox != NULL) {
        double b[4];
        if (!read_numbers(in->bbox, b, 4) || !is_place(b[1], b[0]) || !is_place(b[3], b[2]) ||
            b[1] > b[3] || b[0] > b[2]) {
            return invalid(ctx, "bbox", "must be minLng,minLat,maxLng,maxLat");
        }
        narrow(&out->box, (struct box){b[1], b[3], b[0], b[2]});
        out->has_box = true;
    }
    const bool has_radius = field_is_present(&in->has, ROW_RADIUS);
    if (in->near == NULL) {
        return has_radius ? invalid(ctx, "radius_km", "needs near") : OK;
    }
    if (!read_numbers(in->near, out->near, 2) || !is_place(out->near[0], out->near[1])) {
        return invalid(ctx, "near", "must be lat,lng");
    }
    if (has_radius) {
        narrow(&out->box, box_around(out->near[0], out->near[1], in->radius_km));
        out->has_box = true;
    }
    return OK;
}

static void add_place(struct buf *buf, const struct property_filters *in, const struct place *place)
{
    if (place->has_box) {
        add_number(buf, "lat_min", place->box.lat_min);
        add_number(buf, "lat_max", place->box.lat_max);
        add_number(buf, "lng_min", place->box.lng_min);
        add_number(buf, "lng_max", place->box.lng_max);
    }
    if (in->near != NULL) {
        add_number(buf, "near_lat", place->near[0]);
        add_number(buf, "near_lng", place->near[1]);
    }
}

/* Bounds compare in the base currency, so that listings in different currencies compare at all. */
static err add_price(struct ctx *ctx, struct db *db, const char *base,
    const struct property_filters *in, struct buf *buf)
{
    const struct {
        int row;
        const char *name;
        int64_t minor;
    } bounds[] = {
        {ROW_PRICE_MIN, "price_min", in->price_min}, {ROW_PRICE_MAX, "price_max", in->price_max}};
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        if (!field_is_present(&in->has, (size_t)bounds[i].row)) {
            continue;
        }
        int64_t minor = bounds[i].minor;
        if (in->currency != NULL && strcmp(in->currency, base) != 0) {
            TRY(properties_convert(ctx, db, minor, in->currency, base, &minor));
        }
        buf_printf(buf, ",\"%s\":%" PRId64, bounds[i].name, minor);
    }
    return OK;
}

err property_view_read(struct ctx *ctx, const struct property_rules *rules, const char *locale,
    const char *currency, struct property_view *out)
{
    const struct product_settings *settings = rules->settings;
    TRY(settings_one_of(ctx, "locale", locale, &settings->locales));
    TRY(settings_one_of(ctx, "currency", currency, &settings->currencies));
    *out = (struct property_view){
        .locale = locale != NULL ? locale : rules->locale,
        .currency = currency,
        .staff = rules->staff,
    };
    return OK;
}

/* Nothing but a listing type: the list that everybody opens first. */
static bool is_plain(const struct property_filters *in)
{
    const uint64_t all_rows =
        (UINT64_C(1) << (sizeof(filter_fields) / sizeof(filter_fields[0]))) - 1;
    const uint64_t plain_rows =
        UINT64_C(1) << ROW_LISTING_TYPE | UINT64_C(1) << ROW_CURRENCY | UINT64_C(1) << ROW_LOCALE;
    return (in->has.present & all_rows & ~plain_rows) == 0;
}

const char *property_filters_json(struct ctx *ctx, const struct property_search *search)
{
    if (search->filters != NULL) {
        return search->filters;
    }
    return search->listing_type == NULL
               ? "{\"status\":\"active\"}"
               : arena_printf(ctx->arena, "{\"status\":\"active\",\"listing_type\":\"%s\"}",
                     search->listing_type);
}

err property_filters_read(struct ctx *ctx, struct db *db, const struct property_rules *rules,
    const struct property_filters *in, struct property_search *out)
{
    TRY(property_view_read(ctx, rules, in->locale, in->currency, &out->view));
    if (in->status != NULL && !out->view.staff) {
        return fail_public(ctx, ERR_FORBIDDEN, /* name */ NULL, "Required role: agent, admin");
    }
    out->listing_type = in->listing_type;
    out->has_near = in->near != NULL;
    if (is_plain(in)) {
        return OK;
    }
    TRY(check_dates(ctx, in));
    struct property_filters shown = *in;
    shown.status = in->status != NULL ? in->status : "active";
    shown.has.present |= UINT64_C(1) << ROW_STATUS;
    struct place place = {0};
    TRY(read_place(ctx, in, &place));
    struct buf buf;
    buf_init(&buf, ctx->arena, 512, FILTERS_MAX_BYTES);
    field_encode_present(&buf, &direct_shape, &shown);
    buf.len--; /* the closing brace: more members follow */
    TRY(add_price(ctx, db, rules->settings->base_currency, in, &buf));
    add_place(&buf, in, &place);
    buf_char(&buf, '}');
    size_t len = 0;
    return buf_finish(ctx, &buf, &out->filters, &len);
}
