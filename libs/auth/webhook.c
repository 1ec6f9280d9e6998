#include "auth/webhook.h"

#include <stdbool.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/limits.h"

#define TOLERANCE_SECONDS 300
#define ID_MAX_BYTES 256
#define KEY_MAX_BYTES 128
#define PREFIX "whsec_"
#define SIGNATURE_BYTES 48 /* base64 of 32 bytes and a NUL */

/* Unix seconds, digits only. */
static bool read_timestamp(const char *text, int64_t *out)
{
    const size_t len = strlen(text);
    if (len == 0 || len > 12 || strspn(text, "0123456789") != len) {
        return false;
    }
    int64_t seconds = 0;
    for (const char *c = text; *c != '\0'; c++) {
        seconds = seconds * 10 + (*c - '0');
    }
    *out = seconds;
    return true;
}

static bool read_key(const char *secret, uint8_t key[KEY_MAX_BYTES], size_t *out_len)
{
    if (strncmp(secret, PREFIX, strlen(PREFIX)) == 0) {
        secret += strlen(PREFIX);
    }
    const long len =
        crypto_base64_decode(secret, strlen(secret), /* url */ false, key, KEY_MAX_BYTES);
    *out_len = len > 0 ? (size_t)len : 0;
    return len > 0;
}

/* "v1,<base64> v1,<base64> v1a,...": any v1 entry may fit. */
static bool any_fits(const char *list, const char *expected)
{
    const size_t len = strlen(expected);
    bool fits = false;
    while (*list != '\0') {
        const size_t entry = strcspn(list, " ");
        if (entry == len + 3 && strncmp(list, "v1,", 3) == 0) {
            fits = crypto_equal(list + 3, expected, len) || fits;
        }
        list += entry;
        list += strspn(list, " ");
    }
    return fits;
}

struct message {
    const char *id;
    int64_t seconds;
    const char *body;
    size_t body_len;
};

/* Base64 of the HMAC over "id.timestamp.body". */
static err sign(struct ctx *ctx, const char *secret, const struct message *message,
    char out[SIGNATURE_BYTES])
{
    uint8_t key[KEY_MAX_BYTES];
    size_t key_len = 0;
    if (!read_key(secret, key, &key_len)) {
        return fail(ctx, ERR_UNAVAILABLE, "the webhook secret is not base64");
    }
    struct buf buf;
    buf_init(&buf, ctx->arena, message->body_len + ID_MAX_BYTES,
        LIMIT_BODY_WEBHOOK_BYTES + 2 * ID_MAX_BYTES);
    buf_str(&buf, message->id);
    buf_char(&buf, '.');
    buf_i64(&buf, message->seconds);
    buf_char(&buf, '.');
    buf_add(&buf, message->body, message->body_len);
    const char *text = NULL;
    size_t len = 0;
    TRY(buf_finish(ctx, &buf, &text, &len));
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_hmac_sha256(key, key_len, text, len, digest);
    crypto_base64_encode(digest, sizeof(digest), /* url */ false, out, SIGNATURE_BYTES);
    return OK;
}

static bool headers_are_whole(const struct webhook_headers *headers, int64_t *out_seconds)
{
    return headers->id != NULL && *headers->id != '\0' && strlen(headers->id) <= ID_MAX_BYTES &&
           headers->signature != NULL && headers->timestamp != NULL &&
           read_timestamp(headers->timestamp, out_seconds);
}

err webhook_verify(struct ctx *ctx, const char *secret, const struct webhook_headers *headers,
    const char *body, size_t body_len, int64_t now_s)
{
    if (secret == NULL || *secret == '\0') {
        return fail(ctx, ERR_UNAVAILABLE, "no webhook secret is configured");
    }
    struct message message = {.id = headers->id, .body = body, .body_len = body_len};
    if (!headers_are_whole(headers, &message.seconds)) {
        return fail(ctx, ERR_BAD_REQUEST, "webhook headers are missing or malformed");
    }
    if (message.seconds < now_s - TOLERANCE_SECONDS ||
        message.seconds > now_s + TOLERANCE_SECONDS) {
        return fail(ctx, ERR_BAD_REQUEST, "webhook timestamp is out of the window");
    }
    char expected[SIGNATURE_BYTES];
    TRY(sign(ctx, secret, &message, expected));
    if (!any_fits(headers->signature, expected)) {
        return fail(ctx, ERR_BAD_REQUEST, "webhook signature does not fit");
    }
    return OK;
}

err webhook_sign(struct ctx *ctx, const char *secret, const struct webhook_headers *headers,
    const char *body, size_t body_len, const char **out)
{
    struct message message = {.id = headers->id, .body = body, .body_len = body_len};
    if (!read_timestamp(headers->timestamp, &message.seconds)) {
        return fail(ctx, ERR_BAD_REQUEST, "webhook timestamp is malformed");
    }
    char signature[SIGNATURE_BYTES];
    TRY(sign(ctx, secret, &message, signature));
    *out = arena_printf(ctx->arena, "v1,%s", signature);
    return OK;
}
