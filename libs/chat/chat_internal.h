/* chat/chat_internal.h - the worker's chat and one answer on its way; for the files of this library only.
 * A run is made by a request, worked on by a fiber of its own (answer, then settle) and read by listeners; it lives until the
 * last of them lets go. */
#ifndef CHAT_CHAT_INTERNAL_H
#define CHAT_CHAT_INTERNAL_H

#include "chat/chat.h"
#include "chat/events.h"
#include "chat/links.h"
#include "chat/model.h"
#include "core/buf.h"
#include "core/ctx.h"

struct fiber;
struct loop_timer;

#define CHAT_SPENT_MAX 12 /* calls of a service for one answer: rounds, answers, second tries */

struct chat {
    struct arena *arena; /* of itself */
    struct chat_options options;
    int64_t opened_us;
    const struct chat_provider *provider;
    struct chat_model *model; /* of the provider */
    struct chat_model *local;
    struct buf event;           /* run.c: being written */
    struct prompt_kept *prompt; /* prompt.c: of the last question; NULL = none yet */
    struct chat_run *runs;
    int64_t running;
    struct chat_counts counts;
    struct loop_timer *care; /* while answers run: hears what other workers want of them */
    struct loop_timer *grace;
    bool caring, draining;
    void (*drained)(void *arg);
    void *drained_arg;
};

struct chat_spent {
    const char *feature; /* "chat", "search" */
    const char *provider;
    bool ok, fallback;
    const char *error_code; /* NULL = ok */
    struct chat_usage usage;
};

struct chat_listener {
    struct chat_listener *next;
    struct chat_run *run;
    struct events_reader reader;
    int64_t skip; /* events up to this one were heard before; 0 = none */
    void (*wake)(void *arg);
    void *arg;
};

struct chat_waiter {
    struct chat_waiter *next;
    struct fiber *fiber;
};

/* Who may write an answer. */
struct chat_attempt {
    const struct chat_provider *provider;
    struct chat_model *with;
    const char *model;
    const char *degraded; /* what it means that this one answers */
};

struct chat_run {
    struct chat_run *next, *prev; /* in chat->runs */
    struct chat *chat;
    struct arena *arena; /* everything of it */
    struct ctx ctx;      /* of its fibers */
    int holders;
    int64_t conversation_id, user_message_id, message_id;
    struct chat_question question;     /* copy */
    int64_t started_ns, first_text_ns; /* 0 = not yet */
    struct fiber *fiber;               /* that works on the answer; NULL = none */
    const char *feature; /* of one that nobody keeps: where its cost is counted; else NULL */
    bool is_first;       /* question of its conversation: nothing was said before */
    bool stop_asked, shutting_down, chose_locally;
    bool followed;        /* another worker wants to read it */
    bool without_service; /* it refuses us: asking again is useless */
    bool service_failed;  /* the last time it was to write */

    struct events events;
    struct events_reader told; /* as far as other workers know */
    int64_t tellings;
    struct chat_listener *listeners;
    struct chat_waiter *waiters;

    /* The answer so far. */
    struct chat_turn turn;
    struct chat_prompt prompt; /* borrowed from the next */
    struct prompt_kept *prompt_kept;
    struct chat_result *results;
    struct chat_source *sources;
    size_t result_count, source_count;
    struct buf text;
    struct links_shown shown;   /* of it, to who listens */
    int64_t reservation_id;     /* of the budget; 0 = none */
    bool cheaper, over_budget;  /* the budget allows the fallback model only; nor that one */
    struct chat_attempt writer; /* who wrote the text */
    const char *content;        /* as it is stored; NULL = the text as it is */
    const char *finish_reason, *degraded, *model;
    bool grounded;
    struct chat_spent *spent[CHAT_SPENT_MAX];
    size_t spent_count;
    struct err_detail failure; /* why it broke off; code ERR_OK = it did not */
    bool settled;              /* nothing more will happen */
    struct chat_response response;
};

/* run.c */
struct chat_run *run_new(struct chat *chat, const struct chat_question *question);
void run_hold(struct chat_run *run);
/* Its ids are known: the answer begins. */
void run_start(struct ctx *ctx, struct chat_run *run);
void run_wake(struct chat_run *run);             /* listeners and waiters: there is something new */
void run_show(struct chat_run *run, bool ended); /* of the text; ended: nothing follows */
void run_event(struct chat_run *run, const char *name, const struct shape *shape, const void *data);
void run_end(struct chat_run *run);       /* settled: nobody waits any more */
void run_keep_text(struct chat_run *run); /* content: the text as it is, where it is not yet set */
void run_fail(struct chat_run *run);      /* for what its ctx says */
void run_tell_failure(struct chat_run *run);

/* answer.c, settle.c: fibers of a run; history.c: what was said before, into its turn */
void answer_run(struct chat_run *run);
void settle_run(struct chat_run *run);
err chat_history_read(struct chat_run *run);
/* answer.c: keeps what a call of a service took and how it ended. */
void answer_spent(struct chat_run *run, const struct chat_spent *spent, err result);
/* A service did not do; one that refuses us is not asked again. Clears the failure. */
void answer_service_failed(struct chat_run *run, err failed);
/* The same model once more, into a text of its own. */
err answer_again(struct chat_run *run, struct buf *out);
/* What is sent now may be silent for this share of the time left to the first word; others are asked after it. */
void answer_patience(struct chat_run *run, double share);

/* prompt.c: a version that answers, one that is tried, one that is not stored. */
struct prompt_draft;
struct prompt_kept;
/* The version, 0 = the first one that a new database gets. What it says lives until the holder lets go. */
err prompt_hold(struct ctx *ctx, struct chat *chat, int64_t number, struct prompt_kept **out_kept,
    struct chat_prompt *out);
void prompt_let_go(struct prompt_kept *kept); /* NULL is fine */
err prompt_of_version(struct ctx *ctx, struct chat *chat, int64_t number, struct chat_prompt *out);
err prompt_of_draft(struct ctx *ctx, struct chat *chat, const struct prompt_draft *draft,
    struct chat_prompt *out);

#endif
