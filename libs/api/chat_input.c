#include "api/chat_input.h"

#include <string.h>

#include "api/input.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "http/address.h"
#include "http/call.h"
#include "http/server.h"

#define SESSION_BYTES 16
#define MINUTE_S 60
#define DAY_S 86400
#define LIMITS_MAX 3

err chat_caller_read(struct call *call, const char *given, struct chat_caller *out)
{
    const char *session = given != NULL ? given : call_header(call, "x-session-id");
    if (session != NULL && !input_is_session(session)) {
        return fail_field(call->ctx, given != NULL ? "session_id" : "X-Session-Id",
            CODE_VALIDATION_ERROR, "must be 22 to 64 of A-Z a-z 0-9 _ -");
    }
    *out = (struct chat_caller){call->principal.user_id, session};
    return OK;
}

const char *chat_session_mint(struct call *call)
{
    char *hex = arena_alloc_raw(call->ctx->arena, 2 * SESSION_BYTES + 1);
    crypto_random_hex(SESSION_BYTES, hex);
    return hex;
}

/* ---- how often ---- */

struct limit {
    const char *key; /* of its bucket: what for, and whose */
    int64_t tokens, window_s;
};

static struct limit limit_of(struct call *call, const char *kind, const char *who, int64_t tokens,
    int64_t window_s)
{
    return (struct limit){arena_printf(call->ctx->arena, "%s:%s", kind, who), tokens, window_s};
}

/* In the order in which they are asked: one that refuses takes nothing of the next. */
static size_t list_limits(struct call *call, const struct chat_caller *caller,
    struct limit out[LIMITS_MAX])
{
    const struct http_config *config = http_server_options(call->server)->config;
    size_t count = 0;
    if (caller->user_id != 0) {
        const char *id = arena_printf(call->ctx->arena, "%lld", (long long)caller->user_id);
        out[count++] =
            limit_of(call, "chat.um", id, config->rate_limit_chat_user_per_minute, MINUTE_S);
        out[count++] = limit_of(call, "chat.ud", id, config->rate_limit_chat_user_per_day, DAY_S);
        return count;
    }
    char who[ADDRESS_LEN];
    if (caller->session != NULL) {
        crypto_sha256_hex(caller->session, strlen(caller->session), SESSION_BYTES, who);
        out[count++] =
            limit_of(call, "chat.sm", who, config->rate_limit_chat_guest_per_minute, MINUTE_S);
        out[count++] = limit_of(call, "chat.sd", who, config->rate_limit_chat_guest_per_day, DAY_S);
    }
    address_group(call->client_address, who);
    out[count++] = limit_of(call, "chat.ad", who, config->rate_limit_chat_address_per_day, DAY_S);
    return count;
}

err chat_rate_take(struct call *call, const struct chat_caller *caller, int64_t *out_remaining)
{
    struct limit limits[LIMITS_MAX];
    const size_t count = list_limits(call, caller, limits);
    int64_t remaining = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        int64_t left = 0;
        TRY(call_take(call, limits[i].key, limits[i].tokens, limits[i].window_s, &left));
        remaining = limits[i].window_s == DAY_S && left < remaining ? left : remaining;
    }
    *out_remaining = remaining;
    return OK;
}

int64_t chat_rate_left(struct call *call, const struct chat_caller *caller)
{
    struct limit limits[LIMITS_MAX];
    const size_t count = list_limits(call, caller, limits);
    int64_t remaining = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        if (limits[i].window_s == DAY_S) {
            const int64_t left = call_left(call, limits[i].key, limits[i].tokens, DAY_S);
            remaining = left < remaining ? left : remaining;
        }
    }
    return remaining;
}
