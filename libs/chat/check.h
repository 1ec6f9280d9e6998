/* chat/check.h - the last look at an answer, whoever wrote it: no markers and links that lead nowhere of ours, and no price,
 * percentage or date that is not in what the answer rests on.
 * Pure: nothing waits. Text in the ctx's arena.
 * Errors: ERR_TOO_LARGE (over twice LIMIT_CHAT_TEXT_BYTES). */
#ifndef CHAT_CHECK_H
#define CHAT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/model.h"
#include "core/err.h"
#include "core/field.h"

struct ctx;

/* Bytes of a text. */
struct chat_range {
    size_t at, len;
};
struct chat_doubt {
    struct chat_range sentence; /* with the blanks behind it */
    struct chat_range figure;   /* the first in it that nothing backs */
};

struct chat_checked {
    const char *text; /* without foreign links and markers without source; the ranges are in it */
    bool cleaned;     /* it differs from what was given */
    struct chat_doubt *doubts; /* one a sentence, in order */
    size_t doubt_count;
};

/* Against the results and sources of the turn. own: origins of the product's own site. */
err chat_check(struct ctx *ctx, const struct chat_turn *turn, const struct strs *own,
    const char *text, struct chat_checked *out);

/* For turn->mend: which figures must go. "" when there is no doubt. */
const char *chat_check_mend(struct ctx *ctx, const struct chat_checked *checked);
/* The text without the sentences in doubt; "" when nothing stays. */
const char *chat_check_drop(struct ctx *ctx, const struct chat_checked *checked);

#endif
