#include "faq/import.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/limits.h"
#include "db/db.h"
#include "faq/admin.h"
#include "faq/change.h"
#include "faq/csv.h"
#include "faq/import_rows.h"
#include "faq/sql.h"
#include "jobs/jobs.h"

/* JSON of what was read: escaping makes it longer, at worst sixfold. */
#define ROWS_MAX_BYTES ((size_t)8 * LIMIT_BODY_IMPORT_BYTES)
/* Rows that one statement applies: quick enough for its deadline on a busy machine. */
#define CHUNK_ROWS 200

struct faq_import {
    struct faq_rows rows;
};

const char *const faq_import_states[] = {"create", "update", "skip", "invalid", NULL};

static const struct field faq_import_row_fields[] = {
    FIELD_I64(struct faq_import_row, n, "Number of the entry in the file, from 1"),
    FIELD_ENUM(struct faq_import_row, state, "What happens to it", .choices = faq_import_states),
    FIELD_STR(struct faq_import_row, error, "Why it is invalid", .nullable = true, .omit = true),
};
static const struct field faq_import_summary_fields[] = {
    FIELD_I64(struct faq_import_summary, create, "New entries"),
    FIELD_I64(struct faq_import_summary, update, "Entries that change"),
    FIELD_I64(struct faq_import_summary, skip, "Entries that are the same already"),
    FIELD_I64(struct faq_import_summary, invalid, "Rows with a mistake"),
};
static const struct shape import_row_shape = {
    .name = "FaqImportRow",
    .size = sizeof(struct faq_import_row),
    .fields = faq_import_row_fields,
    .count = 3,
};
static const struct field faq_import_report_fields[] = {
    FIELD_LIST(struct faq_import_report, rows, "Every entry of the file, in order",
        .shape = &import_row_shape),
    FIELD_OBJ(struct faq_import_report, summary, faq_import_summary, "How many of each",
        .shape = SHAPE(faq_import_summary)),
};
const struct shape faq_import_report_shape = {
    .name = "FaqImportReport",
    .size = sizeof(struct faq_import_report),
    .fields = faq_import_report_fields,
    .count = 2,
};

/* A row of the plan, as the database sees it. */
struct planned {
    int64_t n;
    const char *state, *error;
};
static const struct field planned_fields[] = {
    FIELD_I64(struct planned, n, "Number"),
    FIELD_ENUM(struct planned, state, "What happens to it", .choices = faq_import_states),
    FIELD_STR(struct planned, error, "Why not", .nullable = true),
};

err faq_import_read(struct ctx *ctx, const struct faq_source *source, struct faq_import **out)
{
    struct faq_import *import = ARENA_NEW(ctx->arena, struct faq_import);
    TRY(faq_rows_read(ctx, source, &import->rows));
    *out = import;
    return OK;
}

/* The valid rows among [from, to) as JSON. */
static err write_rows(struct ctx *ctx, const struct faq_rows *rows, int64_t from, int64_t to,
    const char **out)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 4096, ROWS_MAX_BYTES);
    buf_char(&buf, '[');
    for (int64_t i = from; i < to; i++) {
        if (rows->items[i].error != NULL) {
            continue;
        }
        buf_str(&buf, buf.len > 1 ? ",{\"n\":" : "{\"n\":");
        buf_i64(&buf, i + 1);
        const size_t comma = buf.len;
        field_encode_present(&buf, &faq_row_shape, &rows->items[i].row);
        if (!buf.failed) {
            buf.data[comma] = ','; /* its opening brace: the object has begun already */
        }
    }
    buf_char(&buf, ']');
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}

static void count_state(const char *state, struct faq_import_summary *summary)
{
    int64_t *const counts[] = {
        &summary->create, &summary->update, &summary->skip, &summary->invalid};
    for (size_t i = 0; faq_import_states[i] != NULL; i++) {
        if (strcmp(state, faq_import_states[i]) == 0) {
            ++*counts[i];
        }
    }
}

err faq_import_plan(struct ctx *ctx, struct db *db, struct faq_import *import,
    struct faq_import_report *out)
{
    const struct faq_rows *rows = &import->rows;
    const char *json = NULL;
    struct list plan = {0};
    TRY(write_rows(ctx, rows, 0, rows->count, &json));
    TRY(db_list_slow(ctx, db, &SQL_faq_import_plan, DB_ARGS(DB_TEXT(json)), SHAPE(planned),
        LIMIT_IMPORT_ROWS, &plan));
    const struct planned *next = plan.items;
    const struct planned *end = next + plan.count;
    struct faq_import_row *report =
        ARENA_ARRAY(ctx->arena, struct faq_import_row, (size_t)rows->count);
    for (int64_t i = 0; i < rows->count; i++) {
        report[i] = (struct faq_import_row){i + 1, "invalid", rows->items[i].error};
        if (next < end && next->n == i + 1) {
            report[i].state = next->state;
            report[i].error = next->error;
            next++;
        }
        count_state(report[i].state, &out->summary);
    }
    out->rows = (struct list){report, rows->count};
    return OK;
}

/* ---- queue ---- */

static err refuse_invalid(struct ctx *ctx, const struct faq_import_report *report)
{
    const struct faq_import_row *rows = report->rows.items;
    err result = OK;
    for (int64_t i = 0; i < report->rows.count && ctx->error.field_count < ERR_FIELDS_MAX; i++) {
        if (strcmp(rows[i].state, "invalid") == 0) {
            result = fail_field(ctx, arena_printf(ctx->arena, "rows[%lld]", (long long)rows[i].n),
                CODE_VALIDATION_ERROR, "%s", rows[i].error);
        }
    }
    return result;
}

/* {"by":1,"request_id":"...","rows":7,"chunks":["[...]", ...]}: the rows travel as texts, which the job hands on. */
static err write_payload(struct ctx *ctx, const struct faq_actor *actor,
    const struct faq_rows *rows, const char **out)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 4096, 2 * ROWS_MAX_BYTES);
    buf_printf(&buf, "{\"by\":%lld,\"rows\":%lld,\"request_id\":", (long long)actor->user_id,
        (long long)rows->count);
    json_write_string(&buf, actor->request_id, strlen(actor->request_id));
    buf_str(&buf, ",\"chunks\":[");
    for (int64_t from = 0; from < rows->count; from += CHUNK_ROWS) {
        const char *chunk = NULL;
        const int64_t to = from + CHUNK_ROWS < rows->count ? from + CHUNK_ROWS : rows->count;
        TRY(write_rows(ctx, rows, from, to, &chunk));
        buf_str(&buf, from > 0 ? "," : "");
        json_write_string(&buf, chunk, strlen(chunk));
    }
    buf_str(&buf, "]}");
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}

struct queueing {
    const char *payload;
    int64_t job;
};

/* Asked inside a transaction: what waits or runs already keeps the rows it has. */
static err queue(struct ctx *ctx, struct db *tx, void *arg)
{
    struct queueing *work = arg;
    TRY(jobs_enqueue(ctx, tx, "faq.import", work->payload, "faq.import", &work->job));
    return work->job != 0
               ? OK
               : fail_public(ctx, ERR_CONFLICT, /* name */ NULL, "An import is still under way");
}

err faq_import_start(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    struct faq_import *import, int64_t *out_job)
{
    struct faq_import_report report = {0};
    struct queueing work = {0};
    TRY(faq_import_plan(ctx, db, import, &report));
    TRY(refuse_invalid(ctx, &report));
    TRY(write_payload(ctx, actor, &import->rows, &work.payload));
    TRY(db_tx(ctx, db, queue, &work));
    *out_job = work.job;
    return OK;
}

/* ---- export ---- */

static void join(struct buf *out, struct ctx *ctx, const struct strs *items, char separator)
{
    struct buf cell;
    buf_init(&cell, ctx->arena, 64, LIMIT_REPLY_BYTES);
    for (int64_t i = 0; i < items->count; i++) {
        if (i > 0) {
            buf_char(&cell, separator);
        }
        buf_str(&cell, items->items[i]);
    }
    buf_char(&cell, '\0');
    if (!cell.failed) {
        csv_write(out, cell.data);
    }
}

static void write_csv(struct buf *out, struct ctx *ctx, const struct list *list)
{
    const struct faq_row *rows = list->items;
    buf_str(out, "\xEF\xBB\xBFlocale,category,question,answer,tags,variants,position,status\r\n");
    for (int64_t i = 0; i < list->count; i++) {
        const char *const texts[] = {
            rows[i].locale, rows[i].category, rows[i].question, rows[i].answer};
        for (size_t cell = 0; cell < sizeof(texts) / sizeof(texts[0]); cell++) {
            csv_write(out, texts[cell]);
            buf_char(out, ',');
        }
        join(out, ctx, &rows[i].tags, ',');
        buf_char(out, ',');
        join(out, ctx, &rows[i].variants, '\n');
        buf_printf(out, ",%lld,%s\r\n", (long long)rows[i].position, rows[i].status);
    }
}

static void write_json(struct buf *out, const struct list *list)
{
    const struct faq_row *rows = list->items;
    buf_str(out, "[");
    for (int64_t i = 0; i < list->count; i++) {
        buf_str(out, i > 0 ? ",\n" : "\n");
        field_encode(out, &faq_row_shape, &rows[i]);
    }
    buf_str(out, "\n]\n");
}

err faq_export(struct ctx *ctx, struct db *db, const struct faq_export *what, const char **out,
    size_t *out_len)
{
    struct list rows = {0};
    struct buf buf;
    TRY(db_list_slow(ctx, db, &SQL_faq_export,
        DB_ARGS(DB_TEXT(what->locale), DB_TEXT(what->category), DB_I64(LIMIT_IMPORT_ROWS + 1)),
        &faq_row_shape, LIMIT_IMPORT_ROWS + 1, &rows));
    buf_init(&buf, ctx->arena, 65536, LIMIT_REPLY_BYTES);
    if (what->csv) {
        write_csv(&buf, ctx, &rows);
    } else {
        write_json(&buf, &rows);
    }
    if (rows.count > LIMIT_IMPORT_ROWS || buf.failed) {
        return fail_public(ctx, ERR_TOO_LARGE, /* name */ NULL,
            "Too much for one file: export one locale or category at a time");
    }
    return buf_finish(ctx, &buf, out, out_len);
}
