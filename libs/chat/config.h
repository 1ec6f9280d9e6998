/* chat/config.h - the settings of the chat. */
#ifndef CHAT_CONFIG_H
#define CHAT_CONFIG_H

#include <stdint.h>

#include "core/field.h"

struct chat_config {
    const char *llm_provider; /* "local" or "openai" */
    const char *llm_base_url; /* without /chat/completions */
    const char *llm_api_key;  /* secret; OPENAI_API_KEY unless it is set */
    const char *chat_model;
    const char *chat_model_search;   /* chat_model unless it is set */
    const char *chat_model_fallback; /* "" = there is none */
    int64_t chat_max_tokens;
    double chat_temperature;
    int64_t chat_timeout_seconds;
    struct strs chat_tools_enabled; /* empty = all that the product has */
    int64_t data_retention_guest_days;
};
extern const struct field chat_config_fields[];
extern const int chat_config_count;

#endif
