/* net/cache_conn.h - the one Redis connection of a worker: connects in the background, sends, waits, reconnects.
 * hiredis is hidden here. Only for cache.c, which knows keys and commands.
 * Waits:  cache_conn_ask, at most LIMIT_REDIS_MS.
 * Errors: ERR_UNAVAILABLE (not connected, connection lost, no answer in time), ERR_CANCELLED. */
#ifndef NET_CACHE_CONN_H
#define NET_CACHE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct cache_conn;
struct cache_url;
struct ctx;
struct loop;

/* url is borrowed. */
struct cache_conn *cache_conn_open(struct loop *loop, const struct cache_url *url);
void cache_conn_close(struct cache_conn *conn);

/* Words are bytes: a key or value may hold anything. */
#define CACHE_WORDS_MAX 16
struct cache_command {
    const char *words[CACHE_WORDS_MAX];
    size_t lens[CACHE_WORDS_MAX];
    int count;
};

enum cache_answer_kind {
    CACHE_ANSWER_NIL,
    CACHE_ANSWER_TEXT,  /* status or bulk; one over LIMIT_REDIS_VALUE_BYTES arrives as NIL */
    CACHE_ANSWER_INTS,  /* an integer or an array of integers */
    CACHE_ANSWER_ERROR, /* text says why */
};

#define CACHE_ANSWER_INTS_MAX 8
struct cache_answer {
    enum cache_answer_kind kind;
    const char *text; /* arena */
    size_t len;
    int64_t ints[CACHE_ANSWER_INTS_MAX];
    size_t int_count;
};

err cache_conn_ask(struct ctx *ctx, struct cache_conn *conn, const struct cache_command *command,
    struct cache_answer *out);
/* Sends it and goes on: before all that is asked later, to nobody's knowledge. When many such are unanswered it is dropped. */
void cache_conn_tell(struct cache_conn *conn, const struct cache_command *command);

struct cache_conn_state {
    bool ready;
    int64_t since_us; /* wall clock of the last change of ready */
    double last_ms;   /* duration of the last answered command */
};
struct cache_conn_state cache_conn_state(const struct cache_conn *conn);

#endif
