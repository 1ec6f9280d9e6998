#include "chat/caller.h"

#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"

struct db_arg caller_user(const struct chat_caller *caller)
{
    return caller->user_id == 0 ? DB_NULL() : DB_I64(caller->user_id);
}

struct db_arg caller_session(struct ctx *ctx, const struct chat_caller *caller)
{
    if (caller->session == NULL) {
        return DB_NULL();
    }
    uint8_t digest[CRYPTO_SHA256_LEN];
    char *hex = arena_alloc_raw(ctx->arena, 2 * sizeof(digest) + 1);
    crypto_sha256(caller->session, strlen(caller->session), digest);
    crypto_hex(digest, sizeof(digest), hex);
    return DB_TEXT(hex);
}
