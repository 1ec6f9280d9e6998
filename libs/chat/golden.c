#include "chat/golden.h"

#include <string.h>
#include <strings.h>

#include "chat/chat_internal.h"
#include "chat/preview.h"
#include "chat/prompts.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/json.h"
#include "core/services.h"
#include "core/settings.h"
#include "db/db.h"

#define RULES_BYTES 65536
#define PROGRESS_BYTES 1048576
#define CASE_MS 27000 /* one question takes that long at most */

static const struct field golden_rules_fields[] = {
    FIELD_STRS(struct golden_rules, must_include, "What the answer has to say"),
    FIELD_STRS(struct golden_rules, must_not_include, "What it must not say"),
    FIELD_JSON(struct golden_rules, must_cite, "Entries of the FAQ that it has to name, by id",
        .list = true, .nullable = true),
    FIELD_BOOL(struct golden_rules, expect_refusal, "Whether it has to say that it does not know"),
};
const struct shape golden_rules_shape = {
    .name = "golden_rules",
    .size = sizeof(struct golden_rules),
    .fields = golden_rules_fields,
    .count = sizeof(golden_rules_fields) / sizeof(golden_rules_fields[0]),
};

static const struct field golden_case_fields[] = {
    FIELD_I64(struct golden_case, id, "Id"),
    FIELD_STR(struct golden_case, question, "The question"),
    FIELD_STR(struct golden_case, locale, "Its language"),
    FIELD_JSON(struct golden_case, rules, "What is right", .shape = &golden_rules_shape),
    FIELD_TIME(struct golden_case, created_at, "When it was added"),
};
const struct shape golden_case_shape = {
    .name = "golden_case",
    .size = sizeof(struct golden_case),
    .fields = golden_case_fields,
    .count = sizeof(golden_case_fields) / sizeof(golden_case_fields[0]),
};

/* ---- the questions ---- */

err golden_add(struct ctx *ctx, struct db *db, const struct golden_case *added, int64_t actor_id,
    struct golden_case *out)
{
    return db_one(ctx, db, &SQL_chat_golden_insert,
        DB_ARGS(DB_TEXT(added->question), DB_TEXT(added->locale), DB_TEXT(added->rules),
            DB_I64(actor_id)),
        &golden_case_shape, out);
}

err golden_list(struct ctx *ctx, struct db *db, int64_t after_id, int64_t limit, struct list *out)
{
    return db_list(ctx, db, &SQL_chat_golden_list, DB_ARGS(DB_I64(after_id), DB_I64(limit)),
        &golden_case_shape, limit, out);
}

err golden_count(struct ctx *ctx, struct db *db, int64_t *out)
{
    return db_count(ctx, db, &SQL_chat_golden_count, DB_NO_ARGS, out);
}

err golden_delete(struct ctx *ctx, struct db *db, int64_t id)
{
    int64_t gone = 0;
    TRY(db_exec(ctx, db, &SQL_chat_golden_delete, DB_ARGS(DB_I64(id)), &gone));
    return gone > 0 ? OK
                    : fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Golden question not found");
}

/* ---- how a version does ---- */

struct outcome_row {
    int64_t passed, failed, questions;
};
static const struct field outcome_row_fields[] = {
    FIELD_I64(struct outcome_row, passed, "Right"),
    FIELD_I64(struct outcome_row, failed, "Wrong"),
    FIELD_I64(struct outcome_row, questions, "That there are now"),
};

err golden_require(struct ctx *ctx, struct db *db, int64_t version)
{
    struct outcome_row row = {0};
    const err found =
        db_one(ctx, db, &SQL_chat_eval_last, DB_ARGS(DB_I64(version)), SHAPE(outcome_row), &row);
    if (found.code == ERR_NOT_FOUND) {
        err_clear(ctx);
        return fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE,
            "This version has not been evaluated");
    }
    TRY(found);
    if (row.passed == 0 || row.passed + row.failed != row.questions) {
        return fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE,
            "This version has not been evaluated with the golden questions of now");
    }
    return row.failed == 0 ? OK
                           : fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE,
                                 "This version failed its last evaluation");
}

err golden_evaluate(struct ctx *ctx, struct chat *chat, int64_t version, int64_t actor_id,
    int64_t *out_job_id)
{
    struct prompt_version found;
    TRY(prompts_get(ctx, chat, version, &found));
    const char *payload = arena_printf(ctx->arena, "{\"version\":%lld,\"by\":%lld}",
        (long long)version, (long long)actor_id);
    const char *key = arena_printf(ctx->arena, "chat.eval:%lld", (long long)version);
    TRY(jobs_enqueue(ctx, chat->options.db, "chat.eval", payload, key, out_job_id));
    return *out_job_id != 0 ? OK
                            : fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE,
                                  "This version is being evaluated");
}

/* ---- one question ---- */

static bool has_text(const char *text, const char *part)
{
    const size_t len = strlen(part);
    while (*text != '\0' && strncasecmp(text, part, len) != 0) {
        text++;
    }
    return *text != '\0';
}

static bool cites(const struct chat_response *response, const struct json *sources, int64_t faq_id)
{
    for (size_t i = 0; i < json_count(sources); i++) {
        const struct json *source = json_at(sources, i);
        int64_t id = 0;
        int64_t n = 0;
        const char *type = json_text(json_get(source, "type"), /* out_len */ NULL);
        if (type != NULL && strcmp(type, "faq") == 0 && json_i64(json_get(source, "id"), &id) &&
            id == faq_id && json_i64(json_get(source, "n"), &n)) {
            char marker[24];
            struct buf text = buf_over(marker, sizeof(marker));
            buf_char(&text, '[');
            buf_i64(&text, n);
            buf_char(&text, ']');
            return strstr(response->message.content, buf_text(&text)) != NULL;
        }
    }
    return false;
}

/* NULL: it is right. */
static const char *find_fault(struct ctx *ctx, const struct json *rules,
    const struct chat_response *response)
{
    const struct json *must = json_get(rules, "must_include");
    const struct json *must_not = json_get(rules, "must_not_include");
    const struct json *cited = json_get(rules, "must_cite");
    const struct json *sources = NULL;
    const char *content = response->message.content;
    bool refusal = false;
    (void)json_bool(json_get(rules, "expect_refusal"), &refusal);
    if (refusal != (strcmp(response->message.finish_reason, "no_evidence") == 0)) {
        return refusal ? "answers, but should not" : "does not answer";
    }
    for (size_t i = 0; i < json_count(must); i++) {
        if (!has_text(content, json_text(json_at(must, i), /* out_len */ NULL))) {
            return "says too little";
        }
    }
    for (size_t i = 0; i < json_count(must_not); i++) {
        if (has_text(content, json_text(json_at(must_not, i), /* out_len */ NULL))) {
            return "says what it must not";
        }
    }
    if (!is_ok(json_parse(ctx, response->message.sources, strlen(response->message.sources),
            &sources))) {
        return "has broken sources";
    }
    for (size_t i = 0; i < json_count(cited); i++) {
        int64_t id = 0;
        if (!json_i64(json_at(cited, i), &id) || !cites(response, sources, id)) {
            return "does not name its source";
        }
    }
    return NULL;
}

static const char *ask(struct ctx *ctx, const struct services *services, int64_t version,
    const struct golden_case *golden)
{
    const struct chat_asker asker = {.services = services, .locale = golden->locale};
    const struct chat_preview preview = {
        .asker = &asker, .feature = "eval", .version = version, .content = golden->question};
    const struct json *rules = NULL;
    struct chat_response response;
    if (!is_ok(json_parse(ctx, golden->rules, strlen(golden->rules), &rules))) {
        return "has broken rules";
    }
    if (!is_ok(chat_preview(ctx, services->chat, &preview, &response))) {
        return ctx->error.code == ERR_RATE_LIMITED ? "has no budget left" : "gets no answer";
    }
    return find_fault(ctx, rules, &response);
}

/* ---- the job ---- */

struct eval {
    int64_t version, next, passed, failed;
    struct buf cases; /* JSON objects, with commas */
};

static void read_progress(struct ctx *ctx, const struct job *job, struct eval *eval)
{
    const struct json *cases = json_get(job->progress, "cases");
    buf_init(&eval->cases, ctx->arena, 4096, PROGRESS_BYTES);
    (void)json_i64(json_get(job->payload, "version"), &eval->version);
    (void)json_i64(json_get(job->progress, "next"), &eval->next);
    (void)json_i64(json_get(job->progress, "passed"), &eval->passed);
    (void)json_i64(json_get(job->progress, "failed"), &eval->failed);
    for (size_t i = 0; i < json_count(cases); i++) {
        buf_str(&eval->cases, i > 0 ? "," : "");
        json_dump(&eval->cases, json_at(cases, i));
    }
}

static void add_case(struct eval *eval, int64_t id, const char *fault)
{
    buf_str(&eval->cases, eval->cases.len > 0 ? ",{\"id\":" : "{\"id\":");
    json_write_i64(&eval->cases, id);
    buf_str(&eval->cases,
        fault == NULL ? ",\"passed\":true,\"why\":null}" : ",\"passed\":false,\"why\":");
    if (fault != NULL) {
        json_write_string(&eval->cases, fault, strlen(fault));
        buf_char(&eval->cases, '}');
    }
    eval->passed += fault == NULL;
    eval->failed += fault != NULL;
    eval->next = id;
}

static err keep_progress(struct ctx *ctx, struct db *db, struct job *job, struct eval *eval)
{
    struct buf json;
    const char *text = NULL;
    size_t len = 0;
    buf_init(&json, ctx->arena, eval->cases.len + 256, PROGRESS_BYTES);
    buf_printf(&json, "{\"version\":%lld,\"next\":%lld,\"passed\":%lld,\"failed\":%lld,\"cases\":[",
        (long long)eval->version, (long long)eval->next, (long long)eval->passed,
        (long long)eval->failed);
    buf_add(&json, eval->cases.data, eval->cases.len);
    buf_str(&json, "]}");
    TRY(buf_finish(ctx, &json, &text, &len));
    return job_progress(ctx, db, job, text);
}

struct ending {
    struct job *job;
    struct eval *eval;
};

static err end(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct ending *ending = arg;
    struct eval *eval = ending->eval;
    const char *cases = arena_printf(ctx->arena, "[%.*s]", (int)eval->cases.len, eval->cases.data);
    TRY(db_exec(ctx, tx, &SQL_chat_eval_done,
        DB_ARGS(DB_I64(eval->version), DB_I64(eval->passed), DB_I64(eval->failed), DB_TEXT(cases)),
        /* out_affected */ NULL));
    return keep_progress(ctx, tx, ending->job, eval);
}

err golden_job(struct ctx *ctx, const struct services *services, struct job *job)
{
    struct eval eval = {0};
    struct list cases = {0};
    read_progress(ctx, job, &eval);
    do {
        TRY(golden_list(ctx, services->db, eval.next, /* limit */ 1, &cases));
        if (cases.count == 0) {
            struct ending ending = {job, &eval};
            return db_tx(ctx, services->db, end, &ending);
        }
        const struct golden_case *golden = cases.items;
        add_case(&eval, golden->id, ask(ctx, services, eval.version, golden));
        err_clear(ctx); /* a question without an answer is a result */
        TRY(keep_progress(ctx, services->db, job, &eval));
    } while (job_has_time(ctx, CASE_MS));
    job->again = true;
    return OK;
}
