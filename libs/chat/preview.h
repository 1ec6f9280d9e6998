/* chat/preview.h - an answer that nobody keeps: to try a version of the prompt, or to measure it.
 * Waits:  chat_preview (Postgres, the model).
 * Errors: those of a provider: there is no other model to fall back to; ERR_RATE_LIMITED, a budget does not allow it. */
#ifndef CHAT_PREVIEW_H
#define CHAT_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "chat/chat.h"
#include "chat/model.h"
#include "core/err.h"

struct ctx;
struct prompt_draft;

struct chat_preview {
    const struct chat_asker *asker;
    const char *feature;              /* "preview", "eval": where its cost is counted */
    int64_t version;                  /* 0 = the draft */
    const struct prompt_draft *draft; /* NULL = the version */
    const char *content;
    const struct chat_message *history; /* oldest first */
    size_t history_count;
    int64_t user_id; /* who tries; 0 = nobody */
};
/* Ids of the reply are 0. */
err chat_preview(struct ctx *ctx, struct chat *chat, const struct chat_preview *preview,
    struct chat_response *out);

#endif
