/* chat/request.h - the body of POST {base}/chat/completions for one step of a turn. What tools returned stands between two
 * lines that nobody could guess, and the model is told that it is data.
 * Errors: ERR_TOO_LARGE (over LIMIT_CHAT_REQUEST_BYTES). */
#ifndef CHAT_REQUEST_H
#define CHAT_REQUEST_H

#include <stddef.h>

#include "chat/model.h"
#include "core/err.h"

struct ctx;

enum chat_step {
    CHAT_STEP_CHOOSE, /* with tools, to the model that chooses */
    CHAT_STEP_ANSWER, /* without, to turn->model */
};
const char *chat_step_model(const struct chat_turn *turn, enum chat_step step);

err chat_request_write(struct ctx *ctx, const struct chat_turn *turn, enum chat_step step,
    const char **out, size_t *out_len);

#endif
