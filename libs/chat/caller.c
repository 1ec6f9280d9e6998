#include "chat/caller.h"

#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"

struct db_arg caller_user(const struct chat_caller *caller)
{
    return DB_ID(caller->user_id);
}

struct db_arg caller_session(struct ctx *ctx, const struct chat_caller *caller)
{
    if (caller->session == NULL) {
        return DB_NULL();
    }
    char *hex = arena_alloc_raw(ctx->arena, 2 * CRYPTO_SHA256_LEN + 1);
    crypto_sha256_hex(caller->session, strlen(caller->session), CRYPTO_SHA256_LEN, hex);
    return DB_TEXT(hex);
}

err caller_found(struct ctx *ctx, err found)
{
    return found.code != ERR_NOT_FOUND
               ? found
               : fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Conversation not found");
}
