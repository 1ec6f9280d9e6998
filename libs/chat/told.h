/* chat/told.h - amounts that a tool computes with must come from somewhere: a model must not make them up. Pure. */
#ifndef CHAT_TOLD_H
#define CHAT_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct chat_tool;
struct chat_turn;
struct ctx;

struct told_amount {
    int64_t minor;
    bool a_month; /* twelve times as much names it too: of a rent a year is told what a month is */
};
/* Whether the text names the amount, in digits or words. */
bool told_in(const char *text, const struct told_amount *amount);

/* Each of the tool's .told amounts that is in its arguments is named by the question, by what was said before or by what a tool found.
 * Errors: ERR_INVALID with the field errors. */
err told_check(struct ctx *ctx, const struct chat_turn *turn, const struct chat_tool *tool,
    const void *in);

#endif
