#include "db/validate.h"

#include <stddef.h>
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "db/history.h"

#define NAME_OF_NONE "none"

/* One side: a connection inside a transaction that sees one moment and cannot write. */
struct side {
    const char *label; /* "source" or "target", for failures */
    PGconn *pg;
    PGresult *tables;    /* name, columns as SQL, columns as an array */
    PGresult *sequences; /* name, position */
    int migrations;
};

struct comparison {
    const char *to_url;
    struct side from, to;
    struct validate_report *report;
};

/* Tables that migrations write to themselves: by these keys it is told which rows the source had. */
static const struct grows {
    const char *table, *key;
} grows[] = {{"public.schema_migrations", "version"}, {"public.settings", "key"}};

static err ask(struct ctx *ctx, const struct side *side, const char *what, const char *sql,
    PGresult **out)
{
    return history_ask(ctx, side->pg,
        &(struct history_query){
            .what = arena_printf(ctx->arena, "%s: %s", side->label, what), .sql = sql},
        out);
}

/* As the database's owner where the role may become that, like a migration; rows that a policy would hide are an
 * error. */
static const char become_owner[] =
    "SELECT set_config('role', pg_get_userbyid(datdba), true) FROM pg_database "
    "WHERE datname = current_database() AND pg_has_role(datdba, 'MEMBER')";

static const char list_tables[] =
    "SELECT format('%I.%I', n.nspname, c.relname), "
    "coalesce((SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) "
    "FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "AND a.attgenerated = ''), ''), "
    "ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 "
    "AND NOT a.attisdropped AND a.attgenerated = '')::text "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' "
    "AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' "
    "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass "
    "AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1";

/* A position that the role may not see looks like one of a sequence that was never used. */
static const char list_sequences[] =
    "SELECT format('%I.%I', schemaname, sequencename), "
    "CASE WHEN NOT has_sequence_privilege(format('%I.%I', schemaname, sequencename), "
    "'USAGE, SELECT') THEN 'may not be read' "
    "ELSE coalesce('at ' || last_value::text, 'not used') END FROM pg_sequences ORDER BY 1";

static int find_row(const PGresult *rows, const char *name)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        if (strcmp(PQgetvalue(rows, i, 0), name) == 0) {
            return i;
        }
    }
    return -1;
}

static err look_at(struct ctx *ctx, struct side *side)
{
    TRY(ask(ctx, side, "snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL));
    TRY(ask(ctx, side, "policies", "SET LOCAL row_security = off", NULL));
    TRY(ask(ctx, side, "owner", become_owner, NULL));
    TRY(ask(ctx, side, "tables", list_tables, &side->tables));
    TRY(ask(ctx, side, "sequences", list_sequences, &side->sequences));
    if (find_row(side->tables, "public.schema_migrations") >= 0) {
        PGresult *rows = NULL;
        TRY(ask(ctx, side, "migrations", "SELECT version FROM public.schema_migrations", &rows));
        side->migrations = PQntuples(rows);
    }
    return OK;
}

static void tell(struct comparison *c, const struct validate_line *line)
{
    c->report->lines++;
    c->report->differences += line->differs;
    c->report->tell(c->report->arg, line);
}

/* The sum of the rows' digests: the same in any order, and twice the same row is not no row. */
static err digest(struct ctx *ctx, const struct side *side, const char *table, const char *sql,
    const char **out)
{
    PGresult *rows = NULL;
    const char *whole = arena_printf(ctx->arena,
        "SELECT count(*), left(md5(coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)"
        " || ' ' || coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint::numeric), 0)), 16) "
        "FROM (SELECT encode(sha256(convert_to(r::text, 'UTF8')), 'hex') AS h FROM (%s) r) d",
        sql);
    TRY(ask(ctx, side, table, whole, &rows));
    *out = arena_printf(ctx->arena, "%s rows, %s", PQgetvalue(rows, 0, 0), PQgetvalue(rows, 0, 1));
    return OK;
}

/* Only the rows whose key the source has, where a migration may have added some. */
static err add_keys(struct ctx *ctx, const struct comparison *c, const char *table,
    const char **out)
{
    *out = "";
    for (size_t i = 0; i < sizeof(grows) / sizeof(grows[0]); i++) {
        if (strcmp(grows[i].table, table) == 0 && c->to.migrations > c->from.migrations) {
            PGresult *keys = NULL;
            TRY(ask(ctx, &c->from, table,
                arena_printf(ctx->arena, "SELECT quote_literal(array_agg(%s::text)) FROM %s",
                    grows[i].key, table),
                &keys));
            *out = arena_printf(ctx->arena, " WHERE %s::text = ANY (%s::text[])", grows[i].key,
                PQgetisnull(keys, 0, 0) ? "'{}'" : PQgetvalue(keys, 0, 0));
        }
    }
    return OK;
}

/* NULL: the target has all columns of the source's row. */
static err missing_columns(struct ctx *ctx, const struct comparison *c, int row, const char **out)
{
    PGresult *rows = NULL;
    const struct history_query query = {
        .what = "columns",
        .sql = "SELECT string_agg(wanted, ', ') FROM unnest($2::text[]) wanted WHERE NOT EXISTS "
               "(SELECT FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 "
               "AND NOT a.attisdropped AND a.attname = wanted)",
        .values = (const char *const[]){PQgetvalue(c->from.tables, row, 0),
            PQgetvalue(c->from.tables, row, 2)},
        .count = 2,
    };
    TRY(history_ask(ctx, c->to.pg, &query, &rows));
    *out = PQgetisnull(rows, 0, 0) ? NULL : PQgetvalue(rows, 0, 0);
    return OK;
}

static err compare_table(struct ctx *ctx, struct comparison *c, int row)
{
    const char *name = PQgetvalue(c->from.tables, row, 0);
    const char *columns = PQgetvalue(c->from.tables, row, 1);
    struct validate_line line = {.kind = "table", .name = name, .to = NAME_OF_NONE};
    const char *missing = NULL;
    const char *keys = NULL;
    TRY(digest(ctx, &c->from, name, arena_printf(ctx->arena, "SELECT %s FROM %s", columns, name),
        &line.from));
    if (find_row(c->to.tables, name) >= 0) {
        TRY(missing_columns(ctx, c, row, &missing));
        TRY(add_keys(ctx, c, name, &keys));
        if (missing != NULL) {
            line.to = arena_printf(ctx->arena, "without the columns %s", missing);
        } else {
            TRY(digest(ctx, &c->to, name,
                arena_printf(ctx->arena, "SELECT %s FROM %s%s", columns, name, keys), &line.to));
        }
    }
    line.differs = strcmp(line.from, line.to) != 0;
    tell(c, &line);
    return OK;
}

static err compare_tables(struct ctx *ctx, struct comparison *c)
{
    for (int row = 0; row < PQntuples(c->from.tables); row++) {
        TRY(compare_table(ctx, c, row));
    }
    for (int row = 0; row < PQntuples(c->to.tables); row++) {
        const char *name = PQgetvalue(c->to.tables, row, 0);
        if (find_row(c->from.tables, name) < 0) {
            struct validate_line line = {.kind = "table",
                .name = name,
                .from = NAME_OF_NONE,
                .differs = c->to.migrations <= c->from.migrations};
            TRY(digest(ctx, &c->to, name, arena_printf(ctx->arena, "SELECT * FROM %s", name),
                &line.to));
            tell(c, &line);
        }
    }
    return OK;
}

/* A sequence of the target alone belongs to a table that was told of already. */
static void compare_sequences(struct comparison *c)
{
    for (int row = 0; row < PQntuples(c->from.sequences); row++) {
        const char *name = PQgetvalue(c->from.sequences, row, 0);
        const int there = find_row(c->to.sequences, name);
        struct validate_line line = {
            .kind = "sequence",
            .name = name,
            .from = PQgetvalue(c->from.sequences, row, 1),
            .to = there < 0 ? NAME_OF_NONE : PQgetvalue(c->to.sequences, there, 1),
        };
        line.differs = strcmp(line.from, line.to) != 0 || strcmp(line.from, "may not be read") == 0;
        tell(c, &line);
    }
}

static err with_target(struct ctx *ctx, PGconn *pg, void *arg)
{
    struct comparison *c = arg;
    c->to.pg = pg;
    TRY(look_at(ctx, &c->to));
    TRY(compare_tables(ctx, c));
    compare_sequences(c);
    return OK;
}

static err with_source(struct ctx *ctx, PGconn *pg, void *arg)
{
    struct comparison *c = arg;
    c->from.pg = pg;
    TRY(look_at(ctx, &c->from));
    return history_connect(ctx, c->to_url, with_target, c);
}

err validate_databases(struct ctx *ctx, const char *from_url, const char *to_url,
    struct validate_report *report)
{
    struct comparison c = {
        .to_url = to_url,
        .from = {.label = "source"},
        .to = {.label = "target"},
        .report = report,
    };
    return history_connect(ctx, from_url, with_source, &c);
}
