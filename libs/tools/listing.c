#include "tools/listing.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chat/tool.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/field.h"
#include "core/json.h"
#include "properties/properties.h"
#include "tools/clean.h"

#define LINE_MAX_BYTES 2048
#define MINOR_PER_UNIT 100

/* The few words around the numbers, by locale; English is the last resort. */
struct around {
    const char *before, *behind;
};
struct words {
    const char *locale;
    const char *night, *month;
    const char *studio, *bedroom;
    struct around bedrooms, guests, area, land, cap_rate;
};
static const struct words words[] = {
    {"en", " a night", " a month", "studio", "1 bedroom", {"", " bedrooms"}, {"up to ", " guests"},
        {"", " m2"}, {"", " m2 of land"}, {"cap rate ", "%"}},
    {"th", " ต่อคืน", " ต่อเดือน", "สตูดิโอ", "1 ห้องนอน", {"", " ห้องนอน"}, {"พักได้ ", " คน"},
        {"พื้นที่ ", " ตร.ม."}, {"ที่ดิน ", " ตร.ม."}, {"ผลตอบแทน ", "%"}},
};

static const struct words *words_of(const char *locale)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].locale, locale) == 0) {
            return &words[i];
        }
    }
    return &words[0];
}

/* With a comma before each group of three. */
static void add_grouped(struct buf *buf, int64_t number)
{
    int64_t unit = 1;
    while (number / unit >= 1000) {
        unit *= 1000;
    }
    buf_i64(buf, number / unit);
    for (unit /= 1000; unit > 0; unit /= 1000) {
        buf_printf(buf, ",%03" PRId64, number / unit % 1000);
    }
}

static void add_money(struct buf *buf, int64_t minor, const char *currency)
{
    buf_printf(buf, "%s ", currency);
    add_grouped(buf, minor / MINOR_PER_UNIT);
    if (minor % MINOR_PER_UNIT != 0) {
        buf_printf(buf, ".%02" PRId64, minor % MINOR_PER_UNIT);
    }
}

static const char *period_of(const struct property_price *price, const char *locale)
{
    const struct words *say = words_of(locale);
    return price->period == NULL                 ? ""
           : strcmp(price->period, "night") == 0 ? say->night
           : strcmp(price->period, "month") == 0 ? say->month
                                                 : "";
}

const char *listing_price(struct ctx *ctx, const struct property_price *price, const char *locale)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 64, LINE_MAX_BYTES);
    add_money(&buf, price->amount_minor, price->currency);
    buf_str(&buf, period_of(price, locale));
    return buf_text(&buf);
}

const char *listing_money(struct ctx *ctx, int64_t minor, const char *currency, const char *locale)
{
    const struct property_price price = {.amount_minor = llabs(minor), .currency = currency};
    const char *text = listing_price(ctx, &price, locale);
    return minor < 0 ? arena_printf(ctx->arena, "-%s", text) : text;
}

/* " (about THB 17,280)" when it was asked for in another currency. */
static void add_converted(struct ctx *ctx, struct buf *buf, const struct property *property)
{
    const struct json *converted = NULL;
    int64_t minor = 0;
    if (property->price_converted == NULL) {
        return;
    }
    if (!is_ok(json_parse(ctx, property->price_converted, strlen(property->price_converted),
            &converted))) {
        err_clear(ctx); /* the price itself is there */
        return;
    }
    const char *currency = json_text(json_get(converted, "currency"), /* out_len */ NULL);
    if (currency != NULL && strcmp(currency, property->price.currency) != 0 &&
        json_i64(json_get(converted, "amount_minor"), &minor)) {
        buf_str(buf, " (≈ ");
        add_money(buf, minor, currency);
        buf_char(buf, ')');
    }
}

static bool is_set(const struct property *property, const char *name)
{
    const struct field *member = NULL;
    const int row = field_find(&property_shape, name, &member);
    return row >= 0 && field_is_present(&property->has, (size_t)row);
}

const char *listing_rooms(struct ctx *ctx, const struct property *property, const char *locale)
{
    const struct words *say = words_of(locale);
    if (!is_set(property, "bedrooms_total")) {
        return NULL;
    }
    if (property->bedrooms_total <= 1) {
        return property->bedrooms_total == 0 ? say->studio : say->bedroom;
    }
    struct buf buf;
    buf_init(&buf, ctx->arena, 32, LINE_MAX_BYTES);
    buf_printf(&buf, "%s%" PRId64 "%s", say->bedrooms.before, property->bedrooms_total,
        say->bedrooms.behind);
    return buf_text(&buf);
}

const char *listing_place(struct ctx *ctx, const struct property *property)
{
    const struct property_address *address = &property->address;
    const char *parts[] = {address->district, address->city, address->province};
    struct buf buf;
    buf_init(&buf, ctx->arena, 64, LINE_MAX_BYTES);
    const char *last = "";
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i] != NULL && strcmp(parts[i], last) != 0) {
            buf_printf(&buf, "%s%s", buf.len > 0 ? ", " : "", parts[i]);
            last = parts[i];
        }
    }
    return buf.len == 0 ? NULL : clean_text(ctx->arena, buf_text(&buf));
}

static void add_part(struct buf *buf, const char *text)
{
    if (text != NULL && *text != '\0') {
        buf_str(buf, buf->len > 0 ? " - " : "");
        buf_str(buf, text);
    }
}

static void add_amount(struct buf *buf, const struct around *around, double amount)
{
    buf_printf(buf, " - %s", around->before);
    json_write_f64(buf, amount);
    buf_str(buf, around->behind);
}

/* How many find room in it, or how large it is; and what it yields. */
static void add_size(struct buf *buf, const struct property *property, const struct words *say)
{
    if (is_set(property, "max_guests")) {
        buf_printf(buf, " - %s%" PRId64 "%s", say->guests.before, property->max_guests,
            say->guests.behind);
    } else if (is_set(property, "living_area_m2")) {
        add_amount(buf, &say->area, property->living_area_m2);
    } else if (is_set(property, "lot_size_m2")) {
        add_amount(buf, &say->land, property->lot_size_m2);
    }
}

static void add_yield(struct ctx *ctx, struct buf *buf, const struct property *property,
    const struct words *say)
{
    const struct json *financials = NULL;
    double rate = 0;
    const char *text = property->financials == NULL ? "{}" : property->financials;
    if (!is_ok(json_parse(ctx, text, strlen(text), &financials))) {
        err_clear(ctx); /* then it is not shown */
        return;
    }
    if (json_f64(json_get(financials, "cap_rate_pct"), &rate)) {
        add_amount(buf, &say->cap_rate, rate);
    }
}

const char *listing_line(struct ctx *ctx, const struct property *property, const char *locale)
{
    const struct words *say = words_of(locale);
    struct buf buf;
    buf_init(&buf, ctx->arena, 256, LINE_MAX_BYTES);
    add_part(&buf, clean_snippet(ctx->arena, property->title, CHAT_SNIPPET_POINTS));
    add_part(&buf, listing_price(ctx, &property->price, locale));
    add_converted(ctx, &buf, property);
    add_part(&buf, listing_rooms(ctx, property, locale));
    add_size(&buf, property, say);
    add_yield(ctx, &buf, property, say);
    add_part(&buf, listing_place(ctx, property));
    return buf_text(&buf);
}
