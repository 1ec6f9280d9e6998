/* chat/model.h - who decides what to look up and words the answer: a provider is one const struct in one file, chosen by
 * LLM_PROVIDER. `local` needs no network and is also what every product falls back to.
 * Waits:  choose, answer.
 * Errors: of a provider that asks a service: ERR_TIMEOUT, ERR_UNAVAILABLE, ERR_UPSTREAM (its reply makes no sense),
 *         ERR_TOO_LARGE, ERR_CANCELLED; ERR_FORBIDDEN when the service refuses our key or request (400, 401, 402, 403):
 *         a mistake in the settings that another model does not cure. */
#ifndef CHAT_MODEL_H
#define CHAT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/tool.h"
#include "core/err.h"
#include "core/field.h"
#include "core/services.h"

struct chat_config;
struct client;
struct ctx;
struct loop;

/* One version of what a product's chat is told and may use; never changed once made. */
struct chat_prompt {
    int64_t version;
    const char *system_prompt;
    const char *model_chat, *model_search, *model_fallback;
    double temperature;
    int64_t max_tokens;
    struct strs tools_enabled;
};

struct chat_message {
    const char *role; /* "user", "assistant" */
    const char *content;
};

/* A tool as a provider asks for it: arguments are its JSON text, unchecked. */
struct chat_call {
    const char *id, *name, *arguments;
};

struct chat_result {
    struct chat_call call;
    const struct chat_tool *tool; /* NULL: there is none of this name */
    const char *status;           /* "ok", "empty", "invalid", "failed" */
    int64_t took_ms;
    struct chat_finding finding; /* .json is always there, also when it says what was wrong */
};

/* One question on its way to an answer. */
struct chat_turn {
    const struct chat_prompt *prompt;
    const struct chat_asker *asker;
    const char *question;
    const struct chat_message *history; /* oldest first, without the question */
    size_t history_count;
    const struct chat_tool *const *tools; /* those allowed here; NULL-terminated */
    const struct chat_result *results;    /* so far, in the order of the calls */
    size_t result_count;
    const struct chat_source *sources; /* of all results, each once; sources[i].n == i + 1 */
    size_t source_count;
    const char *model;   /* to ask; "local" of the local provider */
    const char *mend;    /* what the last answer got wrong, to be put right; NULL = first try */
    int64_t first_ns;    /* monotonic: until when the first text of this request must be there */
    int64_t deadline_ns; /* and the last */
};

/* What one call of a service took; one row of the ledger, also when it failed. */
struct chat_usage {
    const char *model; /* that answered */
    bool known;        /* tokens were reported */
    int64_t prompt_tokens, completion_tokens, cached_tokens;
    bool priced;                       /* the service said what it cost */
    int64_t cost_microusd;             /* only then */
    int64_t latency_ms, first_text_ms; /* -1: no text came */
};

/* Where text goes, as it comes; valid UTF-8, never half a character. An error ends the answer. */
struct chat_sink {
    err (*text)(struct ctx *ctx, void *arg, const char *text, size_t len);
    void *arg;
};

#define CHAT_CALLS_MAX 4
struct chat_chosen {
    struct chat_call calls[CHAT_CALLS_MAX]; /* more are not taken */
    size_t count;                           /* 0 = enough is known */
    struct chat_usage usage;
};
struct chat_answered {
    const char *finish; /* "stop", "length" */
    struct chat_usage usage;
};

struct chat_model;
struct chat_provider {
    const char *name; /* of LLM_PROVIDER */
    struct chat_model *(*open)(const struct chat_config *config, struct client *client,
        struct loop *loop);
    void (*close)(struct chat_model *model);
    /* What to look up next. On failure out->usage is filled too, as in answer. */
    err (*choose)(struct ctx *ctx, struct chat_model *model, const struct chat_turn *turn,
        struct chat_chosen *out);
    /* The text goes to the sink only, with markers [n] of turn->sources. */
    err (*answer)(struct ctx *ctx, struct chat_model *model, const struct chat_turn *turn,
        const struct chat_sink *sink, struct chat_answered *out);
    /* As the calls so far tell; asks nobody. NULL: it is always there. */
    struct health (*health)(const struct chat_model *model);
};
extern const struct chat_provider chat_provider_local, chat_provider_openai;

#endif
