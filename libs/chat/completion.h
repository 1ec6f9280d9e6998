/* chat/completion.h - a streamed chat completion as it comes: events in, text to the sink, calls of tools and usage kept.
 * Waits:  completion_take, as long as the sink does.
 * Errors: ERR_UPSTREAM (not what the protocol says, an error in it, an end too early), and those of the sink. */
#ifndef CHAT_COMPLETION_H
#define CHAT_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/delta.h"
#include "chat/model.h"
#include "chat/tool_calls.h"

struct ctx;

struct completion {
    const struct chat_sink *sink; /* NULL: nobody wants the text */
    struct chat_usage *usage;
    int64_t begin_ns;
    struct tool_calls calls;
    struct delta_reader reader;
    size_t text_len; /* given to the sink */
    enum delta_finish finish;
    bool done;   /* [DONE] came */
    bool full;   /* there was more text than an answer may have */
    bool sunk;   /* the failure is the sink's */
    bool broken; /* and this one the service's */
};
/* usage is cleared; the model and the times are put in as they come. */
void completion_init(struct ctx *ctx, struct completion *completion, const char *model,
    const struct chat_sink *sink, struct chat_usage *usage);

/* The data of one event. */
err completion_take(struct ctx *ctx, struct completion *completion, const char *event, size_t len);
/* Nothing more is to come, or wanted. */
bool completion_is_over(const struct completion *completion);
/* The bytes have ended: whether the answer has, too. */
err completion_end(struct ctx *ctx, struct completion *completion);
/* "stop" or "length". */
const char *completion_finish(const struct completion *completion);

#endif
