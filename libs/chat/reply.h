/* chat/reply.h - an answer as its asker gets it, now or later: what the database says; for the files of this library only.
 * Waits: reply_load (Postgres). */
#ifndef CHAT_REPLY_H
#define CHAT_REPLY_H

#include "chat/chat_internal.h"

extern const struct shape chat_usage_shape;

/* question: who asked, with what is told back. */
err reply_load(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    int64_t message_id, struct chat_response *out);

#endif
