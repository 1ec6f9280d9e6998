/* chat/probe.h - whether the models that the settings name answer; asked before the service starts, not while it runs.
 * Owns:   nothing.
 * Waits:  chat_probe, for each model at most LIMIT_CHAT_FIRST_TEXT_MS and the ctx deadline. */
#ifndef CHAT_PROBE_H
#define CHAT_PROBE_H

#include <stddef.h>

struct chat;
struct ctx;

struct chat_probe {
    const char *role;  /* "chat", "search", "fallback" */
    const char *model; /* as it is configured */
    const char *why;   /* it does not answer; NULL = it does */
};
#define CHAT_PROBES_MAX 3

/* Of each role that has a model one; LLM_PROVIDER=local has none. */
void chat_probe(struct ctx *ctx, struct chat *chat, struct chat_probe out[CHAT_PROBES_MAX],
    size_t *out_count);

#endif
