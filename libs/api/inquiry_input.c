#include "api/inquiry_input.h"

#include <string.h>

#include "api/chat_input.h"
#include "api/input.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/crypto.h"
#include "core/services.h"
#include "http/address.h"
#include "http/call.h"
#include "http/server.h"

#define HOUR_S 3600
#define KEY_MAX 56

static err take(struct call *call, const char *group)
{
    char room[KEY_MAX];
    struct buf key = buf_over(room, sizeof(room));
    int64_t remaining = 0;
    buf_str(&key, "inquiry:");
    buf_str(&key, group);
    return call_take(call, buf_text(&key),
        http_server_options(call->server)->config->rate_limit_inquiries_per_hour, HOUR_S,
        &remaining);
}

/* Keyed: there are so few addresses that a plain hash of one could be undone. */
static const char *hash_address(struct call *call, const char *group)
{
    const struct http_options *options = http_server_options(call->server);
    uint8_t mac[CRYPTO_SHA256_LEN];
    char *hex = arena_alloc_raw(call->ctx->arena, 2 * CRYPTO_SHA256_LEN + 1);
    crypto_hmac_sha256(options->signing_key, sizeof(options->signing_key), group, strlen(group),
        mac);
    crypto_hex(mac, sizeof(mac), hex);
    return hex;
}

err inquiry_send(struct call *call, const struct inquiry_draft *draft, int64_t *out_id)
{
    char group[ADDRESS_LEN];
    struct chat_caller caller;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    address_group(call->client_address, group);
    TRY(take(call, group));
    const struct inquiry_sender sender = {
        .user_id = caller.user_id,
        .session = caller.session,
        .ip_hash = hash_address(call, group),
        .request_id = call->ctx->request_id,
    };
    return inquiries_create(call->ctx, call->services->db, &sender, draft, out_id);
}

const char *inquiry_link(struct call *call, const char *before, int64_t id, const char *behind)
{
    return arena_printf(call->ctx->arena, "%s%s%lld%s",
        http_server_options(call->server)->config->api_v1_prefix, before, (long long)id, behind);
}
