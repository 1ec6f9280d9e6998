/* chat/look_up.c - what is known about a question: tools are chosen by the model and run by us, with the rights of the asker. */
#include <inttypes.h>
#include <string.h>

#include "chat/chat_internal.h"
#include "chat/look_up.h"
#include "chat/reserve.h"
#include "chat/told.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/log.h"

#define ROUNDS_MAX 3
#define PAGE_CALL "page" /* id of the call that is ours, made before the first choice */
#define CHOICE_SHARE 0.5 /* of the time that is left to the first word */
#define SOURCES_MAX 12
#define PAGE_TOOL "property_search"
#define NS_PER_MS 1000000

struct tool_event {
    const char *name, *status;
};
static const struct field tool_event_fields[] = {
    FIELD_STR(struct tool_event, name, "Tool"),
    FIELD_STR(struct tool_event, status, "How it went"),
};

static void tell(struct chat_run *run, const char *name, const char *status)
{
    const struct tool_event event = {name, status};
    run_event(run, "tool", SHAPE(tool_event), &event);
}

/* What was wrong, for the model to try again. */
static const char *complaint(struct chat_run *run, const char *text)
{
    struct ctx *ctx = &run->ctx;
    struct buf json;
    buf_init(&json, run->arena, 256, CHAT_FINDING_BYTES);
    buf_str(&json, "{\"error\":");
    json_write_string(&json, text, strlen(text));
    buf_str(&json, ",\"details\":[");
    for (int i = 0; i < ctx->error.field_count; i++) {
        const struct err_field *field = &ctx->error.fields[i];
        buf_str(&json, i > 0 ? ",{\"field\":" : "{\"field\":");
        json_write_string(&json, field->field, strlen(field->field));
        buf_str(&json, ",\"message\":");
        json_write_string(&json, field->message, strlen(field->message));
        buf_char(&json, '}');
    }
    buf_str(&json, "]}");
    return json.failed ? "{\"error\":\"invalid arguments\"}" : buf_text(&json);
}

static err decode(struct chat_run *run, const struct chat_result *result, void *in)
{
    const struct json *json = NULL;
    const char *text = result->call.arguments;
    TRY(json_parse(&run->ctx, text, strlen(text), &json));
    return field_decode(&run->ctx, result->tool->arguments, json, in);
}

static err run_tool(struct chat_run *run, struct chat_result *result)
{
    void *in = arena_alloc(run->arena, result->tool->arguments->size);
    TRY(decode(run, result, in));
    TRY(told_check(&run->ctx, &run->turn, result->tool, in));
    return result->tool->run(&run->ctx, &run->question.asker, in, &result->finding);
}

/* From the memory of the call to that of the run. */
static void keep_finding(const struct chat_run *run, struct chat_finding *finding)
{
    const struct chat_source *found = finding->sources.items;
    struct chat_source *kept =
        ARENA_ARRAY(run->arena, struct chat_source, (size_t)finding->sources.count + 1);
    for (int64_t i = 0; i < finding->sources.count; i++) {
        kept[i] = found[i];
        kept[i].title = arena_copy(run->arena, found[i].title);
        kept[i].url = arena_copy(run->arena, found[i].url);
        kept[i].snippet = arena_copy(run->arena, found[i].snippet);
        kept[i].text = arena_copy(run->arena, found[i].text);
    }
    finding->sources.items = kept;
    finding->json = arena_copy(run->arena, finding->json);
}

static void judge(struct chat_run *run, struct chat_result *result, err ran)
{
    struct ctx *ctx = &run->ctx;
    if (is_ok(ran)) {
        result->status = result->finding.sources.count > 0 ? "ok" : "empty";
        keep_finding(run, &result->finding);
        return;
    }
    const bool invalid = ran.code == ERR_INVALID || ran.code == ERR_BAD_REQUEST;
    result->status = invalid ? "invalid" : "failed";
    result->finding = (struct chat_finding){.json = invalid ? complaint(run, "invalid arguments")
                                                            : "{\"error\":\"not available now\"}"};
    if (!invalid) {
        log_warn(ctx, "chat.tool_failed", LOG_STR("tool", result->call.name),
            LOG_STR("why", ctx->error.text));
    }
    err_clear(ctx); /* the answer goes on with what else is known */
}

/* The title tells two stays at one listing apart. */
static bool is_same(const struct chat_source *a, const struct chat_source *b)
{
    return strcmp(a->type, b->type) == 0 && field_is_present(&a->has, CHAT_SOURCE_ID) &&
           a->id == b->id && strcmp(a->title, b->title) == 0;
}

static void number_sources(struct chat_run *run, const struct chat_finding *finding)
{
    const struct chat_source *found = finding->sources.items;
    for (int64_t i = 0; i < finding->sources.count && run->source_count < SOURCES_MAX; i++) {
        size_t at = 0;
        while (at < run->source_count && !is_same(&run->sources[at], &found[i])) {
            at++;
        }
        if (at == run->source_count) {
            run->sources[at] = found[i];
            run->sources[at].n = (int64_t)at + 1;
            run->source_count++;
        }
    }
}

/* A tool reads many times what it finds, and an answer lives long: a call has memory of its own. */
static err run_apart(struct chat_run *run, struct chat_result *result)
{
    struct arena *scratch = arena_new(/* pool */ NULL);
    run->ctx.arena = scratch;
    const err ran = run_tool(run, result);
    run->ctx.arena = run->arena;
    if (ran.code != ERR_CANCELLED) {
        judge(run, result, ran);
    }
    run->ctx.error.fields = NULL;
    run->ctx.error.field_count = 0;
    arena_free(scratch);
    return ran;
}

static err do_call(struct chat_run *run, const struct chat_call *call)
{
    struct chat_result *result = &run->results[run->result_count++];
    const int64_t started_ns = clock_monotonic_ns(run->ctx.clock);
    *result =
        (struct chat_result){.call = *call, .tool = chat_tool_named(run->turn.tools, call->name)};
    if (result->tool == NULL) {
        result->status = "unknown";
        result->finding.json = "{\"error\":\"there is no such tool\"}";
        tell(run, "unknown", result->status); /* a model's word is not shown as it is */
        return OK;
    }
    tell(run, result->tool->name, "running");
    const err ran = run_apart(run, result);
    if (ran.code == ERR_CANCELLED) {
        run->result_count--;
        return ran;
    }
    result->took_ms = (clock_monotonic_ns(run->ctx.clock) - started_ns) / NS_PER_MS;
    number_sources(run, &result->finding);
    run->turn.result_count = run->result_count;
    run->turn.source_count = run->source_count;
    tell(run, result->tool->name, result->status);
    return OK;
}

static err do_calls(struct chat_run *run, const struct chat_chosen *chosen)
{
    for (size_t i = 0; i < chosen->count && run->result_count < CHAT_CALLS_MAX; i++) {
        TRY(do_call(run, &chosen->calls[i]));
    }
    return OK;
}

static err choose_locally(struct chat_run *run, struct chat_chosen *out)
{
    *out = (struct chat_chosen){0};
    run->chose_locally = true;
    return chat_provider_local.choose(&run->ctx, run->chat->local, &run->turn, out);
}

/* Whether something is still open: a result that others need or that says nothing yet, figures that may be meant for another tool, or a
 * tool that the question itself asks for. Else a further choice only takes the time and the money of a whole call. */
static err is_open(struct chat_run *run, bool *out)
{
    struct chat_chosen more = {0};
    *out = run->source_count == 0 || strpbrk(run->question.content, "0123456789") != NULL;
    for (size_t i = 0; i < run->result_count && !*out; i++) {
        const struct chat_result *result = &run->results[i];
        const bool known_before = strcmp(result->call.id, PAGE_CALL) == 0;
        *out = !known_before && (strcmp(result->status, "ok") != 0 || result->tool->leads_on);
    }
    if (*out) {
        return OK;
    }
    struct arena *kept =
        ctx_scratch(&run->ctx); /* the run lives long, and only the number matters */
    const err chosen = chat_provider_local.choose(&run->ctx, run->chat->local, &run->turn, &more);
    ctx_scratch_end(&run->ctx, kept);
    *out = more.count > 0;
    return chosen;
}

/* The first is, and is paid for with the question. */
static err is_choice_wanted(struct chat_run *run, int round, bool *out)
{
    if (round > 0) {
        TRY(is_open(run, out));
        *out = *out && reserve_call(run, run->prompt.model_search);
    }
    return OK;
}

/* The service may fail or choose nothing: what the question itself asks for is looked up in any case. */
static err choose(struct chat_run *run, int round, struct chat_chosen *out)
{
    struct chat *chat = run->chat;
    if (chat->provider == &chat_provider_local || run->without_service || run->over_budget) {
        return round == 0 ? choose_locally(run, out) : OK;
    }
    bool wanted = true;
    TRY(is_choice_wanted(run, round, &wanted));
    if (!wanted) {
        return OK; /* what was found has to do */
    }
    run->turn.model = run->prompt.model_search;
    answer_patience(run, CHOICE_SHARE);
    const err chosen = chat->provider->choose(&run->ctx, chat->model, &run->turn, out);
    answer_spent(run, &(struct chat_spent){.feature = "search", .usage = out->usage}, chosen);
    if (chosen.code == ERR_CANCELLED) {
        return chosen;
    }
    if (!is_ok(chosen)) {
        answer_service_failed(run, chosen);
    }
    if (round == 0 && (!is_ok(chosen) || out->count == 0)) {
        return choose_locally(run, out);
    }
    return OK;
}

/* What "it" may mean: the listing on whose page the question was asked. A model tells whether it matters; without one, only
 * what was asked for is answered with. */
static err look_at_page(struct chat_run *run)
{
    const int64_t id = run->question.property_id;
    const bool asks_service = run->chat->provider != &chat_provider_local;
    if (id == 0 || !asks_service || chat_tool_named(run->turn.tools, PAGE_TOOL) == NULL) {
        return OK;
    }
    const struct chat_call call = {
        .id = PAGE_CALL,
        .name = PAGE_TOOL,
        .arguments = arena_printf(run->arena, "{\"ids\":[\"%lld\"]}", (long long)id),
    };
    return do_call(run, &call);
}

/* Where a service chose in vain, tools that there are not or that find nothing: what the question itself asks for. */
static err look_up_locally(struct chat_run *run)
{
    struct chat_chosen chosen;
    if (run->chose_locally) {
        return OK;
    }
    TRY(choose_locally(run, &chosen));
    return do_calls(run, &chosen);
}

err look_up(struct chat_run *run)
{
    run->results = ARENA_ARRAY(run->arena, struct chat_result, CHAT_CALLS_MAX);
    run->sources = ARENA_ARRAY(run->arena, struct chat_source, SOURCES_MAX);
    run->turn.results = run->results;
    run->turn.sources = run->sources;
    TRY(look_at_page(run));
    for (int round = 0; round < ROUNDS_MAX && run->result_count < CHAT_CALLS_MAX; round++) {
        struct chat_chosen chosen = {0};
        TRY(choose(run, round, &chosen));
        if (chosen.count == 0) {
            break;
        }
        TRY(do_calls(run, &chosen));
    }
    return run->source_count > 0 ? OK : look_up_locally(run);
}
