#include "bookings/feed.h"

#include <inttypes.h>
#include <string.h>

#include "bookings/ics.h"
#include "bookings/internal.h"
#include "bookings/sql.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/field.h"
#include "core/limits.h"
#include "db/db.h"

#define PAST_DAYS 30
#define EVENT_BYTES 400 /* at most, by far */

/* Text of a token: base64url of mac | host (8 bytes, big endian). */
#define MAC_BYTES 16
#define HOST_BYTES 8
#define RAW_BYTES (MAC_BYTES + HOST_BYTES)

/* The purpose is signed too, so that nothing else signed with the key fits here. */
static void sign(struct ctx *ctx, const struct feed *feed, int64_t host_id, uint8_t out[RAW_BYTES])
{
    uint8_t mac[CRYPTO_SHA256_LEN];
    const char *product = feed->key->product_id;
    const char *text = arena_printf(ctx->arena, "calendar/%zu:%s/%" PRId64 "/%" PRId64,
        strlen(product), product, feed->property_id, host_id);
    crypto_hmac_sha256(feed->key->bytes, feed->key->len, text, strlen(text), mac);
    memcpy(out, mac, MAC_BYTES);
    for (size_t i = 0; i < HOST_BYTES; i++) {
        out[MAC_BYTES + i] = (uint8_t)((uint64_t)host_id >> (8 * (HOST_BYTES - 1 - i)));
    }
}

static err read_token(struct ctx *ctx, const struct feed *feed, const char *token,
    int64_t *out_host)
{
    uint8_t given[RAW_BYTES], wanted[RAW_BYTES];
    uint64_t host = 0;
    if (crypto_base64_decode(token, strlen(token), /* url= */ true, given, sizeof(given)) !=
        (long)sizeof(given)) {
        return fail(ctx, ERR_NOT_FOUND, "the token is none");
    }
    for (size_t i = 0; i < HOST_BYTES; i++) {
        host = host << 8 | given[MAC_BYTES + i];
    }
    sign(ctx, feed, (int64_t)host, wanted);
    if (!crypto_equal(given, wanted, sizeof(given))) {
        return fail(ctx, ERR_NOT_FOUND, "the token is not for this calendar");
    }
    *out_host = (int64_t)host;
    return OK;
}

struct listing {
    int64_t today;
    const char *title;
};
static const struct field listing_fields[] = {
    FIELD_I64(struct listing, today, "There"),
    FIELD_STR(struct listing, title, "Title"),
};

static err find(struct ctx *ctx, struct db *db, const struct feed *feed, int64_t host_id,
    struct listing *out)
{
    return booking_listing_or(ctx,
        db_one(ctx, db, &SQL_feed_listing, DB_ARGS(DB_I64(feed->property_id), DB_I64(host_id)),
            SHAPE(listing), out));
}

err feed_token(struct ctx *ctx, struct db *db, const struct feed *feed, int64_t host_id,
    const char **out)
{
    struct listing listing = {0};
    uint8_t raw[RAW_BYTES];
    char *text = arena_alloc_raw(ctx->arena, FEED_TOKEN_MAX + 1);
    TRY(find(ctx, db, feed, host_id, &listing));
    sign(ctx, feed, host_id, raw);
    if (crypto_base64_encode(raw, sizeof(raw), /* url= */ true, text, FEED_TOKEN_MAX + 1) < 0) {
        return fail(ctx, ERR_INTERNAL, "calendar token does not fit");
    }
    *out = text;
    return OK;
}

struct event {
    int64_t id, sequence;
    const char *first_day, *end_day, *changed, *status, *summary;
};
static const struct field event_fields[] = {
    FIELD_I64(struct event, id, "Booking"),
    FIELD_I64(struct event, sequence, "How often it was changed"),
    FIELD_STR(struct event, first_day, "First night, YYYYMMDD"),
    FIELD_STR(struct event, end_day, "Day after the last"),
    FIELD_STR(struct event, changed, "When, as RFC 5545 writes it"),
    FIELD_STR(struct event, status, "TENTATIVE or CONFIRMED"),
    FIELD_STR(struct event, summary, "Why the nights are kept"),
};

static void write_event(struct ctx *ctx, const struct feed *feed, const struct event *event,
    struct buf *out)
{
    struct arena *arena = ctx->arena;
    ics_line(out, "BEGIN", "VEVENT");
    ics_line(out, "UID",
        arena_printf(arena, "booking-%" PRId64 "@%s", event->id, feed->key->product_id));
    ics_line(out, "DTSTAMP", event->changed);
    ics_line(out, "SEQUENCE", arena_printf(arena, "%" PRId64, event->sequence));
    ics_line(out, "DTSTART;VALUE=DATE", event->first_day);
    ics_line(out, "DTEND;VALUE=DATE", event->end_day);
    ics_line(out, "SUMMARY", event->summary);
    ics_line(out, "STATUS", event->status);
    ics_line(out, "TRANSP", "OPAQUE");
    ics_line(out, "END", "VEVENT");
}

err feed_write(struct ctx *ctx, struct db *db, const struct feed *feed, const char *token,
    const char **out, size_t *out_len)
{
    int64_t host_id = 0;
    struct listing listing = {0};
    struct list rows = {0};
    struct buf text;
    TRY(booking_listing_or(ctx, read_token(ctx, feed, token, &host_id)));
    TRY(find(ctx, db, feed, host_id, &listing));
    TRY(db_list(ctx, db, &SQL_feed_events,
        DB_ARGS(DB_I64(feed->property_id), DB_I64(listing.today - PAST_DAYS),
            DB_I64(LIMIT_FEED_EVENTS)),
        SHAPE(event), LIMIT_FEED_EVENTS, &rows));
    const struct event *events = rows.items;
    buf_init(&text, ctx->arena, 4096, (LIMIT_FEED_EVENTS + 10) * EVENT_BYTES);
    ics_line(&text, "BEGIN", "VCALENDAR");
    ics_line(&text, "VERSION", "2.0");
    ics_text(&text, "PRODID", arena_printf(ctx->arena, "-//%s//Bookings//EN", feed->app_name));
    ics_line(&text, "CALSCALE", "GREGORIAN");
    ics_line(&text, "METHOD", "PUBLISH");
    ics_text(&text, "X-WR-CALNAME", listing.title);
    for (int64_t i = 0; i < rows.count; i++) {
        write_event(ctx, feed, &events[i], &text);
    }
    ics_line(&text, "END", "VCALENDAR");
    return buf_finish(ctx, &text, out, out_len);
}
