/* chat/budget.h - whether the usual model may answer; for the files of this library only.
 * Waits: all functions (Postgres). */
#ifndef CHAT_BUDGET_H
#define CHAT_BUDGET_H

#include "chat/chat_internal.h"

struct budget_verdict {
    enum budget_step { BUDGET_KEPT, BUDGET_CHEAPER, BUDGET_RETRIEVAL_ONLY } step;
    int64_t reservation_id; /* 0 = none; ends with the answer */
};
/* Nothing came of it. */
void budget_release(struct ctx *ctx, struct chat *chat, const struct budget_verdict *verdict);
/* Sets aside what an answer may cost at most. ERR_RATE_LIMITED (BUDGET_EXCEEDED) when nothing may be said at all. */
err budget_reserve(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    struct budget_verdict *out);

#endif
