/* api/stays.c - what can be booked: calendars, quotes, and the nights that hosts keep. */
#include <string.h>

#include "api/api.h"
#include "api/booking_input.h"
#include "api/files.h"
#include "api/input.h"
#include "bookings/availability.h"
#include "bookings/blocks.h"
#include "bookings/feed.h"
#include "bookings/offer.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"

#define US_PER_MINUTE INT64_C(60000000)

/* ---- calendars ---- */

struct availability_query {
    const char *from, *to;
};
static const struct field availability_query_fields[] = {
    FIELD_DATE(struct availability_query, from, "First day", .required = true),
    FIELD_DATE(struct availability_query, to, "Day after the last; at most 400 days later",
        .required = true),
};

static const struct field availability_fields[] = {
    FIELD_I64(struct availability, property_id, "Property"),
    FIELD_STR(struct availability, time_zone, "Where its days begin"),
    FIELD_STR(struct availability, currency, "Of the prices"),
    FIELD_LIST(struct availability, days, "One each", .shape = &availability_day_shape),
};

static err show_availability(struct call *call)
{
    static const struct offer_names names = {"from", "to"};
    const struct id_params *params = call->params;
    const struct availability_query *in = call->query;
    const struct booking_actor viewer = booking_actor_of(call);
    struct offer_days days = {0};
    TRY(offer_days_read(call->ctx, &names, in->from, in->to, AVAILABILITY_DAYS_MAX, &days));
    return availability_get(call->ctx, call->services->db, &viewer, params->id, &days, call->out);
}

/* ---- quotes ---- */

struct quote_query {
    const char *check_in, *check_out;
    int64_t guests;
    const char *currency;
};
static const struct field quote_query_fields[] = {
    FIELD_DATE(struct quote_query, check_in, "Day of arriving", .required = true),
    FIELD_DATE(struct quote_query, check_out, "Day of leaving", .required = true),
    FIELD_I64(struct quote_query, guests, "How many come", .required = true, .min = 1, .max = 1000),
    FIELD_STR(struct quote_query, currency, "To pay in; that of the property by default", .min = 3,
        .max = 3),
};

struct quote_out {
    bool available;
    struct strs reasons;
    int64_t nights;
    struct list lines;
    int64_t total_minor;
    const char *currency;
    struct offer_terms cancellation;
    const char *quote_token;
    int64_t expires_at;
};
static const struct field quote_out_fields[] = {
    FIELD_BOOL(struct quote_out, available, "The stay can be booked"),
    FIELD_STRS(struct quote_out, reasons, "Why it cannot"),
    FIELD_I64(struct quote_out, nights, "Between the days"),
    FIELD_LIST(struct quote_out, lines, "What the price is made of",
        .shape = &offer_price_line_shape),
    FIELD_I64(struct quote_out, total_minor, "Sum of the lines", .unit = "minor units"),
    FIELD_STR(struct quote_out, currency, "Of all amounts"),
    FIELD_OBJ(struct quote_out, cancellation, offer_terms, "What is given back on cancelling",
        .shape = &offer_terms_shape),
    FIELD_STR(struct quote_out, quote_token, "Books at this price until it expires"),
    FIELD_TIME(struct quote_out, expires_at, "When the token does"),
};

static err sign_offer(struct call *call, int64_t property_id, const struct offer *offer,
    struct quote_out *out)
{
    const struct quote_query *in = call->query;
    const struct quote_key key = booking_quote_key(call);
    struct quote_claims claims = {
        .property_id = property_id,
        .check_in = in->check_in,
        .check_out = in->check_out,
        .guests = in->guests,
        .total_minor = offer->total_minor,
        .currency = offer->listing.currency,
        .cancellation_policy = offer->listing.cancellation_policy,
        .expires_at = clock_wall_us(call->ctx->clock) + QUOTE_TOKEN_MINUTES * US_PER_MINUTE,
    };
    out->expires_at = claims.expires_at;
    TRY(offer_lines_write(call->ctx, &offer->lines, &claims.lines));
    return quote_token_write(call->ctx, &key, &claims, &out->quote_token);
}

static err show_quote(struct call *call)
{
    const struct id_params *params = call->params;
    const struct quote_query *in = call->query;
    const struct booking_actor viewer = booking_actor_of(call);
    const struct offer_stay stay = {
        params->id, in->check_in, in->check_out, in->guests, in->currency};
    struct offer offer = {0};
    struct quote_out *out = call->out;
    TRY(offer_quote(call->ctx, call->services, &viewer, &stay, &offer));
    *out = (struct quote_out){
        .available = offer.reasons.count == 0,
        .reasons = offer.reasons,
        .nights = offer.nights,
        .lines = offer.lines,
        .total_minor = offer.total_minor,
        .currency = offer.listing.currency,
        .cancellation = offer_terms(call->ctx, &offer),
    };
    return sign_offer(call, params->id, &offer, out);
}

/* ---- blocks ---- */

struct block_in {
    const char *from, *to, *reason;
};
static const struct field block_in_fields[] = {
    FIELD_DATE(struct block_in, from, "First night", .required = true),
    FIELD_DATE(struct block_in, to, "Day after the last night", .required = true),
    FIELD_STR(struct block_in, reason, "For the host", .required = true, .min = 1, .max = 200),
};

static err block(struct call *call)
{
    const struct id_params *params = call->params;
    const struct block_in *in = call->in;
    const struct booking_actor actor = booking_actor_of(call);
    const struct block_request request = {params->id, in->from, in->to, in->reason};
    return blocks_create(call->ctx, call->services->db, &actor, &request, call->out);
}

struct block_params {
    int64_t id, block_id;
};
static const struct field block_params_fields[] = {
    FIELD_I64(struct block_params, id, "Property", .required = true, .min = 1, .max = INT64_MAX),
    FIELD_I64(struct block_params, block_id, "Block", .required = true, .min = 1, .max = INT64_MAX),
};

static err lift(struct call *call)
{
    const struct block_params *params = call->params;
    const struct booking_actor actor = booking_actor_of(call);
    return blocks_delete(call->ctx, call->services->db, &actor, params->id, params->block_id);
}

/* ---- calendars for other programs ---- */

static const char feed_name[] = "calendar.ics";
static const char link_name[] = "calendar-link";

static struct feed feed_of(const struct call *call, const struct quote_key *key)
{
    const struct id_params *params = call->params;
    return (struct feed){params->id, key, call->services->settings->app_name};
}

struct feed_link {
    const char *path;
};
static const struct field feed_link_fields[] = {
    FIELD_STR(struct feed_link, path, "Where the calendar is, behind the origin of this API"),
};

static err show_link(struct call *call)
{
    const struct quote_key key = booking_quote_key(call);
    const struct feed feed = feed_of(call, &key);
    struct feed_link *out = call->out;
    const char *token = NULL;
    TRY(feed_token(call->ctx, call->services->db, &feed, call->principal.user_id, &token));
    const int base = (int)(strlen(call->path) - strlen(link_name));
    out->path =
        arena_printf(call->ctx->arena, "%.*s%s?token=%s", base, call->path, feed_name, token);
    return OK;
}

struct feed_query {
    const char *token;
};
static const struct field feed_query_fields[] = {
    FIELD_STR(struct feed_query, token, "Of the link", .required = true, .min = 1,
        .max = FEED_TOKEN_MAX),
};

static err show_feed(struct call *call)
{
    const struct feed_query *in = call->query;
    const struct quote_key key = booking_quote_key(call);
    const struct feed feed = feed_of(call, &key);
    TRY(feed_write(call->ctx, call->services->db, &feed, in->token, &call->raw, &call->raw_len));
    call->raw_type = "text/calendar; charset=utf-8";
    call->etag = files_etag(call, call->raw, call->raw_len);
    return OK;
}

#define STAY_ROW                                                                                   \
    .tag = "Stays", .feature = FEATURE_BOOKINGS, .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT
#define HOST_ROW                                                                                   \
    .tag = "Stays", .feature = FEATURE_BOOKINGS, .auth = AUTH_USER, .role = ROLE_AGENT,            \
    .rate = RATE_DEFAULT

const struct http_route stays_routes[] = {
    {GET("/properties/{id}/availability"), STAY_ROW, .summary = "Nights of a property",
        .description = "Those who work on the listing also see who has a night.",
        .params = &id_params_shape, .query = SHAPE(availability_query), .out = SHAPE(availability),
        .errors = {ERR_NOT_FOUND}, .run = show_availability},
    {GET("/properties/{id}/quote"), STAY_ROW, .summary = "What a stay costs",
        .description = "quote_token books at this price for 30 minutes, if the nights are still "
                       "free then.",
        .params = &id_params_shape, .query = SHAPE(quote_query), .out = SHAPE(quote_out),
        .errors = {ERR_NOT_FOUND}, .run = show_quote},
    {GET("/properties/{id}/calendar.ics"), STAY_ROW,
        .summary = "Calendar of a property, for other programs",
        .description = "iCalendar (RFC 5545) of the nights that are kept, without a word about "
                       "guests. The token is that of the link.",
        .params = &id_params_shape, .query = SHAPE(feed_query), .status = 200,
        .cache_control = "private, max-age=300", .errors = {ERR_NOT_FOUND}, .run = show_feed},
    {GET("/properties/{id}/calendar-link"), HOST_ROW, .summary = "Link to the calendar",
        .description = "For programs that cannot sign in. It ends when who asked for it no longer "
                       "works on the listing.",
        .params = &id_params_shape, .out = SHAPE(feed_link), .errors = {ERR_NOT_FOUND},
        .run = show_link},
    {POST("/properties/{id}/blocks"), HOST_ROW, .summary = "Keep nights for the host",
        .idempotent = true, .params = &id_params_shape, .in = SHAPE(block_in), .out = &block_shape,
        .status = 201, .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = block},
    {DELETE("/properties/{id}/blocks/{block_id}"), HOST_ROW, .summary = "Give nights back",
        .params = SHAPE(block_params), .errors = {ERR_NOT_FOUND}, .run = lift},
    {0},
};
