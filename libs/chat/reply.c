#include "chat/reply.h"

#include "chat/sql.h"
#include "db/db.h"

static const char *const roles[] = {"user", "assistant", NULL};
static const char *const finishes[] = {
    "stop", "length", "stopped", "no_evidence", "budget", "error", NULL};
static const char *const degradations[] = {"fallback_model", "retrieval_only", "budget", NULL};

static const struct field chat_source_fields[] = {
    FIELD_I64(struct chat_source, n, "Its marker [n] in the text"),
    FIELD_STR(struct chat_source, type, "faq, property, calculator or availability"),
    FIELD_I64(struct chat_source, id, "Of the entry or the listing", .nullable = true),
    FIELD_STR(struct chat_source, title, "Question of the entry, title of the listing"),
    FIELD_STR(struct chat_source, url, "On the product's own site", .nullable = true),
    FIELD_STR(struct chat_source, snippet, "Its beginning", .nullable = true),
    FIELD_F64(struct chat_source, score, "How well it fits, 0..1"),
};
const struct shape chat_source_shape = {
    .name = "chat_source",
    .size = sizeof(struct chat_source),
    .fields = chat_source_fields,
    .count = sizeof(chat_source_fields) / sizeof(chat_source_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct chat_source, has),
};

struct tool_call_shown {
    const char *name, *status;
    int64_t took_ms;
};
static const struct field tool_call_shown_fields[] = {
    FIELD_STR(struct tool_call_shown, name, "Tool"),
    FIELD_STR(struct tool_call_shown, status, "ok, empty, invalid, failed or unknown"),
    FIELD_I64(struct tool_call_shown, took_ms, "Duration", .unit = "ms"),
};
struct feedback_shown {
    const char *rating, *reason, *comment;
};
static const struct field feedback_shown_fields[] = {
    FIELD_STR(struct feedback_shown, rating, "up or down"),
    FIELD_STR(struct feedback_shown, reason, "Why", .nullable = true),
    FIELD_STR(struct feedback_shown, comment, "In words", .nullable = true),
};

static const struct field chat_message_fields[] = {
    FIELD_I64(struct chat_message_out, id, "Id"),
    FIELD_I64(struct chat_message_out, conversation_id, "Conversation"),
    FIELD_ENUM(struct chat_message_out, role, "Who speaks", .choices = roles),
    FIELD_STR(struct chat_message_out, content, "Text, with markers [n] of its sources"),
    FIELD_TIME(struct chat_message_out, created_at, "When it was begun"),
    FIELD_JSON(struct chat_message_out, sources, "What it rests on", .list = true,
        .shape = &chat_source_shape),
    FIELD_JSON(struct chat_message_out, tool_calls, "What was looked up", .list = true,
        .shape = SHAPE(tool_call_shown)),
    FIELD_ENUM(struct chat_message_out, finish_reason, "Why it ended; null of a question",
        .nullable = true, .choices = finishes),
    FIELD_I64(struct chat_message_out, prompt_version, "Version of the prompt", .nullable = true),
    FIELD_JSON(struct chat_message_out, feedback, "The asker's vote", .nullable = true,
        .shape = SHAPE(feedback_shown)),
};
const struct shape chat_message_shape = {
    .name = "chat_message",
    .size = sizeof(struct chat_message_out),
    .fields = chat_message_fields,
    .count = sizeof(chat_message_fields) / sizeof(chat_message_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct chat_message_out, has),
};

static const struct field chat_usage_fields[] = {
    FIELD_I64(struct chat_usage_out, prompt_tokens, "Read", .nullable = true),
    FIELD_I64(struct chat_usage_out, completion_tokens, "Written", .nullable = true),
    FIELD_I64(struct chat_usage_out, total_tokens, "Both", .nullable = true),
    FIELD_I64(struct chat_usage_out, cost_microusd, "Cost; null when the price is unknown",
        .nullable = true, .unit = "millionths of a US dollar"),
};
const struct shape chat_usage_shape = {
    .name = "chat_usage",
    .size = sizeof(struct chat_usage_out),
    .fields = chat_usage_fields,
    .count = sizeof(chat_usage_fields) / sizeof(chat_usage_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct chat_usage_out, has),
};

static const struct field chat_remaining_fields[] = {
    FIELD_I64(struct chat_remaining, today, "Questions that may still be asked today"),
};

/* The rows that clients see, then those that only we do. */
static const struct field chat_response_fields[] = {
    FIELD_OBJ(struct chat_response, message, chat_message_out, "The answer",
        .shape = &chat_message_shape),
    FIELD_STR(struct chat_response, model, "Who wrote it"),
    FIELD_OBJ(struct chat_response, usage, chat_usage_out, "What it took",
        .shape = &chat_usage_shape),
    FIELD_I64(struct chat_response, conversation_id, "Conversation"),
    FIELD_STR(struct chat_response, session_id, "Session of a guest, to be sent again"),
    FIELD_I64(struct chat_response, user_message_id, "The question"),
    FIELD_BOOL(struct chat_response, grounded, "Whether it rests on sources"),
    FIELD_ENUM(struct chat_response, degraded, "Who answered instead of the usual model",
        .nullable = true, .choices = degradations),
    FIELD_STRS(struct chat_response, suggestions, "What to ask instead"),
    FIELD_OBJ(struct chat_response, remaining, chat_remaining, "What is left",
        .shape = SHAPE(chat_remaining)),
    FIELD_STR(struct chat_response, status, "State of the message"),
    FIELD_STR(struct chat_response, error_code, "What went wrong", .nullable = true),
};
enum { RESPONSE_SHOWN = 10 };
const struct shape chat_response_shape = {
    .name = "chat_response",
    .size = sizeof(struct chat_response),
    .fields = chat_response_fields,
    .count = RESPONSE_SHOWN,
    .has_set = true,
    .set_offset = offsetof(struct chat_response, has),
};

err reply_load(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    int64_t message_id, struct chat_response *out)
{
    TRY(db_one(ctx, chat->options.db, &SQL_chat_reply, DB_ARGS(DB_I64(message_id)),
        SHAPE_SET(chat_response), out));
    out->has.present = UINT64_MAX;
    out->session_id = question->session_id;
    out->remaining.today = question->remaining_today;
    if (!out->grounded) {
        out->suggestions = *chat->options.suggestions;
    }
    return OK;
}
