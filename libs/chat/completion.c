#include "chat/completion.h"

#include <string.h>

#include "chat/usage.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/json_scan.h"
#include "core/limits.h"
#include "core/utf8.h"

enum { NS_PER_MS = 1000000, MODEL_MAX = 100 };
static const char done_mark[] = "[DONE]";

void completion_init(struct ctx *ctx, struct completion *completion, const char *model,
    const struct chat_sink *sink, struct chat_usage *usage)
{
    *usage = (struct chat_usage){.model = model, .first_text_ms = -1};
    *completion = (struct completion){
        .sink = sink, .usage = usage, .begin_ns = clock_monotonic_ns(ctx->clock)};
    tool_calls_init(&completion->calls, ctx->arena);
    delta_reader_init(&completion->reader, ctx->arena);
}

static err broken(struct ctx *ctx, struct completion *completion, const char *why)
{
    completion->broken = true;
    return fail(ctx, ERR_UPSTREAM, "chat completion: %s", why);
}

/* ---- text ---- */

/* Blanks before the first word are not an answer yet. */
static size_t leading_blanks(const struct completion *completion, const char *text, size_t len)
{
    size_t blanks = 0;
    while (completion->text_len == 0 && blanks < len &&
           memchr(" \t\r\n", text[blanks], 4) != NULL) {
        blanks++;
    }
    return blanks;
}

static err take_text(struct ctx *ctx, struct completion *completion, const char *text, size_t len)
{
    const size_t blanks = leading_blanks(completion, text, len);
    text += blanks;
    len -= blanks;
    const size_t fits = utf8_cut(text, len, LIMIT_CHAT_TEXT_BYTES - completion->text_len);
    completion->full = completion->full || fits < len;
    if (fits == 0) {
        return OK;
    }
    if (completion->text_len == 0) {
        completion->usage->first_text_ms =
            (clock_monotonic_ns(ctx->clock) - completion->begin_ns) / NS_PER_MS;
    }
    completion->text_len += fits;
    if (completion->sink == NULL) {
        return OK;
    }
    const err sent = completion->sink->text(ctx, completion->sink->arg, text, fits);
    completion->sunk = !is_ok(sent);
    return sent;
}

/* ---- everything else ---- */

static void keep_model(struct ctx *ctx, struct completion *completion, const struct delta *delta)
{
    char plain[3 * MODEL_MAX + 1];
    struct buf buf = buf_over(plain, sizeof(plain));
    if (delta->model_len == 0 || delta->model_len > MODEL_MAX) {
        return;
    }
    size_t len = 0;
    const char *name = json_scan_decode(delta->model, delta->model_len, &buf, &len);
    const char *known = completion->usage->model;
    if (known == NULL || strlen(known) != len || memcmp(known, name, len) != 0) {
        completion->usage->model = arena_strndup(ctx->arena, name, len);
    }
}

/* What the tree of a chunk says besides text; parts of text go to `parts`. False: it is an error. */
static bool read_rest(struct completion *completion, const struct json *chunk, struct buf *parts)
{
    const struct json *delta = delta_of(chunk);
    tool_calls_add(&completion->calls, json_get(delta, "tool_calls"));
    delta_add_parts(parts, json_get(delta, "content"));
    usage_read(json_get(chunk, "usage"), completion->usage);
    return json_kind(json_get(chunk, "error")) == JSON_KIND_NULL;
}

/* The tree goes at once: some services send usage with every word. */
static err take_rest(struct ctx *ctx, struct completion *completion, const char *chunk, size_t len)
{
    struct buf parts;
    buf_init(&parts, ctx->arena, /* first_cap */ 0, LIMIT_CHAT_EVENT_BYTES);
    struct arena *tree = arena_new(/* pool */ NULL);
    struct ctx apart = *ctx;
    apart.arena = tree;
    const struct json *root = NULL;
    const bool parsed = is_ok(delta_parse(&apart, chunk, len, &root));
    const bool good = parsed && read_rest(completion, root, &parts);
    arena_free(tree);
    if (!parsed) {
        return broken(ctx, completion, "chunk cannot be read");
    }
    return good ? take_text(ctx, completion, buf_text(&parts), parts.len)
                : broken(ctx, completion, "the service reports an error");
}

err completion_take(struct ctx *ctx, struct completion *completion, const char *event, size_t len)
{
    if (len >= sizeof(done_mark) - 1 && memcmp(event, done_mark, sizeof(done_mark) - 1) == 0) {
        completion->done = true;
    }
    if (completion->done || len == 0) {
        return OK;
    }
    struct delta delta;
    const err read = delta_read(ctx, &completion->reader, event, len, &delta);
    completion->broken = !is_ok(read);
    TRY(read);
    keep_model(ctx, completion, &delta);
    if (delta.more) {
        TRY(take_rest(ctx, completion, event, len));
    }
    if (delta.finish == DELTA_FINISH_ERROR) {
        return broken(ctx, completion, "ended by an error");
    }
    completion->finish = delta.finish != DELTA_FINISH_NONE ? delta.finish : completion->finish;
    return take_text(ctx, completion, delta.text, delta.text_len);
}

bool completion_is_over(const struct completion *completion)
{
    return completion->done || completion->full;
}

err completion_end(struct ctx *ctx, struct completion *completion)
{
    return completion_is_over(completion) || completion->finish != DELTA_FINISH_NONE
               ? OK
               : broken(ctx, completion, "ended before its end");
}

const char *completion_finish(const struct completion *completion)
{
    const bool cut = completion->full || completion->finish == DELTA_FINISH_LENGTH ||
                     completion->finish == DELTA_FINISH_FILTER;
    return cut ? "length" : "stop";
}
