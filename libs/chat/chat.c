#include "chat/chat.h"

#include <string.h>

#include "chat/care.h"
#include "chat/chat_internal.h"
#include "chat/config.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/services.h"
#include "net/loop.h"

#define FIRST_EVENT_BYTES 4096
#define SPARE_MS 3000 /* of the grace: to store what there is */

/* Those that still run have to end now; what there is of them is stored. */
static void on_grace(void *arg)
{
    struct chat *chat = arg;
    for (struct chat_run *run = chat->runs; run != NULL; run = run->next) {
        run->shutting_down = true;
        care_end_run(run);
    }
}

static const struct chat_provider *provider_named(const char *name)
{
    const bool is_local = strcmp(name, chat_provider_local.name) == 0;
    return is_local ? &chat_provider_local : &chat_provider_openai;
}

struct chat *chat_open(const struct chat_options *options)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct chat *chat = ARENA_NEW(arena, struct chat);
    chat->arena = arena;
    chat->options = *options;
    chat->opened_us = clock_wall_us(&clock_system);
    chat->provider = provider_named(options->config->llm_provider);
    chat->local = chat_provider_local.open(options->config, options->client, options->loop);
    chat->model = chat->provider == &chat_provider_local
                      ? chat->local
                      : chat->provider->open(options->config, options->client, options->loop);
    buf_init(&chat->event, arena, FIRST_EVENT_BYTES, LIMIT_REPLY_BYTES);
    chat->grace = loop_timer_new(options->loop, on_grace, chat);
    care_open(chat);
    return chat;
}

void chat_drain(struct chat *chat, int64_t grace_ms, void (*done)(void *arg), void *arg)
{
    chat->draining = true;
    if (chat->running == 0) {
        done(arg);
        return;
    }
    chat->drained = done;
    chat->drained_arg = arg;
    loop_timer_start(chat->grace, grace_ms > SPARE_MS ? grace_ms - SPARE_MS : 0, /* repeat */ 0);
}

void chat_close(struct chat *chat)
{
    if (chat == NULL) {
        return;
    }
    care_close(chat);
    prompt_let_go(chat->prompt);
    loop_timer_free(chat->grace);
    if (chat->model != chat->local) {
        chat->provider->close(chat->model);
    }
    chat_provider_local.close(chat->local);
    arena_free(chat->arena);
}

struct health chat_health(const struct chat *chat)
{
    return chat->provider->health != NULL
               ? chat->provider->health(chat->model)
               : (struct health){.ok = true, .since_us = chat->opened_us};
}

struct chat_counts chat_counts(const struct chat *chat)
{
    struct chat_counts counts = chat->counts;
    counts.running = chat->running;
    return counts;
}
