#include "chat/request.h"

#include <string.h>

#include "chat/request_text.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/field_schema.h"
#include "core/json.h"
#include "core/limits.h"

enum { NAME_MAX = 64 };
static const size_t first_bytes = 4096;

const char *chat_step_model(const struct chat_turn *turn, enum chat_step step)
{
    return step == CHAT_STEP_CHOOSE ? turn->prompt->model_search : turn->model;
}

static void add_string(struct buf *out, const char *text)
{
    json_write_string(out, text, strlen(text));
}

static void add_message(struct buf *out, const char *role, const char *content)
{
    buf_str(out, "{\"role\":");
    add_string(out, role);
    buf_str(out, ",\"content\":");
    add_string(out, content);
    buf_str(out, "}");
}

static struct buf text_buf(struct ctx *ctx)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, first_bytes, LIMIT_CHAT_REQUEST_BYTES);
    return buf;
}

/* ---- history ---- */

static bool is_told(const struct chat_message *message)
{
    return strcmp(message->role, "user") == 0 || strcmp(message->role, "assistant") == 0;
}

/* The first of the messages that fit, the newest being kept. */
static size_t first_kept(const struct chat_turn *turn)
{
    size_t first = turn->history_count, bytes = 0;
    while (first > 0) {
        bytes += strlen(turn->history[first - 1].content);
        if (bytes > LIMIT_CHAT_HISTORY_BYTES) {
            break;
        }
        first--;
    }
    return first;
}

static void add_history(struct buf *out, const struct chat_turn *turn)
{
    for (size_t i = first_kept(turn); i < turn->history_count; i++) {
        if (is_told(&turn->history[i])) {
            buf_char(out, ',');
            add_message(out, turn->history[i].role, turn->history[i].content);
        }
    }
}

/* ---- what tools were asked and returned ---- */

/* What a model made up may be refused by its own service when it comes back. */
static const char *callable(const char *name)
{
    const size_t plain =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return plain > 0 && plain <= NAME_MAX && name[plain] == '\0' ? name : "unknown";
}

static const char *arguments_of(const char *text)
{
    const char *begin = text + strspn(text, " \t\r\n");
    return *begin == '{' && json_is_valid(text, strlen(text)) ? text : "{}";
}

/* One question and one reply a call, in the order in which they happened. */
static void add_result(struct ctx *ctx, struct buf *out, const struct chat_result *result,
    const struct chat_fence *fence)
{
    struct buf content = text_buf(ctx);
    request_add_result(&content, result, fence);
    buf_str(out, ",{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":");
    add_string(out, result->call.id);
    buf_str(out, ",\"type\":\"function\",\"function\":{\"name\":");
    add_string(out, callable(result->call.name));
    buf_str(out, ",\"arguments\":");
    add_string(out, arguments_of(result->call.arguments));
    buf_str(out, "}}]},{\"role\":\"tool\",\"tool_call_id\":");
    add_string(out, result->call.id);
    buf_str(out, ",\"content\":");
    add_string(out, buf_text(&content));
    buf_char(out, '}');
    out->failed = out->failed || content.failed;
}

/* ---- tools ---- */

static void add_tools(struct buf *out, const struct chat_turn *turn)
{
    buf_str(out, ",\"tools\":[");
    for (size_t i = 0; turn->tools[i] != NULL; i++) {
        buf_str(out, i > 0 ? "," : "");
        buf_str(out, "{\"type\":\"function\",\"function\":{\"name\":");
        add_string(out, turn->tools[i]->name);
        buf_str(out, ",\"description\":");
        add_string(out, turn->tools[i]->description);
        buf_str(out, ",\"parameters\":");
        field_schema_object(out, turn->tools[i]->arguments, /* input */ true, /* ref */ NULL);
        buf_str(out, "}}");
    }
    buf_str(out, "],\"tool_choice\":\"auto\"");
}

/* ---- the body ---- */

static void add_messages(struct ctx *ctx, struct buf *out, const struct chat_turn *turn,
    bool answering)
{
    struct chat_fence fence;
    struct buf rules = text_buf(ctx), question = text_buf(ctx);
    chat_fence_make(&fence);
    request_add_rules(&rules, turn, &fence, answering);
    add_message(out, "system", buf_text(&rules));
    add_history(out, turn);
    buf_char(out, ',');
    if (answering) {
        request_add_question(&question, turn, &fence);
        add_message(out, "user", buf_text(&question));
    } else {
        add_message(out, "user", turn->question);
        for (size_t i = 0; i < turn->result_count; i++) {
            add_result(ctx, out, &turn->results[i], &fence);
        }
    }
    out->failed = out->failed || rules.failed || question.failed;
}

err chat_request_write(struct ctx *ctx, const struct chat_turn *turn, enum chat_step step,
    const char **out, size_t *out_len)
{
    struct buf body = text_buf(ctx);
    buf_str(&body, "{\"model\":");
    add_string(&body, chat_step_model(turn, step));
    buf_str(&body, ",\"messages\":[");
    add_messages(ctx, &body, turn, step == CHAT_STEP_ANSWER);
    buf_str(&body, "]");
    if (step == CHAT_STEP_CHOOSE) {
        add_tools(&body, turn);
    }
    buf_str(&body, ",\"max_tokens\":");
    buf_i64(&body, turn->prompt->max_tokens);
    buf_str(&body, ",\"temperature\":");
    json_write_f64(&body, turn->prompt->temperature);
    buf_str(&body, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    return buf_finish(ctx, &body, out, out_len);
}
