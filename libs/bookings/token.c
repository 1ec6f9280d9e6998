#include "bookings/token.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/field.h"
#include "core/json.h"
#include "core/limits.h"

/* Text of a token: base64url of mac | JSON of the claims. */
#define RAW_MAX (LIMIT_QUOTE_TOKEN_BYTES / 4 * 3)

static const struct field quote_claims_fields[] = {
    FIELD_I64(struct quote_claims, property_id, "Property", .required = true),
    FIELD_DATE(struct quote_claims, check_in, "First night", .required = true),
    FIELD_DATE(struct quote_claims, check_out, "Day of leaving", .required = true),
    FIELD_I64(struct quote_claims, guests, "Guests", .required = true),
    FIELD_I64(struct quote_claims, total_minor, "Price", .required = true),
    FIELD_STR(struct quote_claims, currency, "Of it", .required = true),
    FIELD_STR(struct quote_claims, cancellation_policy, "Terms", .required = true),
    FIELD_STR(struct quote_claims, lines, "What the price is made of", .required = true),
    FIELD_TIME(struct quote_claims, expires_at, "End of its time", .required = true),
};

/* The purpose is signed too, so that nothing else signed with the key fits here; its parts have their lengths in front. */
static void sign(struct ctx *ctx, const struct quote_key *key, const uint8_t *payload, size_t len,
    uint8_t out[CRYPTO_SHA256_LEN])
{
    const char *bound =
        arena_printf(ctx->arena, "quote/%zu:%s/", strlen(key->product_id), key->product_id);
    const size_t bound_len = strlen(bound);
    uint8_t *text = arena_alloc_raw(ctx->arena, bound_len + len);
    memcpy(text, bound, bound_len);
    memcpy(text + bound_len, payload, len);
    crypto_hmac_sha256(key->bytes, key->len, text, bound_len + len, out);
}

err quote_token_write(struct ctx *ctx, const struct quote_key *key,
    const struct quote_claims *claims, const char **out)
{
    static const uint8_t no_mac[CRYPTO_SHA256_LEN];
    struct buf buf;
    const char *raw = NULL;
    size_t len = 0;
    uint8_t mac[CRYPTO_SHA256_LEN];
    buf_init(&buf, ctx->arena, 1024, RAW_MAX);
    buf_add(&buf, (const char *)no_mac, sizeof(no_mac));
    field_encode(&buf, SHAPE(quote_claims), claims);
    TRY(buf_finish(ctx, &buf, &raw, &len));
    sign(ctx, key, (const uint8_t *)raw + sizeof(mac), len - sizeof(mac), mac);
    memcpy(buf.data, mac, sizeof(mac));
    const size_t room = len / 3 * 4 + 5;
    char *text = arena_alloc_raw(ctx->arena, room);
    if (crypto_base64_encode(raw, len, /* url= */ true, text, room) < 0) {
        return fail(ctx, ERR_INTERNAL, "quote token does not fit");
    }
    *out = text;
    return OK;
}

static err refuse(struct ctx *ctx, const char *why)
{
    return fail_field(ctx, "quote_token", CODE_VALIDATION_ERROR, "%s", why);
}

static bool is_for(const struct quote_claims *claims, const struct quote_claims *wanted)
{
    return claims->property_id == wanted->property_id && claims->guests == wanted->guests &&
           strcmp(claims->check_in, wanted->check_in) == 0 &&
           strcmp(claims->check_out, wanted->check_out) == 0;
}

err quote_token_read(struct ctx *ctx, const struct quote_key *key, const char *text,
    const struct quote_claims *wanted, struct quote_claims *out)
{
    uint8_t mac[CRYPTO_SHA256_LEN];
    uint8_t *raw = arena_alloc_raw(ctx->arena, RAW_MAX);
    const long len = crypto_base64_decode(text, strlen(text), /* url= */ true, raw, RAW_MAX);
    if (len < (long)sizeof(mac)) {
        return refuse(ctx, "is not a quote of ours");
    }
    const uint8_t *payload = raw + sizeof(mac);
    const size_t payload_len = (size_t)len - sizeof(mac);
    const struct json *json = NULL;
    sign(ctx, key, payload, payload_len, mac);
    if (!crypto_equal(mac, raw, sizeof(mac))) {
        return refuse(ctx, "is not a quote of ours");
    }
    TRY(json_parse(ctx, (const char *)payload, payload_len, &json));
    TRY(field_decode(ctx, SHAPE(quote_claims), json, out));
    if (!is_for(out, wanted)) {
        return refuse(ctx, "is for another stay");
    }
    if (out->expires_at <= clock_wall_us(ctx->clock)) {
        return fail_public(ctx, ERR_GONE, CODE_QUOTE_EXPIRED, "The quote is no longer valid");
    }
    return OK;
}
