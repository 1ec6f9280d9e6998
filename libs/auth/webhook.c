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

static err sign(struct ctx *ctx, const uint8_t *key, size_t key_len, const char *id,
    int64_t seconds, const char *body, size_t body_len, char out[48])
{
    struct buf buf;
    buf_init(&buf, ctx->arena, body_len + ID_MAX_BYTES,
        LIMIT_BODY_WEBHOOK_BYTES + 2 * ID_MAX_BYTES);
    buf_str(&buf, id);
    buf_char(&buf, '.');
    buf_i64(&buf, seconds);
    buf_char(&buf, '.');
    buf_add(&buf, body, body_len);
    const char *text = NULL;
    size_t len = 0;
    TRY(buf_finish(ctx, &buf, &text, &len));
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_hmac_sha256(key, key_len, text, len, digest);
    crypto_base64_encode(digest, sizeof(digest), /* url */ false, out, 48);
    return OK;
}

err webhook_verify(struct ctx *ctx, const char *secret, const struct webhook_headers *headers,
    const char *body, size_t body_len, int64_t now_s)
{
    if (secret == NULL || *secret == '\0') {
        return fail(ctx, ERR_UNAVAILABLE, "no webhook secret is configured");
    }
    uint8_t key[KEY_MAX_BYTES];
    size_t key_len = 0;
    if (!read_key(secret, key, &key_len)) {
        return fail(ctx, ERR_UNAVAILABLE, "the webhook secret is not base64");
    }
    int64_t seconds = 0;
    if (headers->id == NULL || *headers->id == '\0' || strlen(headers->id) > ID_MAX_BYTES ||
        headers->signature == NULL || headers->timestamp == NULL ||
        !read_timestamp(headers->timestamp, &seconds)) {
        return fail(ctx, ERR_BAD_REQUEST, "webhook headers are missing or malformed");
    }
    if (seconds < now_s - TOLERANCE_SECONDS || seconds > now_s + TOLERANCE_SECONDS) {
        return fail(ctx, ERR_BAD_REQUEST, "webhook timestamp is out of the window");
    }
    char expected[48];
    TRY(sign(ctx, key, key_len, headers->id, seconds, body, body_len, expected));
    return any_fits(headers->signature, expected)
               ? OK
               : fail(ctx, ERR_BAD_REQUEST, "webhook signature does not fit");
}
