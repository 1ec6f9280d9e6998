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
    FIELD_STR(struct idempotency_row, response, "Stored body", .nullable = true),
};

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
    const err found =
        db_one(ctx, arg, &SQL_idempotency_begin, args, SHAPE_SET(idempotency_row), &row);
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
    if (strcmp(row.state, "lost") == 0) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "This request was carried out, but its reply was lost");
    }
    *out_status = (int)row.http_status;
    *out_body = row.response;
    return OK;
}

static err finish(struct ctx *ctx, void *arg, const char *principal, const char *route,
    const char *key, int status, const char *body, size_t body_len)
{
    if (status == 0) {
        return db_exec(ctx, arg, &SQL_idempotency_forget,
            DB_ARGS(DB_TEXT(principal), DB_TEXT(route), DB_TEXT(key)), /* out_affected */ NULL);
    }
    /* A reply is text without NUL, but not one that ends with NUL. */
    const char *text = arena_strndup(ctx->arena, body == NULL ? "" : body, body_len);
    return db_exec(ctx, arg, &SQL_idempotency_finish,
        DB_ARGS(DB_TEXT(principal), DB_TEXT(route), DB_TEXT(key), DB_I64(status), DB_TEXT(text)),
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

struct idempotency_store idempotency_store_of(struct db *db)
{
    return (struct idempotency_store){begin, finish, db};
}
