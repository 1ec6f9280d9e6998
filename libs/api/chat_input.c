#include "api/chat_input.h"

#include <string.h>

#include "api/input.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "http/address.h"
#include "http/call.h"
#include "http/server.h"

#define SESSION_BYTES 16
#define MINUTE_S 60
#define DAY_S 86400
#define KEY_MAX 56

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

/* kind and who, as a key of a bucket. */
static err take(struct call *call, const char *const key[2], int64_t tokens, int64_t window_s,
    int64_t *remaining)
{
    char room[KEY_MAX];
    struct buf text = buf_over(room, sizeof(room));
    int64_t left = 0;
    buf_str(&text, key[0]);
    buf_str(&text, key[1]);
    TRY(call_take(call, buf_text(&text), tokens, window_s, &left));
    *remaining = left < *remaining ? left : *remaining;
    return OK;
}

static err take_of_user(struct call *call, int64_t user_id, int64_t *remaining)
{
    const struct http_config *config = http_server_options(call->server)->config;
    const char *id = arena_printf(call->ctx->arena, "%lld", (long long)user_id);
    int64_t any = INT64_MAX;
    TRY(take(call, (const char *const[]){"chat.um:", id}, config->rate_limit_chat_user_per_minute,
        MINUTE_S, &any));
    return take(call, (const char *const[]){"chat.ud:", id}, config->rate_limit_chat_user_per_day,
        DAY_S, remaining);
}

static err take_of_session(struct call *call, const char *session, int64_t *remaining)
{
    const struct http_config *config = http_server_options(call->server)->config;
    char id[SESSION_BYTES * 2 + 1];
    int64_t any = INT64_MAX;
    crypto_sha256_hex(session, strlen(session), SESSION_BYTES, id);
    TRY(take(call, (const char *const[]){"chat.sm:", id}, config->rate_limit_chat_guest_per_minute,
        MINUTE_S, &any));
    return take(call, (const char *const[]){"chat.sd:", id}, config->rate_limit_chat_guest_per_day,
        DAY_S, remaining);
}

err chat_rate_take(struct call *call, const struct chat_caller *caller, int64_t *out_remaining)
{
    const struct http_config *config = http_server_options(call->server)->config;
    char group[ADDRESS_LEN];
    *out_remaining = INT64_MAX;
    if (caller->user_id != 0) {
        return take_of_user(call, caller->user_id, out_remaining);
    }
    if (caller->session != NULL) {
        TRY(take_of_session(call, caller->session, out_remaining));
    }
    address_group(call->client_address, group);
    return take(call, (const char *const[]){"chat.ad:", group},
        config->rate_limit_chat_address_per_day, DAY_S, out_remaining);
}
