#include <string.h>

#include "chat/completion.h"
#include "chat/config.h"
#include "chat/model.h"
#include "chat/request.h"
#include "chat/sse_reader.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/upstream.h"

enum {
    NS_PER_MS = 1000000,
    USAGE_WAIT_MS = 1000, /* for what may come after the last word */
};

struct chat_model {
    struct arena *arena;              /* of the model itself */
    const struct chat_config *config; /* borrowed */
    struct upstream upstream;
    const char *url, *authorization;
};

static struct chat_model *open_model(const struct chat_config *config, struct client *client,
    struct loop *loop)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct chat_model *model = ARENA_NEW(arena, struct chat_model);
    model->arena = arena;
    model->config = config;
    upstream_init(&model->upstream, "chat service", client, loop);
    const char *base = config->llm_base_url;
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/') {
        len--;
    }
    model->url = arena_printf(arena, "%.*s/chat/completions", (int)len, base);
    model->authorization = arena_printf(arena, "Authorization: Bearer %s", config->llm_api_key);
    return model;
}

static void close_model(struct chat_model *model)
{
    if (model != NULL) {
        arena_free(model->arena);
    }
}

/* ---- one request and its stream ---- */

struct exchange {
    struct chat_model *model;
    const struct chat_turn *turn;
    int64_t end_ns; /* of the whole of it */
    struct completion completion;
    struct client_stream *stream;
};

static int64_t left_ms(struct ctx *ctx, int64_t end_ns)
{
    const int64_t left_ns = end_ns - clock_monotonic_ns(ctx->clock);
    return left_ns > 0 ? left_ns / NS_PER_MS : 0;
}

/* A refusal that no other model of the service cures. An account that is empty for now (429) is none; one that must be paid
 * first (402) is. */
static bool is_refusal(int status)
{
    return status == 400 || status == 401 || status == 402 || status == 403;
}

/* Written in memory of its own, of which only what was written is kept: a service may be silent until its first word, and as
 * long the request may have to be sent again. */
static err write_request(struct ctx *ctx, const struct exchange *exchange, enum chat_step step,
    struct client_body **out)
{
    struct arena *scratch = arena_new(/* pool */ NULL);
    struct ctx writing = *ctx;
    const char *body = NULL;
    size_t len = 0;
    writing.arena = scratch;
    const err written = chat_request_write(&writing, exchange->turn, step, &body, &len);
    if (is_ok(written)) {
        *out = client_body_new(body, len);
    }
    ctx->error = writing.error; /* without fields, which would be in the scratch */
    arena_free(scratch);
    return written;
}

static err open_stream(struct ctx *ctx, struct exchange *exchange, enum chat_step step)
{
    struct chat_model *model = exchange->model;
    struct client_request request = {
        .method = "POST",
        .url = model->url,
        .headers = {"Content-Type: application/json", "Accept: text/event-stream",
            model->authorization},
        .timeout_ms = left_ms(ctx, exchange->turn->first_ns),
        .reply_max_bytes = LIMIT_CHAT_STREAM_BYTES,
    };
    if (request.timeout_ms == 0) {
        return fail(ctx, ERR_TIMEOUT, "no time left for the chat service");
    }
    TRY(write_request(ctx, exchange, step, &request.body));
    struct client_reply head = {0};
    const err opened = upstream_stream(ctx, &model->upstream, &request, &head, &exchange->stream);
    client_body_let_go(request.body);
    return !is_ok(opened) && is_refusal(head.status)
               ? fail(ctx, ERR_FORBIDDEN, "chat service refuses us: %d", head.status)
               : opened;
}

/* Until the first word only that deadline counts, then also the silence between two bytes. */
static int64_t patience_ms(struct ctx *ctx, const struct exchange *exchange)
{
    const struct completion *completion = &exchange->completion;
    if (completion->text_len == 0 && completion->finish == DELTA_FINISH_NONE) {
        return left_ms(ctx, exchange->turn->first_ns);
    }
    const int64_t silence_ms =
        completion->finish == DELTA_FINISH_NONE ? LIMIT_CHAT_IDLE_MS : USAGE_WAIT_MS;
    const int64_t rest_ms = left_ms(ctx, exchange->end_ns);
    return rest_ms < silence_ms ? rest_ms : silence_ms;
}

static err take_bytes(struct ctx *ctx, struct completion *completion, struct sse_reader *reader,
    const char *bytes, size_t len)
{
    const char *end = bytes + len, *event = NULL;
    size_t event_len = 0;
    while (!completion_is_over(completion)) {
        switch (sse_reader_next(reader, &bytes, end, &event, &event_len)) {
        case SSE_READ_EVENT:
            TRY(completion_take(ctx, completion, event, event_len));
            break;
        case SSE_READ_TOO_LONG:
            completion->broken = true;
            return fail(ctx, ERR_UPSTREAM, "event over %d bytes", LIMIT_CHAT_EVENT_BYTES);
        case SSE_READ_MORE:
            return OK;
        }
    }
    return OK;
}

static err take_end(struct ctx *ctx, struct completion *completion, struct sse_reader *reader)
{
    const char *event = NULL;
    size_t len = 0;
    if (sse_reader_end(reader, &event, &len) == SSE_READ_EVENT) {
        TRY(completion_take(ctx, completion, event, len));
    }
    return completion_end(ctx, completion);
}

/* What came before a connection broke is the whole answer if its end was told. */
static err end_broken(struct ctx *ctx, struct completion *completion, err read)
{
    if (read.code != ERR_CANCELLED && completion->finish != DELTA_FINISH_NONE) {
        err_clear(ctx); /* only the usage was still to come */
        return OK;
    }
    completion->broken = read.code != ERR_CANCELLED;
    if (read.code == ERR_TOO_LARGE) {
        return fail(ctx, ERR_UPSTREAM, "stream over %d bytes", LIMIT_CHAT_STREAM_BYTES);
    }
    return read.code == ERR_UNAVAILABLE && completion->text_len > 0
               ? fail(ctx, ERR_UPSTREAM, "chat service: the answer broke off")
               : read;
}

static err read_stream(struct ctx *ctx, struct exchange *exchange)
{
    struct completion *completion = &exchange->completion;
    struct sse_reader reader;
    sse_reader_init(&reader, ctx->arena);
    while (!completion_is_over(completion)) {
        const int64_t wait_ms = patience_ms(ctx, exchange);
        const char *bytes = NULL;
        size_t len = 0;
        const err read = wait_ms > 0
                             ? client_stream_read(ctx, exchange->stream, wait_ms, &bytes, &len)
                             : fail(ctx, ERR_TIMEOUT, "chat service: no time left");
        if (!is_ok(read)) {
            return end_broken(ctx, completion, read);
        }
        if (len == 0) {
            return take_end(ctx, completion, &reader);
        }
        TRY(take_bytes(ctx, completion, &reader, bytes, len));
    }
    return OK;
}

/* The breaker learns what the service did; that a client left, or that an answer is long, is no failure of it. */
static void tell_breaker(struct ctx *ctx, struct exchange *exchange, err result)
{
    const struct completion *completion = &exchange->completion;
    const bool long_answer = result.code == ERR_TIMEOUT && completion->text_len > 0 &&
                             left_ms(ctx, exchange->end_ns) == 0;
    if (!is_ok(result) && completion->broken && !long_answer) {
        upstream_failed(ctx, &exchange->model->upstream);
    } else {
        upstream_answered(&exchange->model->upstream);
    }
}

static err run(struct ctx *ctx, struct exchange *exchange, enum chat_step step)
{
    struct completion *completion = &exchange->completion;
    const err opened = open_stream(ctx, exchange, step);
    err result = opened;
    if (is_ok(opened)) {
        result = read_stream(ctx, exchange);
        client_stream_close(exchange->stream);
        tell_breaker(ctx, exchange, result);
    }
    completion->usage->latency_ms =
        (clock_monotonic_ns(ctx->clock) - completion->begin_ns) / NS_PER_MS;
    return result;
}

/* ---- the provider ---- */

static err choose(struct ctx *ctx, struct chat_model *model, const struct chat_turn *turn,
    struct chat_chosen *out)
{
    *out = (struct chat_chosen){.usage = {.first_text_ms = -1}};
    if (turn->tools[0] == NULL) {
        return OK; /* nothing to choose from: nobody is asked */
    }
    struct exchange exchange = {.model = model, .turn = turn, .end_ns = turn->first_ns};
    completion_init(ctx, &exchange.completion, chat_step_model(turn, CHAT_STEP_CHOOSE),
        /* sink */ NULL, &out->usage);
    TRY(run(ctx, &exchange, CHAT_STEP_CHOOSE));
    out->count = tool_calls_finish(&exchange.completion.calls, out->calls);
    return OK;
}

static err answer(struct ctx *ctx, struct chat_model *model, const struct chat_turn *turn,
    const struct chat_sink *sink, struct chat_answered *out)
{
    *out = (struct chat_answered){0};
    struct exchange exchange = {.model = model, .turn = turn, .end_ns = turn->deadline_ns};
    completion_init(ctx, &exchange.completion, chat_step_model(turn, CHAT_STEP_ANSWER), sink,
        &out->usage);
    TRY(run(ctx, &exchange, CHAT_STEP_ANSWER));
    if (exchange.completion.text_len == 0) {
        return fail(ctx, ERR_UPSTREAM, "chat service: an answer without text");
    }
    out->finish = completion_finish(&exchange.completion);
    return OK;
}

static struct health health_of(const struct chat_model *model)
{
    const struct upstream *upstream = &model->upstream;
    return (struct health){!upstream->down, upstream->answer_ms, upstream->since_us};
}

const struct chat_provider chat_provider_openai = {
    .name = "openai",
    .open = open_model,
    .close = close_model,
    .choose = choose,
    .answer = answer,
    .health = health_of,
};
