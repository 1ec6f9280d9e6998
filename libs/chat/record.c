#include "chat/record.h"

#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/json.h"

#define NS_PER_MS 1000000
#define RECORD_BYTES 262144

struct answer_record {
    struct field_set has;
    const char *status, *content, *finish_reason;
    bool grounded;
    const char *degraded, *model;
    int64_t prompt_version;
    const char *error_code;
    int64_t prompt_tokens, completion_tokens, latency_ms, first_token_ms;
};
enum {
    ROW_PROMPT_VERSION = 6,
    ROW_PROMPT_TOKENS = 8,
    ROW_COMPLETION_TOKENS = 9,
    ROW_FIRST_TOKEN = 11
};
static const struct field answer_record_fields[] = {
    FIELD_STR(struct answer_record, status, "State"),
    FIELD_STR(struct answer_record, content, "Text"),
    FIELD_STR(struct answer_record, finish_reason, "Why it ended"),
    FIELD_BOOL(struct answer_record, grounded, "Rests on sources"),
    FIELD_STR(struct answer_record, degraded, "Who answered instead", .nullable = true),
    FIELD_STR(struct answer_record, model, "Who answered", .nullable = true),
    FIELD_I64(struct answer_record, prompt_version, "Version", .nullable = true),
    FIELD_STR(struct answer_record, error_code, "What went wrong", .nullable = true),
    FIELD_I64(struct answer_record, prompt_tokens, "Read", .nullable = true),
    FIELD_I64(struct answer_record, completion_tokens, "Written", .nullable = true),
    FIELD_I64(struct answer_record, latency_ms, "Whole time"),
    FIELD_I64(struct answer_record, first_token_ms, "Time to the first text", .nullable = true),
};

static uint64_t bit(int row)
{
    return UINT64_C(1) << row;
}

enum { SUM_PROMPT = 0, SUM_COMPLETION = 1, SUM_TOTAL = 2, SUM_COST = 3 };

/* Unknown is unknown: one call that did not say leaves no sum. */
void record_sum(const struct chat_run *run, struct chat_usage_out *out)
{
    bool known = run->spent_count > 0;
    bool priced = known;
    *out = (struct chat_usage_out){0};
    for (size_t i = 0; i < run->spent_count; i++) {
        const struct chat_usage *usage = &run->spent[i]->usage;
        if (!run->spent[i]->ok) {
            continue;
        }
        known = known && usage->known;
        priced = priced && usage->priced;
        out->prompt_tokens += usage->prompt_tokens;
        out->completion_tokens += usage->completion_tokens;
        out->cost_microusd += usage->cost_microusd;
    }
    out->total_tokens = out->prompt_tokens + out->completion_tokens;
    out->has.present |= known ? bit(SUM_PROMPT) | bit(SUM_COMPLETION) | bit(SUM_TOTAL) : 0;
    out->has.present |= priced ? bit(SUM_COST) : 0;
}

/* The tokens as columns of the answer; what it cost is what the ledger says. */
static void add_sum(const struct chat_run *run, struct answer_record *out)
{
    struct chat_usage_out sum;
    record_sum(run, &sum);
    out->prompt_tokens = sum.prompt_tokens;
    out->completion_tokens = sum.completion_tokens;
    out->has.present |= field_is_present(&sum.has, SUM_PROMPT)
                            ? bit(ROW_PROMPT_TOKENS) | bit(ROW_COMPLETION_TOKENS)
                            : 0;
}

static const char *status_of(const struct chat_run *run)
{
    if (run->failure.code != ERR_OK) {
        return "failed";
    }
    return strcmp(run->finish_reason, "stopped") == 0 ? "stopped" : "complete";
}

static const char *error_code_of(const struct chat_run *run)
{
    const struct err_detail *failure = &run->failure;
    if (failure->code == ERR_OK) {
        return NULL;
    }
    return failure->public_name != NULL ? failure->public_name : err_name(failure->code);
}

const char *record_answer(struct chat_run *run)
{
    const int64_t now_ns = clock_monotonic_ns(run->ctx.clock);
    struct answer_record record = {
        .has = {.present = UINT64_MAX & ~(bit(ROW_PROMPT_VERSION) | bit(ROW_PROMPT_TOKENS) |
                                            bit(ROW_COMPLETION_TOKENS) | bit(ROW_FIRST_TOKEN))},
        .status = status_of(run),
        .content = run->content,
        .finish_reason = run->finish_reason,
        .grounded = run->grounded,
        .degraded = run->degraded,
        .model = run->model,
        .prompt_version = run->prompt.version,
        .error_code = error_code_of(run),
        .latency_ms = (now_ns - run->started_ns) / NS_PER_MS,
        .first_token_ms = (run->first_text_ns - run->started_ns) / NS_PER_MS,
    };
    record.has.present |= run->prompt.version != 0 ? bit(ROW_PROMPT_VERSION) : 0;
    record.has.present |= run->first_text_ns != 0 ? bit(ROW_FIRST_TOKEN) : 0;
    add_sum(run, &record);
    struct buf json;
    buf_init(&json, run->arena, 1024, RECORD_BYTES);
    field_encode(&json, SHAPE_SET(answer_record), &record);
    return buf_text(&json);
}

static void add_member(struct buf *json, const char *name, const char *value)
{
    buf_str(json, name);
    if (value == NULL) {
        buf_str(json, "null");
    } else {
        json_write_string(json, value, strlen(value));
    }
}

/* Of `count` things one JSON array; write adds the i-th. */
static const char *array_of(const struct chat_run *run, size_t count,
    void (*write)(struct buf *json, const struct chat_run *run, size_t i))
{
    struct buf json;
    buf_init(&json, run->arena, 512, RECORD_BYTES);
    buf_char(&json, '[');
    for (size_t i = 0; i < count; i++) {
        buf_str(&json, i > 0 ? "," : "");
        write(&json, run, i);
    }
    buf_char(&json, ']');
    return buf_text(&json);
}

static void write_source(struct buf *json, const struct chat_run *run, size_t i)
{
    field_encode(json, &chat_source_shape, &run->sources[i]);
}

const char *record_sources(const struct chat_run *run)
{
    return array_of(run, run->source_count, write_source);
}

static void begin_call(struct buf *json, const struct chat_result *result)
{
    add_member(json, "{\"name\":", result->tool != NULL ? result->tool->name : "unknown");
    add_member(json, ",\"status\":", result->status);
    buf_str(json, ",\"took_ms\":");
    json_write_i64(json, result->took_ms);
}

static void write_call_shown(struct buf *json, const struct chat_run *run, size_t i)
{
    begin_call(json, &run->results[i]);
    buf_char(json, '}');
}

/* Arguments are a model's words: stored as they are when they are JSON. */
static void write_call(struct buf *json, const struct chat_run *run, size_t i)
{
    const struct chat_result *result = &run->results[i];
    const char *arguments = result->call.arguments;
    begin_call(json, result);
    buf_str(json, ",\"arguments\":");
    buf_str(json, json_is_valid(arguments, strlen(arguments)) ? arguments : "null");
    buf_str(json, ",\"result\":");
    buf_str(json, result->finding.json);
    buf_char(json, '}');
}

const char *record_calls(const struct chat_run *run)
{
    return array_of(run, run->result_count, write_call);
}

const char *record_calls_shown(const struct chat_run *run)
{
    return array_of(run, run->result_count, write_call_shown);
}

struct spent_record {
    struct field_set has;
    const char *feature, *provider, *model;
    int64_t prompt_version, prompt_tokens, completion_tokens, cached_tokens, cost_microusd;
    bool ok;
    const char *error_code;
    bool fallback;
    int64_t latency_ms;
};
static const struct field spent_record_fields[] = {
    FIELD_STR(struct spent_record, feature, "What for"),
    FIELD_STR(struct spent_record, provider, "Provider"),
    FIELD_STR(struct spent_record, model, "Model"),
    FIELD_I64(struct spent_record, prompt_version, "Version", .nullable = true),
    FIELD_I64(struct spent_record, prompt_tokens, "Read", .nullable = true),
    FIELD_I64(struct spent_record, completion_tokens, "Written", .nullable = true),
    FIELD_I64(struct spent_record, cached_tokens, "Read before", .nullable = true),
    FIELD_I64(struct spent_record, cost_microusd, "Cost", .nullable = true),
    FIELD_BOOL(struct spent_record, ok, "Answered"),
    FIELD_STR(struct spent_record, error_code, "What went wrong", .nullable = true),
    FIELD_BOOL(struct spent_record, fallback, "Instead of another"),
    FIELD_I64(struct spent_record, latency_ms, "Time"),
};
enum { SPENT_VERSION = 3, SPENT_TOKENS = 4, SPENT_COST = 7 };

void record_spent(struct buf *json, const struct chat_spent *spent, int64_t prompt_version)
{
    const struct chat_usage *usage = &spent->usage;
    uint64_t unknown = usage->known ? 0 : bit(SPENT_TOKENS) * 7; /* three rows */
    unknown |= usage->priced ? 0 : bit(SPENT_COST);
    unknown |= prompt_version != 0 ? 0 : bit(SPENT_VERSION);
    const struct spent_record record = {
        .has = {.present = UINT64_MAX & ~unknown},
        .feature = spent->feature,
        .provider = spent->provider,
        .model = usage->model,
        .prompt_version = prompt_version,
        .prompt_tokens = usage->prompt_tokens,
        .completion_tokens = usage->completion_tokens,
        .cached_tokens = usage->cached_tokens,
        .cost_microusd = usage->cost_microusd,
        .ok = spent->ok,
        .error_code = spent->error_code,
        .fallback = spent->fallback,
        .latency_ms = usage->latency_ms,
    };
    field_encode(json, SHAPE_SET(spent_record), &record);
}

static void write_spent(struct buf *json, const struct chat_run *run, size_t i)
{
    record_spent(json, run->spent[i], run->prompt.version);
}

const char *record_usage(const struct chat_run *run)
{
    return array_of(run, run->spent_count, write_spent);
}
