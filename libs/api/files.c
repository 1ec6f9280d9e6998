#include "api/files.h"

#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/embed.h"
#include "http/call.h"

#define ETAG_BYTES 16

const char *files_etag(struct call *call, const void *data, size_t size)
{
    char *hex = arena_alloc(call->ctx->arena, 2 * ETAG_BYTES + 1);
    crypto_sha256_hex(data, size, ETAG_BYTES, hex);
    return hex;
}

err files_reply(struct call *call, const struct embed *files, const char *name, const char *type)
{
    for (const struct embed *file = files; file->name != NULL; file++) {
        if (strcmp(file->name, name) == 0) {
            call->raw = (const char *)file->data;
            call->raw_len = file->size;
            call->raw_type = type;
            call->raw_encoding = "gzip";
            call->etag = files_etag(call, file->data, file->size);
            return OK;
        }
    }
    return fail(call->ctx, ERR_INTERNAL, "file %s is not embedded", name);
}
