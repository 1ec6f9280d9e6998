/* auth/webhook.h - Svix / Standard Webhooks signature over the raw body. Pure: never waits.
 * Errors: ERR_BAD_REQUEST for anything wrong, ERR_UNAVAILABLE when no secret is configured. */
#ifndef AUTH_WEBHOOK_H
#define AUTH_WEBHOOK_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct ctx;

struct webhook_headers {
    const char *id, *timestamp, *signature; /* svix-* or webhook-*; NULL if absent */
};

/* The value of the signature header that fits. ERR_UNAVAILABLE if the secret is not base64. */
err webhook_sign(struct ctx *ctx, const char *secret, const struct webhook_headers *headers,
    const char *body, size_t body_len, const char **out);
err webhook_verify(struct ctx *ctx, const char *secret, const struct webhook_headers *headers,
    const char *body, size_t body_len, int64_t now_s);

#endif
