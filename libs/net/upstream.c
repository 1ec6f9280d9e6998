#include "net/upstream.h"

#include <stddef.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "net/fiber.h"

enum {
    NS_PER_MS = 1000000,
    RETRIES_MAX = 2,
    RETRY_FIRST_MS = 500,
    RETRY_ASKED_MAX_MS = 120000,
    BUDGET_MAX = 100, /* tenths */
    BUDGET_RETRY = 10,
    FAILURES_MAX = 5,
    PAUSE_FIRST_MS = 1000,
    PAUSE_MAX_MS = 30000,
    REFUSAL_FIRST_BYTES = 1024,
    REFUSAL_MAX_BYTES = 65536,
};

void upstream_init(struct upstream *upstream, const char *name, struct client *client,
    struct loop *loop)
{
    *upstream = (struct upstream){
        .name = name,
        .client = client,
        .loop = loop,
        .budget_tenths = BUDGET_MAX,
        .since_us = clock_wall_us(&clock_system),
    };
}

/* ---- breaker ---- */

/* Between 3/4 and all of it: callers that failed together do not come back together. */
static int64_t with_jitter(int64_t ms)
{
    uint8_t byte = 0;
    crypto_random(&byte, sizeof(byte));
    return ms - ms * byte / 1024;
}

static void set_down(struct upstream *upstream, bool down)
{
    if (upstream->down != down) {
        upstream->down = down;
        upstream->since_us = clock_wall_us(&clock_system);
    }
}

void upstream_answered(struct upstream *upstream)
{
    set_down(upstream, false);
    upstream->failures = 0;
    upstream->open_ns = 0;
    upstream->pause_ms = 0;
    upstream->trying = false;
    upstream->budget_tenths += upstream->budget_tenths < BUDGET_MAX;
}

void upstream_failed(struct ctx *ctx, struct upstream *upstream)
{
    const bool was_trial = upstream->trying;
    upstream->trying = false;
    upstream->failures++;
    if (upstream->failures < FAILURES_MAX && !was_trial) {
        return;
    }
    const int64_t longer_ms = upstream->pause_ms == 0 ? PAUSE_FIRST_MS : 2 * upstream->pause_ms;
    upstream->pause_ms = longer_ms < PAUSE_MAX_MS ? longer_ms : PAUSE_MAX_MS;
    upstream->open_ns =
        clock_monotonic_ns(ctx->clock) + with_jitter(upstream->pause_ms) * NS_PER_MS;
    set_down(upstream, true);
}

bool upstream_pauses(const struct ctx *ctx, const struct upstream *upstream)
{
    return upstream->open_ns != 0 &&
           (upstream->trying || clock_monotonic_ns(ctx->clock) < upstream->open_ns);
}

/* The only call that is let through after a pause is the trial; it ends in answered, failed or left. */
static err enter(struct ctx *ctx, struct upstream *upstream)
{
    if (upstream->open_ns == 0) {
        return OK;
    }
    if (upstream_pauses(ctx, upstream)) {
        return fail(ctx, ERR_UNAVAILABLE, "%s: not asked, it failed %d times in a row",
            upstream->name, upstream->failures);
    }
    upstream->trying = true;
    return OK;
}

/* ---- retries ---- */

static bool is_empty_account(const struct client_reply *reply)
{
    return reply->status == 429 && strstr(reply->body, "insufficient_quota") != NULL;
}

static bool may_ask_again(const struct client_reply *reply)
{
    if (reply->retry.asked_to || reply->retry.asked_not) {
        return reply->retry.asked_to;
    }
    const int status = reply->status;
    return (status == 408 || status == 409 || status == 429 || status >= 500) &&
           !is_empty_account(reply);
}

/* Below 0: not again. */
static int64_t pause_before(const struct client_reply *reply, int retry)
{
    if (reply != NULL && reply->retry.after_ms > RETRY_ASKED_MAX_MS) {
        return -1;
    }
    return reply != NULL && reply->retry.after_ms > 0
               ? reply->retry.after_ms
               : with_jitter((int64_t)RETRY_FIRST_MS << (retry - 1));
}

/* A retry is paid for and waited for. reply is NULL when there was none. */
static bool begin_retry(struct ctx *ctx, struct upstream *upstream,
    const struct client_reply *reply, int retry, int64_t end_ns)
{
    const int64_t pause_ms = pause_before(reply, retry);
    const int64_t left_ms = (end_ns - clock_monotonic_ns(ctx->clock)) / NS_PER_MS;
    if (retry > RETRIES_MAX || upstream->budget_tenths < BUDGET_RETRY || pause_ms < 0 ||
        pause_ms >= left_ms) {
        return false;
    }
    upstream->budget_tenths -= BUDGET_RETRY;
    return is_ok(fiber_sleep(ctx, upstream->loop, pause_ms));
}

static err judge(struct ctx *ctx, const struct upstream *upstream, const struct client_reply *reply)
{
    const int status = reply->status;
    const bool down = status == 401 || status == 403 || status == 404 || status == 408 ||
                      status == 409 || status == 429 || status >= 500;
    return fail(ctx, down ? ERR_UNAVAILABLE : ERR_UPSTREAM, "%s answered %d", upstream->name,
        status);
}

static bool is_good(const struct client_reply *reply)
{
    return reply->status >= 200 && reply->status <= 299;
}

/* ---- one attempt ---- */

/* What an answer is asked for: all of it, or only its head when there is a place for a stream. */
struct question {
    struct client_request request;
    struct client_stream **out_stream; /* NULL: all of it */
};

/* As much of a refusal as is there in time; that it is cut or goes on says nothing more. */
static err read_refusal(struct ctx *ctx, struct client_stream *stream, int64_t end_ns,
    struct client_reply *reply)
{
    struct buf body;
    buf_init(&body, ctx->arena, REFUSAL_FIRST_BYTES, REFUSAL_MAX_BYTES);
    err got = OK;
    size_t len = 1;
    while (is_ok(got) && len > 0 && !body.failed) {
        const char *bytes = NULL;
        const int64_t left_ms = (end_ns - clock_monotonic_ns(ctx->clock)) / NS_PER_MS;
        got = client_stream_read(ctx, stream, left_ms, &bytes, &len);
        buf_add(&body, bytes, is_ok(got) ? len : 0);
    }
    client_stream_close(stream);
    reply->body = buf_text(&body);
    reply->body_len = body.len;
    if (got.code == ERR_CANCELLED) {
        return got;
    }
    err_clear(ctx); /* the status is what counts */
    return OK;
}

static err ask(struct ctx *ctx, struct upstream *upstream, const struct question *question,
    int64_t end_ns, struct client_reply *out)
{
    upstream->calls++;
    if (question->out_stream == NULL) {
        return client_send(ctx, upstream->client, &question->request, out);
    }
    struct client_stream *stream = NULL;
    TRY(client_stream_open(ctx, upstream->client, &question->request, out, &stream));
    if (!is_good(out)) {
        return read_refusal(ctx, stream, end_ns, out);
    }
    *question->out_stream = stream;
    return OK;
}

static err ask_with_retries(struct ctx *ctx, struct upstream *upstream, struct question *question,
    struct client_reply *out)
{
    const int64_t end_ns = ctx_deadline_ns(ctx, question->request.timeout_ms);
    for (int retry = 1;; retry++) {
        question->request.timeout_ms = (end_ns - clock_monotonic_ns(ctx->clock)) / NS_PER_MS;
        struct client_reply reply = {0};
        const err sent = ask(ctx, upstream, question, end_ns, &reply);
        if (is_ok(sent)) {
            *out = reply;
        }
        if (is_ok(sent) && is_good(&reply)) {
            return OK;
        }
        const bool again = is_ok(sent) ? may_ask_again(&reply) : sent.code == ERR_UNAVAILABLE;
        if (!again || !begin_retry(ctx, upstream, is_ok(sent) ? &reply : NULL, retry, end_ns)) {
            return is_ok(sent) ? judge(ctx, upstream, &reply) : sent;
        }
    }
}

static err call(struct ctx *ctx, struct upstream *upstream, struct question question,
    struct client_reply *out)
{
    const int64_t timeout_ms = question.request.timeout_ms;
    TRY(enter(ctx, upstream));
    const int64_t begin_ns = clock_monotonic_ns(ctx->clock);
    const err sent = ask_with_retries(ctx, upstream, &question, out);
    const int64_t took_ns = clock_monotonic_ns(ctx->clock) - begin_ns;
    const bool late = sent.code == ERR_TIMEOUT && took_ns / NS_PER_MS >= timeout_ms / 2;
    if (is_ok(sent)) {
        upstream->answer_ms = (double)took_ns / NS_PER_MS;
    }
    if (sent.code == ERR_UNAVAILABLE || sent.code == ERR_TOO_LARGE || late) {
        upstream_failed(ctx, upstream);
    } else if (sent.code == ERR_UPSTREAM) {
        upstream_answered(upstream); /* it works, but not with this request */
    } else if (!is_ok(sent)) {
        upstream->trying =
            false; /* the caller left or had no time: that says nothing about the service */
    }
    return sent;
}

err upstream_send(struct ctx *ctx, struct upstream *upstream, const struct client_request *request,
    struct client_reply *out)
{
    return call(ctx, upstream, (struct question){*request, NULL}, out);
}

err upstream_stream(struct ctx *ctx, struct upstream *upstream,
    const struct client_request *request, struct client_reply *out_head, struct client_stream **out)
{
    return call(ctx, upstream, (struct question){*request, out}, out_head);
}
