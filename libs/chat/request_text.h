/* chat/request_text.h - the texts of a request to a model: our rules, and data that is fenced in. For chat/request.c. */
#ifndef CHAT_REQUEST_TEXT_H
#define CHAT_REQUEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/model.h"

struct arena;
struct buf;

/* Random for each request. */
#define CHAT_FENCE_LEN 23
struct chat_fence {
    char text[CHAT_FENCE_LEN + 1];
};
void chat_fence_make(struct chat_fence *out);

/* The system message: the product's prompt, then the rules that every answer of ours keeps. */
void request_add_rules(struct buf *out, const struct chat_turn *turn,
    const struct chat_fence *fence, bool answering);
/* One result, fenced in. */
void request_add_result(struct buf *out, const struct chat_result *result,
    const struct chat_fence *fence);
/* The question with everything that was found, numbered as answers must cite it. */
void request_add_question(struct buf *out, const struct chat_turn *turn,
    const struct chat_fence *fence);

/* Appends at most max bytes without the fence, control characters and marks that turn or hide text. */
void request_add_data(struct buf *out, const char *text, size_t max,
    const struct chat_fence *fence);

#endif
