#include "net/cache_conn.h"

#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/cache_link.h"
#include "net/fiber.h"
#include "net/loop.h"

enum { NS_PER_MS = 1000000, TOLD_MAX = 64 };

/* A command on its way. hiredis calls back once for each, also for lost ones; the fiber may have left by
 * then, and nobody waits for what was only told. Whoever comes second gives it back to the pool. */
struct request {
    struct request *next;
    struct cache_conn *conn; /* borrowed */
    struct ctx *ctx;         /* borrowed; NULL = the fiber has left, or there was none */
    struct fiber *fiber;
    int64_t sent_ns;
    bool told; /* there was no fiber */
    bool answered;
    bool lost; /* the link ended first */
    struct cache_answer answer;
};

struct cache_conn {
    struct loop *loop; /* borrowed */
    struct cache_link *link;
    struct request *first, **last; /* sent, not answered; oldest first */
    struct loop_timer *timer;      /* deadline of the oldest one */
    bool armed;
    bool overdue; /* the oldest one is: it gets one more look at the socket */
    struct request *pool;
    int told; /* of those that are not answered */
    double last_ms;
};

static int64_t now_ns(void)
{
    return clock_monotonic_ns(&clock_system);
}

/* ---- deadlines: one timer for all, as they are sent and answered in order ---- */

static void arm(struct cache_conn *conn, int64_t ms)
{
    conn->armed = true;
    loop_timer_start(conn->timer, ms, /* repeat_ms: */ 0);
}

static void on_deadline(void *arg)
{
    struct cache_conn *conn = arg;
    conn->armed = false;
    if (conn->first == NULL) {
        return;
    }
    const int64_t left_ns = conn->first->sent_ns + LIMIT_REDIS_MS * NS_PER_MS - now_ns();
    if (left_ns > 0) {
        arm(conn, left_ns / NS_PER_MS + 1);
    } else if (!conn->overdue) {
        conn->overdue = true; /* perhaps we are late, and the answer is there to be read */
        arm(conn, 1);
    } else {
        cache_link_drop(conn->link);
    }
}

/* ---- requests ---- */

static struct request *take_request(struct cache_conn *conn)
{
    struct request *request = conn->pool;
    if (request == NULL) {
        request = malloc(sizeof(*request));
        ASSERT(request != NULL);
    } else {
        conn->pool = request->next;
    }
    *request = (struct request){.conn = conn};
    return request;
}

static void give_back(struct request *request)
{
    request->next = request->conn->pool;
    request->conn->pool = request;
}

static void append(struct cache_conn *conn, struct request *request)
{
    *conn->last = request;
    conn->last = &request->next;
    if (!conn->armed) {
        arm(conn, LIMIT_REDIS_MS);
    }
}

/* Answers come in the order of the requests. */
static void remove_oldest(struct cache_conn *conn, const struct request *request)
{
    ASSERT(conn->first == request);
    conn->first = request->next;
    if (conn->first == NULL) {
        conn->last = &conn->first;
    }
    conn->overdue = false;
}

static void read_ints(const redisReply *const *items, size_t count, struct cache_answer *out)
{
    bool fits = count <= CACHE_ANSWER_INTS_MAX;
    for (size_t i = 0; fits && i < count; i++) {
        fits = items[i]->type == REDIS_REPLY_INTEGER;
        out->ints[i] = items[i]->integer;
    }
    if (!fits) {
        *out = (struct cache_answer){.kind = CACHE_ANSWER_ERROR, .text = "unexpected array"};
        return;
    }
    out->int_count = count;
}

static void read_reply(struct arena *arena, const redisReply *reply, struct cache_answer *out)
{
    *out = (struct cache_answer){.kind = CACHE_ANSWER_NIL};
    switch (reply->type) {
    case REDIS_REPLY_NIL:
        return;
    case REDIS_REPLY_INTEGER:
        out->kind = CACHE_ANSWER_INTS;
        read_ints((const redisReply *const[]){reply}, 1, out);
        return;
    case REDIS_REPLY_ARRAY:
        out->kind = CACHE_ANSWER_INTS;
        read_ints((const redisReply *const *)reply->element, reply->elements, out);
        return;
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
        out->kind = CACHE_ANSWER_TEXT;
        break;
    default:
        out->kind = CACHE_ANSWER_ERROR;
        break;
    }
    if ((size_t)reply->len > LIMIT_REDIS_VALUE_BYTES) {
        out->kind = CACHE_ANSWER_NIL;
        return;
    }
    out->len = (size_t)reply->len;
    out->text = arena_strndup(arena, reply->str, out->len);
}

/* On the loop's stack. The arena is alive as long as the fiber has not left. */
static void on_reply(redisAsyncContext *redis, void *reply, void *arg)
{
    struct request *request = arg;
    struct cache_conn *conn = request->conn;
    (void)redis;
    remove_oldest(conn, request);
    if (reply != NULL) {
        conn->last_ms = (double)(now_ns() - request->sent_ns) / 1e6;
        cache_link_proved(conn->link);
    }
    if (request->ctx == NULL) {
        conn->told -= request->told;
        give_back(request);
        return;
    }
    if (reply != NULL) {
        read_reply(request->ctx->arena, reply, &request->answer);
    }
    request->lost = reply == NULL;
    request->answered = true;
    fiber_wake(request->fiber);
}

/* On return the request belongs to the pool, or to on_reply. */
static err wait_for(struct ctx *ctx, struct request *request, struct cache_answer *out)
{
    struct cache_conn *conn = request->conn;
    err waited = OK;
    while (is_ok(waited) && !request->answered) {
        /* on_deadline ends the wait; this bound only matters to the ctx's own deadline. */
        waited = fiber_park(ctx, conn->loop, "cache", 10 * LIMIT_REDIS_MS);
    }
    if (!request->answered) {
        request->ctx = NULL;
        const bool cancelled = waited.code == ERR_CANCELLED;
        return cancelled ? waited : fail(ctx, ERR_UNAVAILABLE, "redis: no time left");
    }
    const bool lost = request->lost;
    *out = request->answer;
    give_back(request);
    if (!is_ok(waited)) {
        return waited; /* cancelled in the turn of the answer */
    }
    return lost ? fail(ctx, ERR_UNAVAILABLE, "redis: connection lost or answer too late") : OK;
}

static bool send_request(struct request *request, const struct cache_command *command)
{
    struct cache_conn *conn = request->conn;
    request->sent_ns = now_ns();
    if (!cache_link_send(conn->link, command, on_reply, request)) {
        give_back(request);
        return false;
    }
    append(conn, request);
    return true;
}

err cache_conn_ask(struct ctx *ctx, struct cache_conn *conn, const struct cache_command *command,
    struct cache_answer *out)
{
    if (!cache_link_is_ready(conn->link)) {
        return fail(ctx, ERR_UNAVAILABLE, "redis: not connected");
    }
    struct request *request = take_request(conn);
    request->ctx = ctx;
    request->fiber = fiber_current(conn->loop);
    return send_request(request, command) ? wait_for(ctx, request, out)
                                          : fail(ctx, ERR_UNAVAILABLE, "redis: command not taken");
}

void cache_conn_tell(struct cache_conn *conn, const struct cache_command *command)
{
    if (!cache_link_is_ready(conn->link) || conn->told == TOLD_MAX) {
        return;
    }
    struct request *request = take_request(conn);
    request->told = true;
    conn->told += send_request(request, command);
}

/* ---- life ---- */

struct cache_conn *cache_conn_open(struct loop *loop, const struct cache_url *url)
{
    struct cache_conn *conn = calloc(1, sizeof(*conn));
    ASSERT(conn != NULL);
    conn->loop = loop;
    conn->last = &conn->first;
    conn->timer = loop_timer_new(loop, on_deadline, conn);
    conn->link = cache_link_open(loop, url);
    return conn;
}

void cache_conn_close(struct cache_conn *conn)
{
    if (conn == NULL) {
        return;
    }
    cache_link_close(conn->link); /* abandoned requests come back to the pool */
    loop_timer_free(conn->timer);
    while (conn->pool != NULL) {
        struct request *request = conn->pool;
        conn->pool = request->next;
        free(request);
    }
    free(conn);
}

struct cache_conn_state cache_conn_state(const struct cache_conn *conn)
{
    return (struct cache_conn_state){
        .ready = cache_link_is_ready(conn->link),
        .since_us = cache_link_since_us(conn->link),
        .last_ms = conn->last_ms,
    };
}
