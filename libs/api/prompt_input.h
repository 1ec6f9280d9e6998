/* api/prompt_input.h - a version of the chat's prompt as administrators send it. */
#ifndef API_PROMPT_INPUT_H
#define API_PROMPT_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/prompts.h"
#include "core/err.h"
#include "core/field.h"

struct call;

struct version_params {
    int64_t version;
};
extern const struct shape version_params_shape;

struct models_in {
    const char *chat, *search, *fallback;
};
struct prompt_in {
    struct field_set has;
    const char *system_prompt;
    struct models_in models;
    double temperature;
    int64_t max_tokens;
    struct strs tools_enabled;
    const char *note;
    bool activate;
};
extern const struct shape prompt_in_shape;

err prompt_input_read(struct call *call, const struct prompt_in *in, struct prompt_draft *out);

#endif
