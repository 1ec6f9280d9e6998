#include "svc/idempotency.h"

#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "db/db.h"
#include "svc/sql.h"

struct idempotency_row {
    struct field_set has;
    const char *state;
    int64_t http_status;
    const char *response;
};
static const struct field idempotency_row_fields[] = {
    FIELD_STR(struct idempotency_row, state, "ours, running, reused, lost or done"),
    FIELD_I64(struct idempotency_row, http_status, "Of the stored reply", .nullable = true),
    FIELD_STR(struct idempotency_row, response, "Stored body, sealed, base64", .nullable = true),
};

static struct crypto_seal seal_of(struct ctx *ctx, const struct idempotency *idempotency,
    const char *const record[3])
{
    return (struct crypto_seal){
        idempotency->key, arena_printf(ctx->arena, "%s\n%s\n%s", record[0], record[1], record[2])};
}

/* NULL: another key sealed it, or none. */
static const char *unseal(struct ctx *ctx, const struct crypto_seal *seal, const char *base64)
{
    const size_t text_len = strlen(base64);
    uint8_t *sealed = arena_alloc(ctx->arena, text_len + 1);
    const long len = crypto_base64_decode(base64, text_len, /* url */ false, sealed, text_len);
    char *out = arena_alloc(ctx->arena, text_len + 1); /* zeroed: ends with NUL */
    const bool opened = len >= 0 && crypto_unseal(seal, sealed, (size_t)len, (uint8_t *)out);
    return opened ? out : NULL;
}

/* No request outlives its own deadline; twice that, and the run is dead. */
#define DEAD_AFTER_SECONDS (2 * LIMIT_CHAT_REQUEST_MS / 1000)

static err begin(struct ctx *ctx, void *arg, const char *principal, const char *route,
    const char *key, const uint8_t body_hash[32], int *out_status, const char **out_body)
{
    char hash[2 * CRYPTO_SHA256_LEN + 1];
    crypto_hex(body_hash, CRYPTO_SHA256_LEN, hash);
    struct idempotency_row row = {0};
    const struct db_args args = DB_ARGS(DB_TEXT(principal), DB_TEXT(route), DB_TEXT(key),
        DB_TEXT(hash), DB_I64(DEAD_AFTER_SECONDS));
    const struct idempotency *idempotency = arg;
    const struct crypto_seal seal =
        seal_of(ctx, idempotency, (const char *const[]){principal, route, key});
    const err found = db_one(ctx, idempotency->db, &SQL_idempotency_begin, args,
        SHAPE_SET(idempotency_row), &row);
    if (found.code == ERR_NOT_FOUND) {
        err_clear(
            ctx); /* taken by another request while this statement ran: its snapshot shows neither */
        row.state = "running";
    } else {
        TRY(found);
    }
    if (strcmp(row.state, "reused") == 0) {
        return fail_public(ctx, ERR_INVALID, CODE_IDEMPOTENCY_KEY_REUSED,
            "This Idempotency-Key was used with another body");
    }
    if (strcmp(row.state, "running") == 0) {
        return fail_public(ctx, ERR_CONFLICT, CODE_IDEMPOTENCY_IN_PROGRESS,
            "A request with this Idempotency-Key is still running");
    }
    const bool done = strcmp(row.state, "done") == 0 && row.response != NULL;
    *out_body = done ? unseal(ctx, &seal, row.response) : NULL;
    if (strcmp(row.state, "lost") == 0 || (done && *out_body == NULL)) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "This request was carried out, but its reply was lost");
    }
    *out_status = (int)row.http_status;
    return OK;
}

static err finish(struct ctx *ctx, void *arg, const char *principal, const char *route,
    const char *key, int status, const char *body, size_t body_len)
{
    const struct idempotency *idempotency = arg;
    const struct crypto_seal seal =
        seal_of(ctx, idempotency, (const char *const[]){principal, route, key});
    if (status == 0) {
        return db_exec(ctx, idempotency->db, &SQL_idempotency_forget,
            DB_ARGS(DB_TEXT(principal), DB_TEXT(route), DB_TEXT(key)), /* out_affected */ NULL);
    }
    const size_t len = body == NULL ? 0 : body_len;
    uint8_t *sealed = arena_alloc(ctx->arena, len + CRYPTO_SEAL_MORE);
    crypto_seal(&seal, body == NULL ? "" : body, len, sealed);
    return db_exec(ctx, idempotency->db, &SQL_idempotency_finish,
        DB_ARGS(DB_TEXT(principal), DB_TEXT(route), DB_TEXT(key), DB_I64(status),
            DB_BINARY(sealed, (int)(len + CRYPTO_SEAL_MORE))),
        /* out_affected */ NULL);
}

err idempotency_before_commit(struct ctx *ctx, struct db *tx)
{
    const struct ctx_once *once = ctx->once;
    int64_t marked = 0;
    TRY(db_exec(ctx, tx, &SQL_idempotency_mark,
        DB_ARGS(DB_TEXT(once->principal), DB_TEXT(once->route), DB_TEXT(once->key)), &marked));
    return marked == 1 ? OK : fail(ctx, ERR_CONFLICT, "the record of the key is gone");
}

struct idempotency_store idempotency_store_of(struct idempotency *idempotency)
{
    return (struct idempotency_store){begin, finish, idempotency};
}
