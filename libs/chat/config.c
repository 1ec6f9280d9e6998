#include "chat/config.h"

#include <string.h>

static const char *const provider_choices[] = {"local", "openai", NULL};

static bool is_tool_name(const char *text)
{
    return strlen(text) <= 64 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

const struct field chat_config_fields[] = {
    FIELD_ENUM(struct chat_config, llm_provider,
        "Who answers in the chat: this process, or an OpenAI-compatible service",
        .choices = provider_choices, .dflt_text = "local"),
    FIELD_STR(struct chat_config, llm_base_url, "Address of the service, without /chat/completions",
        .dflt_text = "https://api.openai.com/v1"),
    FIELD_SECRET(struct chat_config, llm_api_key,
        "Key of the service; OPENAI_API_KEY is used when this is empty"),
    FIELD_STR(struct chat_config, chat_model,
        "Model that writes the answers; required when LLM_PROVIDER is openai", .max = 100),
    FIELD_STR(struct chat_config, chat_model_search,
        "Model that chooses what to look up; empty = CHAT_MODEL", .max = 100),
    FIELD_STR(struct chat_config, chat_model_fallback,
        "Model that answers when CHAT_MODEL fails; empty = none", .max = 100),
    FIELD_I64(struct chat_config, chat_max_tokens, "Longest answer", .min = 16, .max = 32000,
        .dflt = 2000, .unit = "tokens"),
    FIELD_F64(struct chat_config, chat_temperature, "How freely a model words its answers",
        .min = 0, .max = 2, .dflt_f64 = 0.7),
    FIELD_I64(struct chat_config, chat_timeout_seconds, "Time for a whole answer", .min = 2,
        .max = 25, .dflt = 25),
    FIELD_STRS(struct chat_config, chat_tools_enabled,
        "What the chat may look up; empty = all that the product has", .check = is_tool_name,
        .check_text = "must be names of tools like faq_rag", .max = 16),
    FIELD_I64(struct chat_config, data_retention_guest_days,
        "Conversations of guests are deleted so long after the last question", .min = 1,
        .max = 3650, .dflt = 30, .unit = "days"),
};
const int chat_config_count = sizeof(chat_config_fields) / sizeof(chat_config_fields[0]);
