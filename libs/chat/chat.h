/* chat/chat.h - questions in conversations, answered from what the product itself knows. Never sees HTTP.
 * Owns:   per worker the answers on their way, each with a fiber and an arena of its own: they go on when the asker leaves.
 * Waits:  chat_ask, chat_ask_again, chat_wait, chat_stop, chat_follow.
 * Errors: those of db/db.h and what is named below. A conversation that is not the caller's is ERR_NOT_FOUND. */
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/tool.h"
#include "core/err.h"
#include "core/field.h"

struct arena;
struct buf;
struct cache;
struct chat_config;
struct client;
struct ctx;
struct db;
struct faq;
struct log;
struct loop;

struct chat_options {
    const struct chat_config *config;     /* borrowed, as all below */
    const char *system_prompt;            /* of the product: version 1 */
    const struct chat_tool *const *tools; /* that this product has, NULL-terminated */
    const struct strs *suggestions;       /* what to ask instead */
    const struct strs *own_sites;         /* origins that links of answers may lead to */
    struct db *db;
    struct cache *cache;
    struct client *client;
    struct faq *faq; /* questions without an answer become its gaps */
    struct loop *loop;
    struct log *log;
    /* The error envelope of the failure in ctx, for streams. */
    void (*print_problem)(void *arg, const struct ctx *ctx, struct buf *out);
    void *print_problem_arg;
};

struct chat;
struct chat *chat_open(const struct chat_options *options);
/* Running answers may finish until shortly before grace_ms, then they end as they are. done(arg) runs once from the loop,
 * when none is left. */
void chat_drain(struct chat *chat, int64_t grace_ms, void (*done)(void *arg), void *arg);
void chat_close(struct chat *chat); /* the loop may not turn again; NULL is a no-op */

/* ---- who asks ---- */

struct chat_caller {
    int64_t user_id; /* 0 = a guest */
    const char
        *session; /* capability of a guest, also of one who has signed in since; NULL = none */
};

/* ---- a question and its answer ---- */

struct chat_question {
    struct chat_caller caller;
    struct chat_asker asker;
    const char *content;
    int64_t conversation_id; /* 0 = the latest of the caller, or a new one */
    bool new_conversation;
    int64_t property_id;     /* the page the question was asked on; 0 = none */
    const char *session_id;  /* told back */
    int64_t remaining_today; /* told back */
};

/* One answer on its way, held by whoever waits for it or listens. */
struct chat_run;
/* ERR_CONFLICT (CONVERSATION_BUSY) while another answer of this conversation is written. The question is stored when this
 * returns. Release *out. */
err chat_ask(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    struct chat_run **out);
/* Another answer to the last question: message_id is the last answer (else ERR_CONFLICT). content and page are known. */
err chat_ask_again(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    int64_t message_id, struct chat_run **out);
void chat_release(struct chat_run *run);
/* Where it is written. */
void chat_run_place(const struct chat_run *run, int64_t *out_conversation, int64_t *out_message);

struct chat_message_out {
    struct field_set has;
    int64_t id, conversation_id;
    const char *role, *content;
    int64_t created_at;
    const char *sources, *tool_calls; /* JSON */
    const char *finish_reason;
    int64_t prompt_version;
    const char *feedback; /* JSON */
};
struct chat_usage_out {
    struct field_set has;
    int64_t prompt_tokens, completion_tokens, total_tokens, cost_microusd;
};
struct chat_remaining {
    int64_t today;
};
struct chat_response {
    struct field_set has;
    struct chat_message_out message;
    const char *model;
    struct chat_usage_out usage;
    int64_t conversation_id;
    const char *session_id;
    int64_t user_message_id;
    bool grounded;
    const char *degraded;
    struct strs suggestions;
    struct chat_remaining remaining;
    const char *status, *error_code; /* not shown */
};
extern const struct shape chat_message_shape, chat_response_shape;

/* Until the answer is stored. ERR_UPSTREAM, ERR_TIMEOUT: it broke off. Leaving early does not end it. */
err chat_wait(struct ctx *ctx, struct chat_run *run, struct chat_response *out);

/* ---- the answer as server-sent events ---- */

/* Reads a run from its beginning, or after event `after` ("<message>.<number>" of Last-Event-ID; NULL = all). In the arena; holds
 * the run. wake(arg) is called whenever there is more to read. */
struct chat_listener;
struct chat_listener *chat_listen(struct arena *arena, struct chat_run *run, const char *after,
    void (*wake)(void *arg), void *arg);
/* 0 = nothing now; -1 = that was all. Never waits. */
ssize_t chat_listener_read(struct chat_listener *listener, char *out, size_t room);
void chat_listener_close(struct chat_listener *listener);

/* The answer of a conversation that is being written, in whichever worker, or the one that `after` belongs to if it has just
 * ended; *out NULL: there is none. Release *out. */
err chat_follow(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    const char *after, struct chat_run **out);

/* Ends the running answer, in whichever worker, and keeps what there is of it. ERR_CONFLICT (INVALID_STATE): nothing runs. */
err chat_stop(struct ctx *ctx, struct chat *chat, const struct chat_caller *caller,
    int64_t conversation_id);

struct chat_counts { /* for metrics */
    uint64_t asked, refused, degraded, failed;
    int64_t running;
};
struct chat_counts chat_counts(const struct chat *chat);
/* Of the service that words the answers, as its last calls tell; without one the chat is always well. */
struct health chat_health(const struct chat *chat);

#endif
