#include "db/history.h"

#include <ctype.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/embed.h"
#include "db/url.h"

static const char session[] =
    "-c timezone=UTC -c datestyle=ISO -c search_path=public -c client_min_messages=warning "
    "-c client_connection_check_interval=1s"; /* a killed migration lets go of its locks soon */

err history_connect(struct ctx *ctx, const char *url,
    err (*fn)(struct ctx *ctx, PGconn *pg, void *arg), void *arg)
{
    struct db_params params;
    if (!db_url_params(ctx->arena, url, "migrate", session, &params)) {
        return fail(ctx, ERR_UNAVAILABLE, "the database URL is not valid");
    }
    PGconn *pg = PQconnectdbParams(params.keywords, params.values, /* expand_dbname= */ 0);
    const err e = PQstatus(pg) == CONNECTION_OK
                      ? fn(ctx, pg, arg)
                      : fail(ctx, ERR_UNAVAILABLE, "no connection: %s", PQerrorMessage(pg));
    PQfinish(pg);
    return e;
}

static void clear_result(void *result)
{
    PQclear(result);
}

static err query_failed(struct ctx *ctx, PGconn *pg, const char *what, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL) {
        return fail(ctx, ERR_UNAVAILABLE, "%s: %s", what, PQerrorMessage(pg));
    }
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    return fail(ctx, strcmp(state, "55P03") == 0 ? ERR_UNAVAILABLE : ERR_INTERNAL,
        "%s: SQLSTATE %s %s%s%s", what, state, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
        position == NULL ? "" : " at character ", position == NULL ? "" : position);
}

err history_ask(struct ctx *ctx, PGconn *pg, const struct history_query *query, PGresult **out)
{
    PGresult *result = query->values == NULL
                           ? PQexec(pg, query->sql)
                           : PQexecParams(pg, query->sql, query->count, /* paramTypes= */ NULL,
                                 query->values, /* paramLengths= */ NULL, /* paramFormats= */ NULL,
                                 /* resultFormat= */ 0);
    const ExecStatusType status = PQresultStatus(result);
    arena_defer(ctx->arena, clear_result, result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        return query_failed(ctx, pg, query->what, result);
    }
    if (out != NULL) {
        *out = result;
    }
    return OK;
}

const char *history_checksum(struct ctx *ctx, const struct embed *file)
{
    char *hex = arena_alloc(ctx->arena, 2 * CRYPTO_SHA256_LEN + 1);
    crypto_sha256_hex(file->data, file->size, CRYPTO_SHA256_LEN, hex);
    return hex;
}

static int64_t leading_number(const char *text)
{
    int64_t number = 0;
    for (; isdigit((unsigned char)*text) && number < INT32_MAX / 10; text++) {
        number = number * 10 + (*text - '0');
    }
    return number;
}

/* Entries without their history. The versions must rise, so that the order is the same everywhere. */
static err list_files(struct ctx *ctx, const struct migrate_plan *plan, struct migrate_entry **out,
    int *out_count)
{
    int count = 0;
    while (plan->files[count].name != NULL) {
        count++;
    }
    struct migrate_entry *entries = ARENA_ARRAY(ctx->arena, struct migrate_entry, (size_t)count);
    for (int i = 0; i < count; i++) {
        const char *name = plan->files[i].name;
        entries[i] = (struct migrate_entry){.version = leading_number(name),
            .name = name,
            .checksum = history_checksum(ctx, &plan->files[i])};
        if (entries[i].version <= (i == 0 ? 0 : entries[i - 1].version)) {
            return fail(ctx, ERR_INTERNAL, "%s is out of order", name);
        }
    }
    *out = entries;
    *out_count = count;
    return OK;
}

static err table_exists(struct ctx *ctx, PGconn *pg, const char *table, bool *out)
{
    PGresult *result = NULL;
    TRY(history_ask(ctx, pg,
        &(struct history_query){.what = "catalogue",
            .sql = "SELECT to_regclass('public.' || $1) IS NOT NULL",
            .values = (const char *const[]){table},
            .count = 1},
        &result));
    *out = PQgetvalue(result, 0, 0)[0] == 't';
    return OK;
}

static int find_version(const struct migrate_entry *entries, int count, int64_t version)
{
    for (int i = 0; i < count; i++) {
        if (entries[i].version == version) {
            return i;
        }
    }
    return -1;
}

static err read_applied(struct ctx *ctx, PGconn *pg, struct migrate_entry *entries, int count)
{
    PGresult *rows = NULL;
    TRY(history_ask(ctx, pg,
        &(struct history_query){.what = "schema_migrations",
            .sql = "SELECT version, checksum, applied_at, name FROM schema_migrations"},
        &rows));
    for (int row = 0; row < PQntuples(rows); row++) {
        const int i = find_version(entries, count, leading_number(PQgetvalue(rows, row, 0)));
        if (i < 0) {
            return fail(ctx, ERR_CONFLICT, "the database is newer than this program: it has %s",
                PQgetvalue(rows, row, 3));
        }
        const char *remembered = PQgetvalue(rows, row, 1);
        entries[i].applied = true;
        entries[i].changed = strcmp(entries[i].checksum, remembered) != 0;
        entries[i].checksum = remembered;
        clock_parse(PQgetvalue(rows, row, 2), (size_t)PQgetlength(rows, row, 2),
            &entries[i].applied_at_us);
    }
    return OK;
}

err history_read(struct ctx *ctx, PGconn *pg, const struct migrate_plan *plan,
    struct migrate_entry **out, int *out_count)
{
    struct migrate_entry *entries = NULL;
    int count = 0;
    bool any = false;
    TRY(list_files(ctx, plan, &entries, &count));
    TRY(table_exists(ctx, pg, "schema_migrations", &any));
    if (any) {
        TRY(read_applied(ctx, pg, entries, count));
    }
    *out = entries;
    *out_count = count;
    return OK;
}

err history_product(struct ctx *ctx, PGconn *pg, const char **out)
{
    bool any = false;
    TRY(table_exists(ctx, pg, "settings", &any));
    *out = "";
    if (!any) {
        return OK;
    }
    PGresult *rows = NULL;
    TRY(history_ask(ctx, pg,
        &(struct history_query){.what = "settings",
            .sql = "SELECT value #>> '{}' FROM settings WHERE key = 'product_id'"},
        &rows));
    if (PQntuples(rows) == 1) {
        *out = PQgetvalue(rows, 0, 0);
    }
    return OK;
}
