/* chat/run.c - the life of an answer: begun by a request, made on fibers of its own, heard by whoever listens. */
#include <string.h>

#include "chat/care.h"
#include "chat/chat_internal.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/limits.h"
#include "net/fiber.h"
#include "net/loop.h"

struct chat_run *run_new(struct chat *chat, const struct chat_question *question)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct chat_run *run = ARENA_NEW(arena, struct chat_run);
    run->chat = chat;
    run->arena = arena;
    run->holders = 1;
    run->question = *question;
    run->question.caller.session = arena_copy(arena, question->caller.session);
    run->question.asker.locale = arena_copy(arena, question->asker.locale);
    run->question.asker.currency = arena_copy(arena, question->asker.currency);
    run->question.content = arena_copy(arena, question->content);
    run->question.session_id = arena_copy(arena, question->session_id);
    return run;
}

void run_hold(struct chat_run *run)
{
    run->holders++;
}

void chat_release(struct chat_run *run)
{
    if (run != NULL && --run->holders == 0) {
        prompt_let_go(run->prompt_kept);
        arena_free(run->arena);
    }
}

void chat_run_place(const struct chat_run *run, int64_t *out_conversation, int64_t *out_message)
{
    *out_conversation = run->conversation_id;
    *out_message = run->message_id;
}

static void link_run(struct chat_run *run)
{
    struct chat *chat = run->chat;
    run->next = chat->runs;
    if (run->next != NULL) {
        run->next->prev = run;
    }
    chat->runs = run;
    chat->running++;
    run_hold(run);
}

static void unlink_run(struct chat_run *run)
{
    struct chat *chat = run->chat;
    if (run->prev != NULL) {
        run->prev->next = run->next;
    } else {
        chat->runs = run->next;
    }
    if (run->next != NULL) {
        run->next->prev = run->prev;
    }
    chat->running--;
    chat_release(run);
    if (chat->running == 0 && chat->drained != NULL) {
        void (*drained)(void *arg) = chat->drained;
        chat->drained = NULL;
        drained(chat->drained_arg);
    }
}

/* ---- who hears of it ---- */

void run_wake(struct chat_run *run)
{
    for (struct chat_listener *listener = run->listeners; listener != NULL;
         listener = listener->next) {
        listener->wake(listener->arg);
    }
}

/* Where an event is written before it is kept: one place for all runs, as nothing waits meanwhile. */
static struct buf *event_room(struct chat_run *run)
{
    struct buf *room = &run->chat->event;
    room->len = 0;
    room->failed = false;
    return room;
}

void run_event(struct chat_run *run, const char *name, const struct shape *shape, const void *data)
{
    struct buf *json = event_room(run);
    field_encode(json, shape, data);
    events_add(&run->events, name, json->data, json->len);
    run_wake(run);
}

void run_show(struct chat_run *run, bool ended)
{
    const struct links_growing growing = {
        buf_text(&run->text), run->chat->options.own_sites, ended};
    struct buf *more = event_room(run);
    links_show(more, &run->shown, &growing);
    if (more->len > 0) {
        events_add_text(&run->events, more->data, more->len);
        run_wake(run);
    }
}

void run_end(struct chat_run *run)
{
    run->settled = true;
    events_end(&run->events);
    run_wake(run);
    for (struct chat_waiter *waiter = run->waiters; waiter != NULL; waiter = waiter->next) {
        fiber_wake(waiter->fiber);
    }
}

void run_keep_text(struct chat_run *run)
{
    if (run->content == NULL) {
        run->content = run->text.arena == NULL ? "" : buf_text(&run->text);
    }
}

void run_fail(struct chat_run *run)
{
    run->failure = run->ctx.error;
    run->failure.fields = NULL;
    run->failure.field_count = 0;
}

void run_tell_failure(struct chat_run *run)
{
    struct buf *json = event_room(run);
    struct ctx ctx = run->ctx;
    ctx.error = run->failure;
    run->chat->options.print_problem(run->chat->options.print_problem_arg, &ctx, json);
    events_add(&run->events, "error", json->data, json->len);
    run_wake(run);
}

struct chat_listener *chat_listen(struct arena *arena, struct chat_run *run, const char *after,
    void (*wake)(void *arg), void *arg)
{
    struct chat_listener *listener = ARENA_NEW(arena, struct chat_listener);
    int64_t message_id = 0;
    int64_t number = 0;
    *listener = (struct chat_listener){.next = run->listeners,
        .run = run,
        .reader = {.events = &run->events},
        .wake = wake,
        .arg = arg};
    if (events_parse_id(after, &message_id, &number) && message_id == run->message_id) {
        listener->skip = number;
    }
    run->listeners = listener;
    run_hold(run);
    return listener;
}

ssize_t chat_listener_read(struct chat_listener *listener, char *out, size_t room)
{
    if (listener->skip > 0 && !events_skip(&listener->reader, listener->skip)) {
        return listener->run->events.ended ? -1 : 0;
    }
    listener->skip = 0;
    return events_read(&listener->reader, out, room);
}

void chat_listener_close(struct chat_listener *listener)
{
    struct chat_listener **link = &listener->run->listeners;
    while (*link != listener) {
        link = &(*link)->next;
    }
    *link = listener->next;
    chat_release(listener->run);
}

static err wait_settled(struct ctx *ctx, struct chat_run *run)
{
    struct chat_waiter waiter = {run->waiters, fiber_current(run->chat->options.loop)};
    run->waiters = &waiter;
    err e = OK;
    while (is_ok(e) && !run->settled) {
        e = fiber_park(ctx, run->chat->options.loop, "chat.answer", LIMIT_CHAT_REQUEST_MS);
    }
    struct chat_waiter **link = &run->waiters;
    while (*link != &waiter) {
        link = &(*link)->next;
    }
    *link = waiter.next;
    return e;
}

err chat_wait(struct ctx *ctx, struct chat_run *run, struct chat_response *out)
{
    TRY(wait_settled(ctx, run));
    if (run->failure.code != ERR_OK) {
        ctx->error = run->failure; /* its texts are constants */
        return (err){run->failure.code};
    }
    *out = run->response; /* the holder keeps the arena */
    return OK;
}

/* ---- its fibers ---- */

static void renew(struct chat_run *run, int64_t timeout_ms)
{
    const char *request_id = run->ctx.request_id;
    ctx_init(&run->ctx, run->arena, run->ctx.clock, run->chat->options.log, timeout_ms);
    run->ctx.request_id = request_id;
    run->ctx.route = "chat";
}

static void on_settle(void *arg)
{
    settle_run(arg);
}

static void on_settled(void *arg)
{
    struct chat_run *run = arg;
    run->fiber = NULL;
    run_end(run);
    unlink_run(run);
    chat_release(run);
}

/* What could not even begin is told to those who wait; the next question finds the place stale. */
static void give_up(struct chat_run *run)
{
    run_fail(run);
    on_settled(run);
}

static void on_answer(void *arg)
{
    struct chat_run *run = arg;
    run->fiber = fiber_current(run->chat->options.loop);
    answer_run(run);
}

/* On a fiber of its own: the one before may have been cancelled, and would then not wait for Postgres. */
static void on_answered(void *arg)
{
    struct chat_run *run = arg;
    bool ended = false;
    run->fiber = NULL;
    renew(run, LIMIT_CHAT_SETTLE_MS);
    if (!is_ok(fiber_start(&run->ctx, run->chat->options.loop, on_settle, on_settled, run,
            &ended))) {
        give_up(run);
    }
}

void run_start(struct ctx *ctx, struct chat_run *run)
{
    struct chat *chat = run->chat;
    bool ended = false;
    run->ctx.clock = ctx->clock;
    run->ctx.request_id = arena_strdup(run->arena, ctx->request_id);
    renew(run, LIMIT_CHAT_ANSWER_MS);
    run->started_ns = clock_monotonic_ns(ctx->clock);
    events_init(&run->events, run->arena, run->message_id);
    run->told.events = &run->events;
    link_run(run);
    run_hold(run);
    care_start(chat);
    if (!is_ok(fiber_start(&run->ctx, chat->options.loop, on_answer, on_answered, run, &ended))) {
        on_answered(run);
    }
}
