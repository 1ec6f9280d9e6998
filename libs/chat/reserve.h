/* chat/reserve.h - what a call of a service may cost is set aside of the budget before it is made; settled with the answer.
 * With the question (ask.c) goes what its first choice of tools and its answer may cost; each call more asks here. */
#ifndef CHAT_RESERVE_H
#define CHAT_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct chat_run;
struct ctx;

/* Tokens that a call of a service has to read at most, whose question has so many bytes. */
int64_t reserve_tokens_read(int64_t question_bytes);

/* Waits. For an answer that nobody keeps, whose prompt is known; ERR_RATE_LIMITED: BUDGET_EXCEEDED. */
err reserve_tried(struct ctx *ctx, struct chat_run *run, int64_t user_id);
/* Waits. Whether a call more of this model may be made; true where no budget is set. When Postgres cannot tell: false. */
bool reserve_call(struct chat_run *run, const char *model);

#endif
