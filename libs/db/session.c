#include "db/session.h"

#include <stddef.h>
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "db/history.h"

/* The server, too, notices that a network has gone silent, and lets go of our locks. The threshold is what the operator <%
 * of pg_trgm calls alike. Zone and style of dates are set anew by poolers for each of their clients. */
static const struct {
    const char *name, *value;
    bool matters; /* also where the server's peer is a pooler */
} settings[] = {
    {"timezone", "UTC", .matters = false},
    {"datestyle", "ISO", .matters = false},
    {"search_path", "public", .matters = true},
    {"statement_timeout", "5s", .matters = true},
    {"lock_timeout", "2s", .matters = true},
    {"idle_in_transaction_session_timeout", "10s", .matters = true},
    {"tcp_keepalives_idle", "30", .matters = false},
    {"tcp_keepalives_interval", "10", .matters = false},
    {"tcp_keepalives_count", "3", .matters = false},
    {"pg_trgm.word_similarity_threshold", "0.3", .matters = true},
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

const char db_session_proof[] =
    "SELECT current_setting('transaction_read_only') = 'on' "
    "AND EXISTS (SELECT FROM settings WHERE key = 'product_id' AND value = to_jsonb($1::text))";

const char *db_session_options(struct arena *arena, bool read_only)
{
    const char *options = read_only ? "-c default_transaction_read_only=on" : "";
    for (size_t i = 0; i < SETTINGS; i++) {
        options = arena_printf(arena, "%s%s-c %s=%s", options, *options == '\0' ? "" : " ",
            settings[i].name, settings[i].value);
    }
    return options;
}

err db_session_is_pooled(struct ctx *ctx, PGconn *pg, bool *out)
{
    PGresult *rows = NULL;
    const struct history_query query = {.what = "process",
        .sql = "SELECT pg_backend_pid() = $1::int",
        .values = (const char *const[]){arena_printf(ctx->arena, "%d", PQbackendPID(pg))},
        .count = 1};
    TRY(history_ask(ctx, pg, &query, &rows));
    *out = strcmp(PQgetvalue(rows, 0, 0), "t") != 0;
    return OK;
}

err db_session_check(struct ctx *ctx, PGconn *pg)
{
    bool pooled = false;
    TRY(db_session_is_pooled(ctx, pg, &pooled));
    for (size_t i = 0; pooled && i < SETTINGS; i++) {
        if (!settings[i].matters) {
            continue;
        }
        PGresult *rows = NULL;
        const struct history_query query = {.what = "session",
            .sql = "SELECT coalesce(current_setting($1, true), '')",
            .values = (const char *const[]){settings[i].name},
            .count = 1};
        TRY(history_ask(ctx, pg, &query, &rows));
        const char *found = PQgetvalue(rows, 0, 0);
        if (strcmp(found, settings[i].value) != 0) {
            return fail(ctx, ERR_CONFLICT,
                "%s is \"%s\" behind the pooler: its connect_query must set it to %s",
                settings[i].name, found, settings[i].value);
        }
    }
    return OK;
}
