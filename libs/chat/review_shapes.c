/* chat/review_shapes.c - what administrators see of conversations, and of all of them together. */
#include <stddef.h>

#include "chat/review.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const roles[] = {"user", "assistant", NULL};

static const struct field review_message_fields[] = {
    FIELD_I64(struct review_message, id, "Id"),
    FIELD_ENUM(struct review_message, role, "Who spoke", .choices = roles),
    FIELD_STR(struct review_message, status, "complete, stopped, failed, superseded or streaming"),
    FIELD_STR(struct review_message, content, "What was said"),
    FIELD_TIME(struct review_message, created_at, "When"),
    FIELD_STR(struct review_message, model, "Who answered", .nullable = true),
    FIELD_I64(struct review_message, prompt_version, "Version of the prompt", .nullable = true),
    FIELD_STR(struct review_message, finish_reason, "Why it ended", .nullable = true),
    FIELD_BOOL(struct review_message, grounded, "Rests on sources", .nullable = true),
    FIELD_STR(struct review_message, degraded, "Who answered instead", .nullable = true),
    FIELD_STR(struct review_message, error_code, "What went wrong", .nullable = true),
    FIELD_I64(struct review_message, prompt_tokens, "Tokens read", .nullable = true),
    FIELD_I64(struct review_message, completion_tokens, "Tokens written", .nullable = true),
    FIELD_I64(struct review_message, cost_microusd, "Cost; null = not known", .nullable = true),
    FIELD_I64(struct review_message, latency_ms, "Whole time", .nullable = true),
    FIELD_I64(struct review_message, first_token_ms, "Time to the first text", .nullable = true),
    FIELD_STR(struct review_message, request_id, "Request it came from", .nullable = true),
    FIELD_JSON(struct review_message, sources, "What it rests on", .list = true),
    FIELD_JSON(struct review_message, tool_calls, "What was looked up", .list = true),
    FIELD_JSON(struct review_message, feedback, "Vote on it", .nullable = true),
};
const struct shape review_message_shape = {
    .name = "ReviewedMessage",
    .size = sizeof(struct review_message),
    .fields = review_message_fields,
    .count = COUNT(review_message_fields),
    .has_set = true,
    .set_offset = offsetof(struct review_message, has),
};

static const struct field review_fields[] = {
    FIELD_I64(struct review, id, "Id"),
    FIELD_I64(struct review, user_id, "Whose it is; null = a guest's", .nullable = true),
    FIELD_STR(struct review, title, "At first the beginning of the first question",
        .nullable = true),
    FIELD_STR(struct review, locale, "Language of the first question"),
    FIELD_I64(struct review, message_count, "Questions and answers"),
    FIELD_TIME(struct review, last_message_at, "Last question or answer", .nullable = true),
    FIELD_TIME(struct review, created_at, "First question"),
    FIELD_I64(struct review, prompt_tokens, "Tokens read"),
    FIELD_I64(struct review, completion_tokens, "Tokens written"),
    FIELD_I64(struct review, cost_microusd, "Cost, as far as it is known"),
    FIELD_I64(struct review, thumbs_up, "Answers that helped"),
    FIELD_I64(struct review, thumbs_down, "Answers that did not"),
    FIELD_I64(struct review, refusals, "Answers without evidence"),
    FIELD_LIST(struct review, messages, "As they were said, the last of them",
        .shape = &review_message_shape),
    FIELD_BOOL(struct review, has_more, "There are earlier ones"),
    FIELD_STR(struct review, sort_key, "Place in the list"),
};
enum { REVIEW_LISTED = 13, REVIEW_SHOWN = 15 };
const struct shape review_row_shape = {
    .name = "review_row",
    .size = sizeof(struct review),
    .fields = review_fields,
    .count = COUNT(review_fields),
    .has_set = true,
    .set_offset = offsetof(struct review, has),
};
const struct shape review_shape = {
    .name = "ReviewedConversation",
    .size = sizeof(struct review),
    .fields = review_fields,
    .count = REVIEW_LISTED,
    .has_set = true,
    .set_offset = offsetof(struct review, has),
};
const struct shape review_detail_shape = {
    .name = "ReviewedConversationDetail",
    .size = sizeof(struct review),
    .fields = review_fields,
    .count = REVIEW_SHOWN,
    .has_set = true,
    .set_offset = offsetof(struct review, has),
};

static const struct field overview_period_fields[] = {
    FIELD_I64(struct overview_period, chats, "Conversations in which something was said"),
    FIELD_I64(struct overview_period, questions, "Questions"),
    FIELD_I64(struct overview_period, users, "Users who asked"),
    FIELD_I64(struct overview_period, guests, "Guests who asked"),
    FIELD_I64(struct overview_period, answers, "Answers"),
    FIELD_F64(struct overview_period, refusal_rate_pct, "Answers without evidence",
        .nullable = true),
    FIELD_I64(struct overview_period, p50_ms, "Time of an answer, the middle one",
        .nullable = true),
    FIELD_I64(struct overview_period, p95_ms, "Time of an answer, 95 of 100 are faster",
        .nullable = true),
    FIELD_I64(struct overview_period, thumbs_up, "Answers that helped"),
    FIELD_I64(struct overview_period, thumbs_down, "Answers that did not"),
    FIELD_I64(struct overview_period, cost_microusd, "What services cost; null = not all is known",
        .nullable = true),
    FIELD_I64(struct overview_period, inquiries, "Inquiries"),
    FIELD_I64(struct overview_period, bookings, "Stays that were held or asked for",
        .nullable = true, .omit = true),
    FIELD_JSON(struct overview_period, top_gaps, "Questions without an answer: id, question, count",
        .list = true),
};
const struct shape overview_period_shape = {
    .name = "OverviewPeriod",
    .size = sizeof(struct overview_period),
    .fields = overview_period_fields,
    .count = COUNT(overview_period_fields),
    .has_set = true,
    .set_offset = offsetof(struct overview_period, has),
};
