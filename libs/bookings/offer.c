#include "bookings/offer.h"

#include <inttypes.h>
#include <string.h>

#include "bookings/internal.h"
#include "bookings/policy.h"
#include "bookings/sql.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "db/db.h"

#define REASONS_MAX 8

err offer_days_read(struct ctx *ctx, const struct offer_names *names, const char *from,
    const char *to, int64_t max, struct offer_days *out)
{
    if (!calendar_read(from, &out->check_in)) {
        return fail_field(ctx, names->from, CODE_VALIDATION_ERROR, "must be a date");
    }
    if (!calendar_read(to, &out->check_out)) {
        return fail_field(ctx, names->to, CODE_VALIDATION_ERROR, "must be a date");
    }
    if (out->check_out <= out->check_in) {
        return fail_field(ctx, names->to, CODE_VALIDATION_ERROR, "must be after %s", names->from);
    }
    if (out->check_out - out->check_in > max) {
        return fail_field(ctx, names->to, CODE_VALIDATION_ERROR,
            "must be at most %" PRId64 " days after %s", max, names->from);
    }
    return OK;
}

static const struct field offer_price_line_fields[] = {
    FIELD_ENUM(struct offer_price_line, code, "What for", .choices = quote_codes),
    FIELD_STR(struct offer_price_line, label, "In words"),
    FIELD_I64(struct offer_price_line, quantity, "How many"),
    FIELD_I64(struct offer_price_line, unit_minor, "Each", .unit = "minor units"),
    FIELD_I64(struct offer_price_line, amount_minor, "Together", .unit = "minor units"),
};
const struct shape offer_price_line_shape = {
    .name = "PriceLine",
    .size = sizeof(struct offer_price_line),
    .fields = offer_price_line_fields,
    .count = sizeof(offer_price_line_fields) / sizeof(offer_price_line_fields[0]),
};

static const struct field offer_terms_fields[] = {
    FIELD_STR(struct offer_terms, code, "Terms"),
    FIELD_STR(struct offer_terms, summary, "In words"),
    FIELD_DATE(struct offer_terms, free_until,
        "Last day on which everything is given back; null when it is over", .nullable = true),
};
const struct shape offer_terms_shape = {
    .name = "cancellation",
    .size = sizeof(struct offer_terms),
    .fields = offer_terms_fields,
    .count = sizeof(offer_terms_fields) / sizeof(offer_terms_fields[0]),
};

static struct list lines_of(struct ctx *ctx, const struct quote *quote)
{
    struct offer_price_line *lines =
        ARENA_ARRAY(ctx->arena, struct offer_price_line, (size_t)quote->count);
    for (int i = 0; i < quote->count; i++) {
        const struct quote_line *line = &quote->lines[i];
        lines[i] = (struct offer_price_line){quote_codes[line->code], quote_labels[line->code],
            line->quantity, line->unit_minor, line->amount_minor};
    }
    return (struct list){lines, quote->count};
}

static void say(struct offer *out, bool applies, const char *reason)
{
    if (applies) {
        out->reasons.items[out->reasons.count++] = reason;
    }
}

static void find_reasons(struct ctx *ctx, const struct quote_rates *rates,
    const struct offer_request *request, struct offer *out)
{
    const struct quote_day arrival = quote_day(rates, request->days.check_in);
    const struct quote_day departure = quote_day(rates, request->days.check_out);
    const int64_t room = out->listing.max_guests;
    out->min_nights = arrival.min_nights;
    out->max_nights = arrival.max_nights;
    out->reasons.items = ARENA_ARRAY(ctx->arena, const char *, REASONS_MAX);
    say(out, request->days.check_in < out->listing.today, "past_date");
    say(out, out->nights < arrival.min_nights, "min_nights");
    say(out, out->nights > arrival.max_nights, "max_nights");
    say(out, room > 0 && request->guests > room, "too_many_guests");
    say(out, arrival.no_arrival, "closed_to_arrival");
    say(out, departure.no_departure, "closed_to_departure");
    say(out, !out->listing.is_free, "dates_unavailable");
}

err offer_make(struct ctx *ctx, struct db *db, const struct booking_actor *viewer,
    const struct offer_request *request, struct offer *out)
{
    const struct rates_query query = {request->property_id, request->currency,
        request->days.check_in, request->days.check_out, /* with_free= */ true};
    const struct quote_stay stay = {
        request->days.check_in, request->days.check_out, request->guests};
    struct quote *quote =
        arena_alloc_raw(ctx->arena, sizeof(*quote)); /* most of its room stays unused */
    struct quote_rates rates = {0};
    TRY(rates_find(ctx, db, viewer, &query, &out->listing, &rates));
    if (quote_make(&rates, &stay, quote) != QUOTE_OK) {
        return fail_field(ctx, "check_out", CODE_VALIDATION_ERROR, "makes the price too large");
    }
    out->days = request->days;
    out->nights = stay.check_out - stay.check_in;
    out->lines = lines_of(ctx, quote);
    out->total_minor = quote->total_minor;
    find_reasons(ctx, &rates, request, out);
    return OK;
}

err offer_quote(struct ctx *ctx, const struct services *services,
    const struct booking_actor *viewer, const struct offer_stay *stay, struct offer *out)
{
    static const struct offer_names names = {"check_in", "check_out"};
    struct offer_request wanted = {
        .property_id = stay->property_id, .guests = stay->guests, .currency = stay->currency};
    TRY(settings_one_of(ctx, "currency", stay->currency, &services->settings->currencies));
    TRY(offer_days_read(ctx, &names, stay->check_in, stay->check_out, CALENDAR_NIGHTS_MAX,
        &wanted.days));
    return offer_make(ctx, services->db, viewer, &wanted, out);
}

struct offer_terms offer_terms(struct ctx *ctx, const struct offer *offer)
{
    const struct policy *policy = policy_find(offer->listing.cancellation_policy);
    const int64_t last = offer->days.check_in - policy->free_days;
    char *date = arena_alloc(ctx->arena, CALENDAR_DATE_LEN + 1);
    calendar_write(last, date);
    return (struct offer_terms){
        policy->code, policy->summary, last >= offer->listing.today ? date : NULL};
}

static err refuse(struct ctx *ctx, const struct offer *offer, const char *reason)
{
    if (strcmp(reason, "past_date") == 0) {
        return fail_field(ctx, "check_in", CODE_VALIDATION_ERROR, "must not be in the past");
    }
    if (strcmp(reason, "min_nights") == 0) {
        return fail_field(ctx, "check_out", CODE_VALIDATION_ERROR,
            "must be at least %" PRId64 " nights after check_in", offer->min_nights);
    }
    if (strcmp(reason, "max_nights") == 0) {
        return fail_field(ctx, "check_out", CODE_VALIDATION_ERROR,
            "must be at most %" PRId64 " nights after check_in", offer->max_nights);
    }
    if (strcmp(reason, "too_many_guests") == 0) {
        return fail_field(ctx, "guests", CODE_VALIDATION_ERROR, "must be at most %" PRId64,
            offer->listing.max_guests);
    }
    if (strcmp(reason, "closed_to_arrival") == 0) {
        return fail_field(ctx, "check_in", CODE_VALIDATION_ERROR,
            "must be another day: nobody arrives then");
    }
    if (strcmp(reason, "closed_to_departure") == 0) {
        return fail_field(ctx, "check_out", CODE_VALIDATION_ERROR,
            "must be another day: nobody leaves then");
    }
    return OK;
}

err offer_check(struct ctx *ctx, const struct offer *offer)
{
    err result = OK;
    for (int64_t i = 0; i < offer->reasons.count; i++) {
        const err refused = refuse(ctx, offer, offer->reasons.items[i]);
        result = is_ok(refused) ? result : refused;
    }
    return result;
}

static const struct field offer_price_fields[] = {
    FIELD_LIST(struct offer_price, lines, "What it is made of", .shape = &offer_price_line_shape),
    FIELD_I64(struct offer_price, total_minor, "Sum of the lines"),
    FIELD_STR(struct offer_price, currency, "Of all amounts"),
};

err offer_price_write(struct ctx *ctx, const struct offer_price *price, const char **out)
{
    struct buf buf;
    size_t len = 0;
    buf_init(&buf, ctx->arena, 1024, LIMIT_QUOTE_TOKEN_BYTES);
    field_encode(&buf, SHAPE(offer_price), price);
    return buf_finish(ctx, &buf, out, &len);
}

/* ---- lines in short: place in quote_codes, quantity and unit each, one space between all ---- */

err offer_lines_write(struct ctx *ctx, const struct list *lines, const char **out)
{
    const struct offer_price_line *items = lines->items;
    struct buf buf;
    size_t len = 0;
    buf_init(&buf, ctx->arena, 256, LIMIT_QUOTE_TOKEN_BYTES);
    for (int64_t i = 0; i < lines->count; i++) {
        int64_t code = 0;
        while (strcmp(items[i].code, quote_codes[code]) != 0) {
            code++;
        }
        buf_add(&buf, " ", i > 0);
        buf_i64(&buf, code);
        buf_char(&buf, ' ');
        buf_i64(&buf, items[i].quantity);
        buf_char(&buf, ' ');
        buf_i64(&buf, items[i].unit_minor);
    }
    return buf_finish(ctx, &buf, out, &len);
}

/* What follows the line, or NULL. */
static const char *read_line(const char *text, struct offer_price_line *out)
{
    int64_t numbers[3] = {0};
    for (int i = 0; i < 3 && text != NULL; i++) {
        text = booking_read_number(text, &numbers[i]);
    }
    if (text == NULL || numbers[0] < 0 || numbers[0] > QUOTE_TAX ||
        __builtin_mul_overflow(numbers[1], numbers[2], &out->amount_minor)) {
        return NULL;
    }
    out->code = quote_codes[numbers[0]];
    out->label = quote_labels[numbers[0]];
    out->quantity = numbers[1];
    out->unit_minor = numbers[2];
    return text;
}

err offer_lines_read(struct ctx *ctx, const char *text, struct list *out)
{
    struct offer_price_line *lines =
        ARENA_ARRAY(ctx->arena, struct offer_price_line, QUOTE_LINES_MAX);
    int64_t count = 0;
    for (; text != NULL && *text != '\0' && count < QUOTE_LINES_MAX; count++) {
        text = read_line(text, &lines[count]);
    }
    *out = (struct list){lines, count};
    return text != NULL && *text == '\0'
               ? OK
               : fail(ctx, ERR_INTERNAL, "lines of a quote cannot be read");
}
