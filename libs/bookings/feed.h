/* bookings/feed.h - the calendar of a listing for other programs (RFC 5545): which nights are kept, and nothing about guests. The
 * link to it has a signature instead of a sign-in: it is its host's, and ends when that host no longer works on the listing.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h; ERR_NOT_FOUND: not a listing that the host works on, or a token that is not for it. */
#ifndef BOOKINGS_FEED_H
#define BOOKINGS_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "bookings/token.h"
#include "core/err.h"

struct ctx;
struct db;

#define FEED_TOKEN_MAX 64

struct feed {
    int64_t property_id;
    const struct quote_key *key; /* the product's, for other purposes too */
    const char *app_name;
};
err feed_token(struct ctx *ctx, struct db *db, const struct feed *feed, int64_t host_id,
    const char **out);
err feed_write(struct ctx *ctx, struct db *db, const struct feed *feed, const char *token,
    const char **out, size_t *out_len);

#endif
