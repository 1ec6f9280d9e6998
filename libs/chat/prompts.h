/* chat/prompts.h - versions of what a product's chat is told: made, read, compared, put to use. A version never changes.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h; ERR_NOT_FOUND for an unknown version. Changes are audited in their own transaction. */
#ifndef CHAT_PROMPTS_H
#define CHAT_PROMPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct chat;
struct ctx;

struct prompt_version {
    struct field_set has;
    int64_t version;
    const char *models; /* JSON object: chat, search, fallback */
    double temperature;
    int64_t max_tokens;
    struct strs tools_enabled;
    const char *note;
    int64_t author;
    int64_t created_at;
    bool active;
    const char *system_prompt;
};
extern const struct shape prompt_summary_shape; /* without the prompt itself */
extern const struct shape prompt_version_shape;

struct prompt_draft {
    const char *system_prompt;
    const char *models; /* JSON object; NULL = as configured */
    bool has_temperature, has_max_tokens, has_tools;
    double temperature;
    int64_t max_tokens;
    struct strs tools_enabled;
    const char *note; /* NULL = none */
    bool activate;
    int64_t actor_id;
};
/* ERR_INVALID for a tool that the product does not have. */
err prompts_check(struct ctx *ctx, const struct chat *chat, const struct prompt_draft *draft);
err prompts_create(struct ctx *ctx, struct chat *chat, const struct prompt_draft *draft,
    struct prompt_version *out);
err prompts_list(struct ctx *ctx, struct chat *chat, int64_t before, int64_t limit,
    struct list *out);
err prompts_count(struct ctx *ctx, struct chat *chat, int64_t *out);
err prompts_get(struct ctx *ctx, struct chat *chat, int64_t version, struct prompt_version *out);
/* The next question is answered with it, in every worker. */
err prompts_activate(struct ctx *ctx, struct chat *chat, int64_t version, int64_t actor_id,
    struct prompt_version *out);

#endif
