#include "db/sqlstate.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/ctx.h"
#include "db/db.h"

/* The first row that is a prefix of the SQLSTATE decides. */
static const struct {
    const char *prefix;
    enum err_code code;
} codes[] = {
    {"23505", ERR_CONFLICT},    /* unique */
    {"23503", ERR_CONFLICT},    /* foreign key */
    {"23P01", ERR_CONFLICT},    /* exclusion */
    {"23", ERR_INVALID},        /* check, not null */
    {"22000", ERR_INTERNAL},    /* vector of a wrong dimension: our own data */
    {"22", ERR_INVALID},        /* too long, out of range, malformed */
    {"40001", ERR_UNAVAILABLE}, /* serialisation failure */
    {"40P01", ERR_UNAVAILABLE}, /* deadlock */
    {"55P03", ERR_UNAVAILABLE}, /* lock not available in time */
    {"57014", ERR_TIMEOUT},     /* statement_timeout, cancelled */
    {"57P0", ERR_UNAVAILABLE},  /* shutdown, crash, starting up, idle session */
    {"08", ERR_UNAVAILABLE},    /* connection */
    {"53", ERR_UNAVAILABLE},    /* disk, memory, connections */
    {"25006", ERR_UNAVAILABLE}, /* read only: fail-over */
    {"25P03", ERR_UNAVAILABLE}, /* idle in transaction for too long */
};

static enum err_code code_of(const char *state)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strncmp(state, codes[i].prefix, strlen(codes[i].prefix)) == 0) {
            return codes[i].code;
        }
    }
    return ERR_INTERNAL;
}

/* "" without one: libpq itself reports a lost connection. */
static const char *state_of(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state == NULL ? "" : state;
}

/* Class 42 is about names in our own statement; other messages may hold values. */
static const char *safe_message(const PGresult *result)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return message == NULL || strncmp(state_of(result), "42", 2) != 0 ? "" : message;
}

err db_sqlstate_fail(struct ctx *ctx, const char *statement, const PGresult *result)
{
    const char *state = state_of(result);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const enum err_code code = *state == '\0' ? ERR_UNAVAILABLE : code_of(state);
    const err e = fail(ctx, code, "%s: SQLSTATE %s %s%s%s", statement,
        *state == '\0' ? "(connection lost)" : state, safe_message(result),
        constraint == NULL ? "" : "constraint ", constraint == NULL ? "" : constraint);
    if (code == ERR_UNAVAILABLE) {
        ctx->error.retry_after_s = 1;
    }
    return e;
}

bool db_violated(const struct ctx *ctx, const char *constraint)
{
    char suffix[80]; /* names have at most 63 bytes */
    snprintf(suffix, sizeof(suffix), "constraint %s", constraint);
    const size_t len = strlen(suffix);
    const size_t text_len = strlen(ctx->error.text);
    return (ctx->error.code == ERR_CONFLICT || ctx->error.code == ERR_INVALID) && text_len >= len &&
           strcmp(ctx->error.text + text_len - len, suffix) == 0;
}

bool db_only_reads(const struct ctx *ctx)
{
    return ctx->error.code == ERR_UNAVAILABLE &&
           (strstr(ctx->error.text, "SQLSTATE 25006") != NULL ||
               strstr(ctx->error.text, "SQLSTATE 53100") != NULL);
}

bool db_sqlstate_is_transient(const PGresult *result)
{
    const char *state = state_of(result);
    return strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0;
}

/* 0A000 says many things; in an EXECUTE of ours only "cached plan must not change result type" comes up. */
bool db_sqlstate_is_stale(const PGresult *result)
{
    const char *state = state_of(result);
    return strcmp(state, "26000") == 0 || strcmp(state, "0A000") == 0;
}
