/* bookings/token.h - a quote that is kept to: what was offered, signed, for half an hour. Bound to the product and the stay.
 * Errors: token_read: ERR_INVALID about quote_token when it is not ours or is for another stay; ERR_GONE when its time is over. */
#ifndef BOOKINGS_TOKEN_H
#define BOOKINGS_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define QUOTE_TOKEN_MINUTES 30

struct ctx;

struct quote_key {
    const uint8_t *bytes; /* borrowed */
    size_t len;
    const char *product_id;
};

struct quote_claims {
    int64_t property_id;
    const char *check_in, *check_out;
    int64_t guests, total_minor;
    const char *currency, *cancellation_policy;
    const char *lines; /* of the price, as offer_lines_write has them */
    int64_t expires_at;
};
err quote_token_write(struct ctx *ctx, const struct quote_key *key,
    const struct quote_claims *claims, const char **out);
/* wanted: property, dates and guests of the stay that it has to be for. */
err quote_token_read(struct ctx *ctx, const struct quote_key *key, const char *text,
    const struct quote_claims *wanted, struct quote_claims *out);

#endif
