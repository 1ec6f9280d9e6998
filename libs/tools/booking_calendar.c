/* tools/booking_calendar.c - which nights of a listing are free, and what a stay costs. It books nothing. */
#include <inttypes.h>

#include "bookings/availability.h"
#include "bookings/offer.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/services.h"
#include "core/settings.h"
#include "properties/properties.h"
#include "tools/clean.h"
#include "tools/finding.h"
#include "tools/listing.h"
#include "tools/stay_reason.h"
#include "tools/tools.h"

#define RUNS_MAX 10 /* of nights that are alike, told to a model; as many lines of a price */
#define LINES_MAX 12
#define TITLE_POINTS 80
#define LINE_MAX_BYTES 2048
#define RESULTS_MAX 2

struct booking_calendar_in {
    struct field_set has;
    int64_t property_id;
    const char *check_in, *check_out;
    int64_t guests; /* 0 = not told */
    const char *currency;
};
static const struct field booking_calendar_in_fields[] = {
    FIELD_I64(struct booking_calendar_in, property_id, "Id of the listing, from property_search",
        .required = true, .min = 1, .max = INT64_MAX),
    FIELD_DATE(struct booking_calendar_in, check_in, "Day of arriving, YYYY-MM-DD",
        .required = true),
    FIELD_DATE(struct booking_calendar_in, check_out, "Day of leaving, YYYY-MM-DD",
        .required = true),
    FIELD_I64(struct booking_calendar_in, guests,
        "How many come; there is a price of the stay only with it", .min = 1, .max = 1000),
    FIELD_STR(struct booking_calendar_in, currency,
        "ISO 4217 code to pay in; leave it out for that of the listing", .min = 3, .max = 3),
};

/* ---- as a model gets it: money and reasons written out ---- */

struct price_part {
    const char *label;
    int64_t quantity;
    const char *unit, *amount;
};
static const struct field price_part_fields[] = {
    FIELD_STR(struct price_part, label, "What for"),
    FIELD_I64(struct price_part, quantity, "How many"),
    FIELD_STR(struct price_part, unit, "Each"),
    FIELD_STR(struct price_part, amount, "Together"),
};

struct prepared_quote {
    int64_t property_id;
    const char *title, *check_in, *check_out;
    int64_t nights, guests;
    bool available;
    struct strs reasons;
    const char *total;
    struct list lines;
    struct offer_terms cancellation;
    const char *confirm_at;
};
static const struct field prepared_quote_fields[] = {
    FIELD_I64(struct prepared_quote, property_id, "Listing"),
    FIELD_STR(struct prepared_quote, title, "Its title"),
    FIELD_DATE(struct prepared_quote, check_in, "Day of arriving"),
    FIELD_DATE(struct prepared_quote, check_out, "Day of leaving"),
    FIELD_I64(struct prepared_quote, nights, "Between them"),
    FIELD_I64(struct prepared_quote, guests, "Guests"),
    FIELD_BOOL(struct prepared_quote, available, "It can be booked"),
    FIELD_STRS(struct prepared_quote, reasons, "Why it cannot"),
    FIELD_STR(struct prepared_quote, total, "Price of the stay"),
    FIELD_LIST(struct prepared_quote, lines, "What it is made of; left out when they are many",
        .shape = SHAPE(price_part), .nullable = true, .omit = true),
    FIELD_OBJ(struct prepared_quote, cancellation, offer_terms, "What is given back on cancelling",
        .shape = &offer_terms_shape),
    FIELD_STR(struct prepared_quote, confirm_at, "Where the visitor books", .nullable = true),
};

struct run {
    const char *from, *to;
    bool available;
    const char *price;
    int64_t min_nights, max_nights;
    bool closed_to_arrival, closed_to_departure;
};
static const struct field run_fields[] = {
    FIELD_DATE(struct run, from, "First night"),
    FIELD_DATE(struct run, to, "Day after the last"),
    FIELD_BOOL(struct run, available, "They are free"),
    FIELD_STR(struct run, price, "A night"),
    FIELD_I64(struct run, min_nights, "Shortest stay that begins here"),
    FIELD_I64(struct run, max_nights, "Longest stay that begins here"),
    FIELD_BOOL(struct run, closed_to_arrival, "No stay begins here"),
    FIELD_BOOL(struct run, closed_to_departure, "No stay ends here"),
};

struct calendar {
    int64_t property_id;
    const char *title;
    int64_t nights, free_nights;
    struct list calendar;
    const char *calendar_until;
};
static const struct field calendar_fields[] = {
    FIELD_I64(struct calendar, property_id, "Listing"),
    FIELD_STR(struct calendar, title, "Its title"),
    FIELD_I64(struct calendar, nights, "That were asked for"),
    FIELD_I64(struct calendar, free_nights, "Of them free"),
    FIELD_LIST(struct calendar, calendar, "Nights that are alike", .shape = SHAPE(run)),
    FIELD_DATE(struct calendar, calendar_until, "Later nights are not shown", .nullable = true),
};

/* ---- what was asked ---- */

struct asked {
    struct ctx *ctx;
    const struct chat_asker *asker;
    const struct booking_calendar_in *in;
    struct property property;
    struct availability availability;
    struct offer offer;
};

/* By what the routes call, with the rights of the asker. */
static err find(struct asked *asked)
{
    static const struct offer_names names = {"check_in", "check_out"};
    struct ctx *ctx = asked->ctx;
    const struct booking_calendar_in *in = asked->in;
    const struct chat_asker *asker = asked->asker;
    const struct services *services = asker->services;
    const struct booking_actor viewer = {.user_id = asker->user_id, .agent = asker->staff};
    const struct property_view view = {.locale = asker->locale, .staff = asker->staff};
    const struct offer_stay stay = {
        in->property_id, in->check_in, in->check_out, in->guests, in->currency};
    struct offer_days days = {0};
    TRY(settings_one_of(ctx, "currency", in->currency, &services->settings->currencies));
    TRY(offer_days_read(ctx, &names, in->check_in, in->check_out, CALENDAR_NIGHTS_MAX, &days));
    TRY(properties_get(ctx, services->db, in->property_id, /* slug */ NULL, &view,
        &asked->property));
    TRY(availability_get(ctx, services->db, &viewer, in->property_id, &days, &asked->availability));
    return in->guests == 0 ? OK : offer_quote(ctx, services, &viewer, &stay, &asked->offer);
}

/* ---- the calendar ---- */

static const char *night_price(const struct asked *asked, const struct availability_day *day)
{
    return listing_money(asked->ctx, day->price_minor, asked->availability.currency,
        asked->asker->locale);
}

static bool is_alike(const struct availability_day *a, const struct availability_day *b)
{
    return a->available == b->available && a->price_minor == b->price_minor &&
           a->min_nights == b->min_nights && a->max_nights == b->max_nights &&
           a->closed_to_arrival == b->closed_to_arrival &&
           a->closed_to_departure == b->closed_to_departure;
}

static struct calendar calendar_of(const struct asked *asked, const char *title)
{
    const struct availability_day *days = asked->availability.days.items;
    const int64_t count = asked->availability.days.count;
    struct run *runs = ARENA_ARRAY(asked->ctx->arena, struct run, RUNS_MAX);
    struct calendar out = {.property_id = asked->in->property_id, .title = title, .nights = count};
    int64_t at = 0;
    while (at < count && out.calendar.count < RUNS_MAX) {
        const struct availability_day *first = &days[at];
        while (at < count && is_alike(first, &days[at])) {
            at++;
        }
        runs[out.calendar.count++] = (struct run){
            .from = first->date,
            .to = at < count ? days[at].date : asked->in->check_out,
            .available = first->available,
            .price = night_price(asked, first),
            .min_nights = first->min_nights,
            .max_nights = first->max_nights,
            .closed_to_arrival = first->closed_to_arrival,
            .closed_to_departure = first->closed_to_departure,
        };
    }
    for (int64_t i = 0; i < count; i++) {
        out.free_nights += days[i].available ? 1 : 0;
    }
    out.calendar.items = runs;
    out.calendar_until = at < count ? days[at].date : NULL;
    return out;
}

/* ---- the price ---- */

static struct strs reasons_of(const struct asked *asked)
{
    const struct strs *codes = &asked->offer.reasons;
    struct strs out = {
        ARENA_ARRAY(asked->ctx->arena, const char *, (size_t)codes->count + 1), codes->count};
    for (int64_t i = 0; i < codes->count; i++) {
        out.items[i] = stay_reason(asked->ctx, &asked->offer, codes->items[i]);
    }
    return out;
}

static const char *offer_money(const struct asked *asked, int64_t minor)
{
    return listing_money(asked->ctx, minor, asked->offer.listing.currency, asked->asker->locale);
}

/* Many seasons make many lines: then the sum alone is told. */
static struct list parts_of(const struct asked *asked)
{
    const struct list *lines = &asked->offer.lines;
    const struct offer_price_line *from = lines->items;
    if (lines->count > LINES_MAX) {
        return (struct list){0};
    }
    struct price_part *parts =
        ARENA_ARRAY(asked->ctx->arena, struct price_part, (size_t)lines->count + 1);
    for (int64_t i = 0; i < lines->count; i++) {
        parts[i] = (struct price_part){from[i].label, from[i].quantity,
            offer_money(asked, from[i].unit_minor), offer_money(asked, from[i].amount_minor)};
    }
    return (struct list){parts, lines->count};
}

/* The page of the listing with the stay filled in; there it is quoted anew. */
static const char *page_of(const struct asked *asked)
{
    const char *site = asked->asker->services->settings->site_url;
    const struct booking_calendar_in *in = asked->in;
    struct buf url;
    if (*site == '\0') {
        return NULL;
    }
    buf_init(&url, asked->ctx->arena, 128, LINE_MAX_BYTES);
    buf_printf(&url, "%s/properties/%s?check_in=%s&check_out=%s", site, asked->property.slug,
        in->check_in, in->check_out);
    if (in->guests > 0) {
        buf_printf(&url, "&guests=%" PRId64, in->guests);
    }
    if (in->currency != NULL) {
        buf_printf(&url, "&currency=%s", in->currency);
    }
    return buf_text(&url);
}

static struct prepared_quote quote_of(const struct asked *asked, const char *title)
{
    const struct offer *offer = &asked->offer;
    const bool available = offer->reasons.count == 0;
    return (struct prepared_quote){
        .property_id = asked->in->property_id,
        .title = title,
        .check_in = asked->in->check_in,
        .check_out = asked->in->check_out,
        .nights = offer->nights,
        .guests = asked->in->guests,
        .available = available,
        .reasons = reasons_of(asked),
        .total = offer_money(asked, offer->total_minor),
        .lines = parts_of(asked),
        .cancellation = offer_terms(asked->ctx, offer),
        .confirm_at = available ? page_of(asked) : NULL,
    };
}

/* ---- the answer ---- */

/* For an answer, and for the check of its figures. */
static const char *line_of(const struct asked *asked, const struct calendar *calendar,
    const struct prepared_quote *quote)
{
    const struct booking_calendar_in *in = asked->in;
    struct buf line;
    buf_init(&line, asked->ctx->arena, 256, LINE_MAX_BYTES);
    buf_printf(&line, "%s, %s to %s: ", calendar->title, in->check_in, in->check_out);
    if (quote == NULL) {
        buf_printf(&line, "%" PRId64 " of %" PRId64 " nights are free", calendar->free_nights,
            calendar->nights);
        return buf_text(&line);
    }
    buf_str(&line, quote->available ? "can be booked" : "cannot be booked");
    for (int64_t i = 0; i < quote->reasons.count; i++) {
        buf_printf(&line, "%s%s", i > 0 ? ", " : " (", quote->reasons.items[i]);
    }
    buf_printf(&line, "%s, %" PRId64 " nights, %" PRId64 " guests, %s in all",
        quote->reasons.count > 0 ? ")" : "", quote->nights, quote->guests, quote->total);
    return buf_text(&line);
}

static struct chat_source source_of(const struct asked *asked, const char *title, const char *line)
{
    const struct booking_calendar_in *in = asked->in;
    struct buf heading;
    buf_init(&heading, asked->ctx->arena, 128, LINE_MAX_BYTES);
    buf_printf(&heading, "%s, %s to %s", title, in->check_in, in->check_out);
    if (in->guests > 0) {
        buf_printf(&heading, ", %" PRId64 " guests", in->guests);
    }
    return (struct chat_source){
        .has = {.present = ~UINT64_C(0)},
        .type = "availability",
        .id = in->property_id,
        .title = buf_text(&heading),
        .url = page_of(asked),
        .snippet = clean_snippet(asked->ctx->arena, line, CHAT_SNIPPET_POINTS),
        .score = 1,
        .text = line,
    };
}

static err answer(const struct asked *asked, struct chat_finding *out)
{
    struct ctx *ctx = asked->ctx;
    const char *title = clean_points(ctx->arena, asked->property.title, TITLE_POINTS);
    const struct calendar calendar = calendar_of(asked, title);
    struct prepared_quote quote = {0};
    struct finding_items items = {
        .json = ARENA_ARRAY(ctx->arena, const char *, RESULTS_MAX),
        .note = "Nothing is booked or held by this. A stay is booked by the visitor, signed in, "
                "on the page of the listing.",
    };
    if (asked->in->guests > 0) {
        quote = quote_of(asked, title);
        items.count += finding_item(ctx, SHAPE(prepared_quote), &quote, &items.json[0]) ? 1 : 0;
    }
    items.count += finding_item(ctx, SHAPE(calendar), &calendar, &items.json[items.count]) ? 1 : 0;
    struct chat_source *source = ARENA_NEW(ctx->arena, struct chat_source);
    *source =
        source_of(asked, title, line_of(asked, &calendar, asked->in->guests > 0 ? &quote : NULL));
    out->sources = (struct list){source, 1};
    return finding_write(ctx, &items, &out->json);
}

static err run(struct ctx *ctx, const struct chat_asker *asker, const void *in,
    struct chat_finding *out)
{
    struct asked *asked = ARENA_NEW(ctx->arena, struct asked);
    asked->ctx = ctx;
    asked->asker = asker;
    asked->in = in;
    const err found = find(asked);
    if (found.code == ERR_NOT_FOUND) {
        err_clear(ctx); /* a finding like others: there is nothing */
        return finding_write(ctx,
            &(struct finding_items){.note = "There is no such listing that is let by the night."},
            &out->json);
    }
    TRY(found);
    return answer(asked, out);
}

static bool is_on(const struct product_settings *settings)
{
    return settings->bookings;
}

const struct chat_tool tool_booking_calendar = {
    .name = "booking_calendar",
    .description =
        "Tells for one listing let by the night which nights are free, and with the number of "
        "guests what the stay costs and whether it can be booked. Take the id from "
        "property_search, and prices from its result only. It books and holds nothing.",
    .arguments = SHAPE_SET(booking_calendar_in),
    .is_on = is_on,
    .run = run,
};
