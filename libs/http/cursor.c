#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "core/utf8.h"
#include "http/call.h"
#include "http/server.h"

/* Text of a cursor: base64url of mac | id (8 bytes, big endian) | kind | value. */
#define MAC_BYTES 16
#define ID_BYTES 8
#define HEAD_BYTES (MAC_BYTES + ID_BYTES + 1)
#define RAW_MAX (LIMIT_CURSOR_BYTES / 4 * 3)
#define VALUE_MAX (RAW_MAX - HEAD_BYTES)

enum value_kind { VALUE_NONE, VALUE_TEXT };

/* The name of the route and the sort order are signed too, so a cursor fits nowhere else. Each part has its length
 * in front: no two lists of parts give the same bytes. */
static void sign(struct call *call, const char *sort, const uint8_t *payload, size_t len,
    uint8_t out[CRYPTO_SHA256_LEN])
{
    const struct http_options *options = http_server_options(call->server);
    const char *bound =
        arena_printf(call->ctx->arena, "cursor/%zu:%s/%zu:%s/%zu:%s/", strlen(options->product_id),
            options->product_id, strlen(call->ctx->route), call->ctx->route, strlen(sort), sort);
    const size_t bound_len = strlen(bound);
    uint8_t *text = arena_alloc_raw(call->ctx->arena, bound_len + len);
    memcpy(text, bound, bound_len);
    memcpy(text + bound_len, payload, len);
    crypto_hmac_sha256(options->signing_key, sizeof(options->signing_key), text, bound_len + len,
        out);
}

err cursor_read(struct call *call, const char *text, const char *sort, struct cursor *out)
{
    if (text == NULL || text[0] == '\0') {
        *out = (struct cursor){.value = NULL};
        return OK;
    }
    uint8_t raw[RAW_MAX];
    uint8_t mac[CRYPTO_SHA256_LEN];
    const long len = crypto_base64_decode(text, strlen(text), /* url= */ true, raw, sizeof(raw));
    if (len < HEAD_BYTES) {
        return fail_field(call->ctx, "cursor", CODE_VALIDATION_ERROR,
            "is not a cursor of this list");
    }
    sign(call, sort, raw + MAC_BYTES, (size_t)len - MAC_BYTES, mac);
    if (!crypto_equal(mac, raw, MAC_BYTES)) {
        return fail_field(call->ctx, "cursor", CODE_VALIDATION_ERROR,
            "is not a cursor of this list");
    }
    uint64_t id = 0;
    for (size_t i = 0; i < ID_BYTES; i++) {
        id = id << 8 | raw[MAC_BYTES + i];
    }
    const char *value = NULL;
    if (raw[HEAD_BYTES - 1] == VALUE_TEXT) {
        value = arena_strndup(call->ctx->arena, (const char *)raw + HEAD_BYTES,
            (size_t)len - HEAD_BYTES);
    }
    *out = (struct cursor){.value = value, .id = (int64_t)id};
    return OK;
}

const char *cursor_write(struct call *call, const char *sort, const struct cursor *cursor)
{
    const size_t value_len = cursor->value == NULL ? 0 : strlen(cursor->value);
    if (value_len > VALUE_MAX) {
        return NULL;
    }
    uint8_t raw[RAW_MAX];
    uint8_t mac[CRYPTO_SHA256_LEN];
    for (size_t i = 0; i < ID_BYTES; i++) {
        raw[MAC_BYTES + i] = (uint8_t)((uint64_t)cursor->id >> (8 * (ID_BYTES - 1 - i)));
    }
    raw[HEAD_BYTES - 1] = cursor->value == NULL ? VALUE_NONE : VALUE_TEXT;
    if (value_len > 0) {
        memcpy(raw + HEAD_BYTES, cursor->value, value_len);
    }
    sign(call, sort, raw + MAC_BYTES, HEAD_BYTES - MAC_BYTES + value_len, mac);
    memcpy(raw, mac, MAC_BYTES);
    char *text = arena_alloc_raw(call->ctx->arena, LIMIT_CURSOR_BYTES + 1);
    const long len = crypto_base64_encode(raw, HEAD_BYTES + value_len, /* url= */ true, text,
        LIMIT_CURSOR_BYTES + 1);
    return len < 0 ? NULL : text;
}
