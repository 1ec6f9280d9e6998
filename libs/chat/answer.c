/* chat/answer.c - from a question to the text of its answer; runs on a fiber that may be cancelled at any wait. */
#include <string.h>

#include "chat/chat_internal.h"
#include "chat/config.h"
#include "chat/greetings.h"
#include "chat/look_up.h"
#include "chat/mend.h"
#include "chat/reserve.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/services.h"
#include "core/settings.h"
#include "net/fiber.h"

#define FIRST_OF_TWO 0.75 /* of the time, for the model that has a fallback */
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* ---- what a service took ---- */

void answer_spent(struct chat_run *run, const struct chat_spent *spent, err result)
{
    if (run->spent_count == CHAT_SPENT_MAX) {
        return;
    }
    struct chat_spent *kept = ARENA_NEW(run->arena, struct chat_spent);
    run->spent[run->spent_count++] = kept;
    *kept = *spent;
    kept->ok = is_ok(result);
    kept->error_code = is_ok(result) ? NULL : err_name(result.code);
    if (run->feature != NULL) {
        kept->feature = run->feature;
    }
    if (kept->provider == NULL) {
        kept->provider = run->chat->provider->name;
    }
    if (kept->usage.model == NULL) {
        kept->usage.model = run->turn.model;
    }
}

void answer_service_failed(struct chat_run *run, err failed)
{
    struct ctx *ctx = &run->ctx;
    if (failed.code == ERR_FORBIDDEN) {
        run->without_service = true;
        log_error(ctx, "chat.service_refuses", LOG_STR("why", ctx->error.text));
    } else {
        log_warn(ctx, "chat.service_failed", LOG_STR("why", ctx->error.text));
    }
    err_clear(ctx); /* another model answers, or none */
}

void answer_patience(struct chat_run *run, double share)
{
    const int64_t now_ns = clock_monotonic_ns(run->ctx.clock);
    const int64_t usual_ns = run->started_ns + LIMIT_CHAT_FIRST_TEXT_MS * NS_PER_MS;
    const int64_t end_ns = usual_ns < run->turn.deadline_ns ? usual_ns : run->turn.deadline_ns;
    run->turn.first_ns = now_ns + (int64_t)((double)(end_ns - now_ns) * share);
}

/* ---- text ---- */

static err take_text(struct ctx *ctx, void *arg, const char *text, size_t len)
{
    struct chat_run *run = arg;
    if (run->stop_asked || run->shutting_down) {
        return fail(ctx, ERR_CANCELLED, "asked to stop");
    }
    if (run->first_text_ns == 0) {
        run->first_text_ns = clock_monotonic_ns(ctx->clock);
    }
    buf_add(&run->text, text, len);
    run_show(run, /* ended */ false);
    return OK;
}

static err try_with(struct chat_run *run, const struct chat_attempt *attempt,
    const struct chat_sink *sink, struct chat_answered *out)
{
    *out = (struct chat_answered){0};
    run->turn.model = attempt->model;
    const err result = attempt->provider->answer(&run->ctx, attempt->with, &run->turn, sink, out);
    answer_spent(run,
        &(struct chat_spent){.feature = "chat",
            .provider = attempt->provider->name,
            .fallback = attempt->degraded != NULL,
            .usage = out->usage},
        result);
    run->service_failed = !is_ok(result) && attempt->provider != &chat_provider_local;
    return result;
}

static err try_once(struct chat_run *run, const struct chat_attempt *attempt)
{
    const struct chat_sink sink = {take_text, run};
    struct chat_answered answered;
    const err result = try_with(run, attempt, &sink, &answered);
    if (is_ok(result)) {
        run_show(run, /* ended */ true);
        run->writer = *attempt;
        run->finish_reason = answered.finish;
        run->degraded = attempt->degraded;
        run->model = answered.usage.model != NULL ? answered.usage.model : attempt->model;
    }
    return result;
}

static bool is_given(const char *model)
{
    return model != NULL && *model != '\0';
}

/* Models of the service, in the order in which they are asked. */
static size_t list_models(const struct chat_run *run, struct chat_attempt out[2])
{
    const struct chat *chat = run->chat;
    const struct chat_prompt *prompt = &run->prompt;
    size_t count = 0;
    const bool refused = run->without_service && run->feature == NULL; /* else that is the result */
    if (chat->provider == &chat_provider_local || refused || run->over_budget) {
        return 0;
    }
    const bool has_fallback =
        is_given(prompt->model_fallback) && strcmp(prompt->model_fallback, prompt->model_chat) != 0;
    if (!run->cheaper) {
        out[count++] = (struct chat_attempt){chat->provider, chat->model, prompt->model_chat, NULL};
    }
    if (has_fallback) {
        out[count++] = (struct chat_attempt){chat->provider, chat->model, prompt->model_fallback,
            run->cheaper ? "budget" : "fallback_model"};
    }
    return count;
}

static size_t list_attempts(const struct chat_run *run, struct chat_attempt out[3])
{
    const struct chat *chat = run->chat;
    const bool asks_service = chat->provider != &chat_provider_local;
    size_t count = list_models(run, out);
    if (count > 0 && run->feature != NULL) {
        return 1; /* what is tried is this model, not another */
    }
    const char *local_means = run->over_budget ? "budget" : "retrieval_only";
    out[count++] = (struct chat_attempt){&chat_provider_local, chat->local,
        chat_provider_local.name, asks_service ? local_means : NULL};
    return count;
}

/* The first is paid for with the question. Where no other may be, the last one, who costs nothing, answers because of it. */
static bool may_ask(struct chat_run *run, struct chat_attempt attempts[3], size_t i)
{
    if (i == 0 || reserve_call(run, attempts[i].model)) {
        return true;
    }
    attempts[i + 1].degraded = "budget";
    return false;
}

/* One after the other, until the first that says anything: what clients have read cannot be begun again. */
static err write_text(struct chat_run *run)
{
    struct chat_attempt attempts[3];
    const size_t count = list_attempts(run, attempts);
    err result = OK;
    for (size_t i = 0; i < count; i++) {
        const bool is_last = i + 1 == count;
        if (!is_last && (run->without_service || !may_ask(run, attempts, i))) {
            continue;
        }
        answer_patience(run, i + 2 < count ? FIRST_OF_TWO : 1);
        result = try_once(run, &attempts[i]);
        if (is_ok(result) || result.code == ERR_CANCELLED || run->text.len > 0 || is_last) {
            return result;
        }
        answer_service_failed(run, result);
    }
    return result;
}

static err take_apart(struct ctx *ctx, void *arg, const char *text, size_t len)
{
    (void)ctx;
    buf_add(arg, text, len);
    return OK;
}

err answer_again(struct chat_run *run, struct buf *out)
{
    const struct chat_sink sink = {take_apart, out};
    struct chat_answered answered;
    const bool costs = run->writer.provider != &chat_provider_local;
    if (costs && !reserve_call(run, run->writer.model)) {
        return fail(&run->ctx, ERR_RATE_LIMITED, "the budget allows no second try");
    }
    run->turn.first_ns = run->turn.deadline_ns; /* the first word has been read long ago */
    return try_with(run, &run->writer, &sink, &answered);
}

/* In words of our own, whoever writes the others. */
static err say_ourselves(struct chat_run *run)
{
    const struct chat_attempt local = {
        &chat_provider_local, run->chat->local, chat_provider_local.name, /* degraded */ NULL};
    return try_once(run, &local);
}

/* Nothing was found: no model is asked, it could only invent. */
static err say_unknown(struct chat_run *run)
{
    TRY(say_ourselves(run));
    run->finish_reason = "no_evidence";
    return OK;
}

/* ---- the turn ---- */

static err read_turn(struct chat_run *run)
{
    TRY(prompt_hold(&run->ctx, run->chat, run->prompt.version, &run->prompt_kept, &run->prompt));
    return run->is_first ? OK : chat_history_read(run);
}

static bool is_enabled(const struct strs *enabled, const char *name)
{
    return enabled->count == 0 || settings_has(enabled, name); /* no list: all there are */
}

static const struct chat_tool *const *list_tools(struct chat_run *run)
{
    const struct chat_tool *const *all = run->chat->options.tools;
    size_t count = 0;
    while (all[count] != NULL) {
        count++;
    }
    const struct chat_tool **tools = ARENA_ARRAY(run->arena, const struct chat_tool *, count + 1);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (chat_tool_is_on(all[i], run->question.asker.services->settings) &&
            is_enabled(&run->prompt.tools_enabled, all[i]->name)) {
            tools[kept++] = all[i];
        }
    }
    tools[kept] = NULL;
    return tools;
}

static err begin_turn(struct chat_run *run)
{
    struct chat_turn *turn = &run->turn;
    if (run->feature == NULL) {
        TRY(read_turn(run));
    }
    turn->prompt = &run->prompt;
    turn->asker = &run->question.asker;
    turn->question = run->question.content;
    turn->tools = list_tools(run);
    turn->deadline_ns =
        run->started_ns + run->chat->options.config->chat_timeout_seconds * NS_PER_S;
    buf_init(&run->text, run->arena, /* first_cap */ 0, LIMIT_CHAT_TEXT_BYTES);
    return OK;
}

struct start_event {
    int64_t conversation_id;
    const char *session_id;
    int64_t user_message_id, message_id;
    const char *model;
};
static const struct field start_event_fields[] = {
    FIELD_I64(struct start_event, conversation_id, "Conversation"),
    FIELD_STR(struct start_event, session_id, "Session"),
    FIELD_I64(struct start_event, user_message_id, "Question"),
    FIELD_I64(struct start_event, message_id, "Answer"),
    FIELD_STR(struct start_event, model, "Who is to answer"),
};

static void tell_start(struct chat_run *run)
{
    const bool asks_service = run->chat->provider != &chat_provider_local;
    const struct start_event event = {
        .conversation_id = run->conversation_id,
        .session_id = run->question.session_id,
        .user_message_id = run->user_message_id,
        .message_id = run->message_id,
        .model = asks_service ? run->prompt.model_chat : chat_provider_local.name,
    };
    run_event(run, "start", SHAPE(start_event), &event);
}

struct sources_event {
    struct list sources;
};
static const struct field sources_event_fields[] = {
    FIELD_LIST(struct sources_event, sources, "What the answer rests on",
        .shape = &chat_source_shape),
};

static err answer(struct chat_run *run)
{
    TRY(begin_turn(run));
    tell_start(run);
    if (greeting_of(run->question.content) != GREETING_NONE) {
        return say_ourselves(run); /* there is nothing to look up, and no gap */
    }
    TRY(look_up(run));
    if (run->source_count == 0) {
        return say_unknown(run);
    }
    const struct sources_event event = {{run->sources, (int64_t)run->source_count}};
    run_event(run, "sources", SHAPE(sources_event), &event);
    run->grounded = true;
    TRY(write_text(run));
    return mend_answer(run);
}

/* An answer that has begun cannot be begun again by another model, and one that is tried out not be answered by another. */
static void name_failure(struct chat_run *run, err failed)
{
    const bool of_service = run->text.len > 0 || run->service_failed;
    if (!of_service || failed.code == ERR_CANCELLED) {
        return;
    }
    if (failed.code == ERR_TIMEOUT) {
        (void)fail_public(&run->ctx, ERR_TIMEOUT, CODE_LLM_TIMEOUT,
            "The model took too long; please ask again");
    } else {
        (void)fail_public(&run->ctx, ERR_UPSTREAM, CODE_LLM_PROVIDER_ERROR,
            "The model broke off; please ask again");
    }
}

void answer_run(struct chat_run *run)
{
    const err result = answer(run);
    if (is_ok(result)) {
        return;
    }
    if (result.code == ERR_CANCELLED && run->stop_asked) {
        run->finish_reason = "stopped"; /* what there is, is the answer */
    } else {
        name_failure(run, result);
        run->finish_reason = "error";
        run_fail(run);
    }
    err_clear(&run->ctx);
    if (run->text.len > 0) {
        mend_ended(run);
    }
}
