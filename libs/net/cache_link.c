#include "net/cache_link.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <uv.h>

#include "core/assert.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/limits.h"
#include "net/cache_conn.h"
#include "net/cache_guard.h"
#include "net/cache_url.h"
#include "net/loop.h"
#include "net/loop_internal.h"

enum {
    CONNECT_MS = 1000, /* name, connection, AUTH and SELECT together */
    BACK_OFF_MIN_MS = 50,
    BACK_OFF_MAX_MS = 2000,
};

enum phase { PHASE_WAITING, PHASE_CONNECTING, PHASE_READY };

/* A name look-up. Lives as long as the resolver thread needs it. */
struct resolution {
    uv_getaddrinfo_t uv;
    struct cache_link *link; /* NULL = nobody waits for it any more */
};

struct cache_link {
    struct loop *loop;           /* borrowed */
    const struct cache_url *url; /* borrowed */
    enum phase phase;
    struct loop_timer *timer; /* waiting: the next try; connecting: the end of this one */
    int64_t back_off_ms;
    int64_t since_us;
    struct resolution *resolution; /* or NULL */
    redisAsyncContext *redis;      /* hiredis frees it after on_gone; NULL = no connection */
    struct cache_guard guard;      /* of redis */
    struct loop_watch *watch;
    unsigned events;    /* what hiredis wants to hear of */
    bool write_pending; /* there is something to send at the end of the turn */
    bool writing;       /* that is being done now */
    bool refused;       /* AUTH or SELECT was answered with an error */
    bool closing;
};

static void set_phase(struct cache_link *link, enum phase phase)
{
    if ((phase == PHASE_READY) != (link->phase == PHASE_READY)) {
        link->since_us = clock_wall_us(&clock_system);
    }
    link->phase = phase;
}

/* Half fixed, half random: workers do not come back all at once. */
static void retry_later(struct cache_link *link)
{
    uint32_t random = 0;
    crypto_random(&random, sizeof(random));
    const int64_t half_ms = link->back_off_ms / 2;
    set_phase(link, PHASE_WAITING);
    loop_timer_start(link->timer, half_ms + random % (half_ms + 1), /* repeat_ms: */ 0);
    link->back_off_ms *= 2;
    if (link->back_off_ms > BACK_OFF_MAX_MS) {
        link->back_off_ms = BACK_OFF_MAX_MS;
    }
}

static void abandon_resolution(struct cache_link *link)
{
    if (link->resolution != NULL) {
        link->resolution->link = NULL;
        /* Also when no thread has begun yet, on_resolved is called and frees it. */
        uv_cancel((uv_req_t *)&link->resolution->uv);
        link->resolution = NULL;
    }
}

void cache_link_drop(struct cache_link *link)
{
    abandon_resolution(link);
    if (link->redis != NULL) {
        redisAsyncFree(link->redis); /* answers what is on its way with NULL, then calls on_gone */
    } else {
        retry_later(link);
    }
}

/* ---- hiredis' event hooks ---- */

static void apply_events(struct cache_link *link, unsigned events)
{
    link->events = events;
    if (link->watch != NULL) {
        loop_watch_set(link->watch, events);
    }
}

static void add_read(void *arg)
{
    struct cache_link *link = arg;
    apply_events(link, link->events | LOOP_READ);
}

static void del_read(void *arg)
{
    struct cache_link *link = arg;
    apply_events(link, link->events & ~LOOP_READ);
}

/* The commands of one turn are sent together at its end. Only the connect, and what the socket did not take,
 * waits for the socket to become writable. */
static void add_write(void *arg)
{
    struct cache_link *link = arg;
    if (link->phase == PHASE_READY && !link->writing) {
        link->write_pending = true;
    } else {
        apply_events(link, link->events | LOOP_WRITE);
    }
}

static void del_write(void *arg)
{
    struct cache_link *link = arg;
    apply_events(link, link->events & ~LOOP_WRITE);
}

static bool send_pending(void *arg)
{
    struct cache_link *link = arg;
    if (link->write_pending) {
        link->write_pending = false;
        link->writing = true;
        redisAsyncHandleWrite(link->redis);
        link->writing = false;
    }
    return false; /* nothing that an earlier hook could want to see */
}

/* The connection ended, whoever wanted it; hiredis frees the context right after. */
static void on_gone(void *arg)
{
    struct cache_link *link = arg;
    loop_watch_close(link->watch);
    link->watch = NULL;
    link->redis = NULL;
    link->write_pending = false;
    if (!link->closing) {
        retry_later(link);
    }
}

static void on_socket(void *arg, unsigned events)
{
    struct cache_link *link = arg;
    if (cache_guard_is_unasked(link->redis)) {
        cache_link_drop(link);
        return;
    }
    if ((events & LOOP_READ) != 0) {
        redisAsyncHandleRead(link->redis);
    }
    if ((events & LOOP_WRITE) != 0 && link->redis != NULL) {
        redisAsyncHandleWrite(link->redis);
    }
    if (link->redis != NULL && cache_guard_is_flooded(link->redis)) {
        cache_link_drop(link);
    }
}

/* ---- connecting ---- */

static void note_refusal(struct cache_link *link, const redisReply *reply)
{
    link->refused |= reply->type != REDIS_REPLY_STATUS;
}

static void on_auth(redisAsyncContext *redis, void *reply, void *arg)
{
    (void)redis;
    if (reply != NULL) {
        note_refusal(arg, reply);
    }
}

/* SELECT ends the handshake and is always sent: it also shows whether a password is missing. */
static void on_select(redisAsyncContext *redis, void *reply, void *arg)
{
    struct cache_link *link = arg;
    if (reply == NULL) {
        return; /* on_gone comes next */
    }
    note_refusal(link, reply);
    if (link->refused || cache_guard_has_more(redis)) {
        cache_link_drop(link);
        return;
    }
    loop_timer_stop(link->timer);
    set_phase(link, PHASE_READY);
}

static void add_word(struct cache_command *command, const char *word)
{
    command->words[command->count] = word;
    command->lens[command->count++] = strlen(word);
}

static bool send_auth(struct cache_link *link)
{
    if (link->url->password == NULL) {
        return true;
    }
    struct cache_command auth = {0};
    add_word(&auth, "AUTH");
    if (link->url->user != NULL) {
        add_word(&auth, link->url->user);
    }
    add_word(&auth, link->url->password);
    return cache_link_send(link, &auth, on_auth, link);
}

static bool send_select(struct cache_link *link)
{
    char db[16];
    snprintf(db, sizeof(db), "%d", link->url->db);
    struct cache_command select = {0};
    add_word(&select, "SELECT");
    add_word(&select, db);
    return cache_link_send(link, &select, on_select, link);
}

static void on_connected(const redisAsyncContext *redis, int status)
{
    struct cache_link *link = redis->data;
    if (status != REDIS_OK) {
        return; /* on_gone comes next */
    }
    link->refused = !send_auth(link) || !send_select(link);
}

static void attach(struct cache_link *link, redisAsyncContext *redis)
{
    if (redis == NULL || redis->err != 0) {
        if (redis != NULL) {
            redisAsyncFree(redis);
        }
        retry_later(link);
        return;
    }
    link->redis = redis;
    cache_guard_open(&link->guard, redis);
    link->events = 0;
    link->watch = loop_watch_open(link->loop, redis->c.fd, /* events: */ 0, on_socket, link);
    redis->data = link;
    redis->ev.data = link;
    redis->ev.addRead = add_read;
    redis->ev.delRead = del_read;
    redis->ev.addWrite = add_write;
    redis->ev.delWrite = del_write;
    redis->ev.cleanup = on_gone;
    if (link->watch == NULL || redisAsyncSetConnectCallback(redis, on_connected) != REDIS_OK) {
        cache_link_drop(link);
    }
}

static const struct addrinfo *prefer_ipv4(const struct addrinfo *list)
{
    const struct addrinfo *info = list;
    while (info != NULL && info->ai_family != AF_INET) {
        info = info->ai_next;
    }
    return info != NULL ? info : list;
}

static void attach_to_address(struct cache_link *link, const struct addrinfo *info)
{
    char address[NI_MAXHOST];
    if (getnameinfo(info->ai_addr, info->ai_addrlen, address, sizeof(address), /* service: */ NULL,
            0, NI_NUMERICHOST) != 0) {
        retry_later(link);
        return;
    }
    attach(link, redisAsyncConnect(address, link->url->port));
}

static void on_resolved(uv_getaddrinfo_t *uv, int status, struct addrinfo *list)
{
    struct resolution *resolution = uv->data;
    struct cache_link *link = resolution->link;
    free(resolution);
    if (link != NULL) {
        link->resolution = NULL;
    }
    if (link != NULL && status != 0) {
        retry_later(link);
    } else if (link != NULL) {
        attach_to_address(link, prefer_ipv4(list));
    }
    uv_freeaddrinfo(list);
}

/* redisAsyncConnect would look the name up itself, and block: it gets an address only. */
static void resolve(struct cache_link *link)
{
    struct resolution *resolution = calloc(1, sizeof(*resolution));
    ASSERT(resolution != NULL);
    resolution->uv.data = resolution;
    resolution->link = link;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    if (uv_getaddrinfo(loop_uv(link->loop), &resolution->uv, on_resolved, link->url->host,
            /* service: */ NULL, &hints) != 0) {
        free(resolution);
        retry_later(link);
        return;
    }
    link->resolution = resolution;
}

static void on_timer(void *arg)
{
    struct cache_link *link = arg;
    if (link->phase == PHASE_CONNECTING) { /* accepted perhaps, but not answered */
        cache_link_drop(link);
        return;
    }
    set_phase(link, PHASE_CONNECTING);
    loop_timer_start(link->timer, CONNECT_MS, /* repeat_ms: */ 0);
    if (link->url->path != NULL) {
        attach(link, redisAsyncConnectUnix(link->url->path));
    } else {
        resolve(link);
    }
}

/* ---- for cache_conn.c ---- */

struct cache_link *cache_link_open(struct loop *loop, const struct cache_url *url)
{
    struct cache_link *link = calloc(1, sizeof(*link));
    ASSERT(link != NULL);
    link->loop = loop;
    link->url = url;
    link->back_off_ms = BACK_OFF_MIN_MS;
    link->since_us = clock_wall_us(&clock_system);
    link->timer = loop_timer_new(loop, on_timer, link);
    loop_timer_start(link->timer, 0, /* repeat_ms: */ 0);
    loop_on_turn(loop, send_pending, link);
    return link;
}

void cache_link_close(struct cache_link *link)
{
    if (link == NULL) {
        return;
    }
    link->closing = true;
    abandon_resolution(link);
    if (link->redis != NULL) {
        redisAsyncFree(link->redis);
    }
    loop_timer_free(link->timer);
    loop_off_turn(link->loop, send_pending, link);
    free(link);
}

bool cache_link_is_ready(const struct cache_link *link)
{
    return link->phase == PHASE_READY;
}

int64_t cache_link_since_us(const struct cache_link *link)
{
    return link->since_us;
}

bool cache_link_send(struct cache_link *link, const struct cache_command *command,
    redisCallbackFn *fn, void *arg)
{
    const char *words[CACHE_WORDS_MAX]; /* hiredis reads only, but wants it without const */
    memcpy(words, command->words, sizeof(words));
    return redisAsyncCommandArgv(link->redis, fn, arg, command->count, words, command->lens) ==
           REDIS_OK;
}

void cache_link_proved(struct cache_link *link)
{
    link->back_off_ms = BACK_OFF_MIN_MS;
    if (cache_guard_has_more(link->redis)) {
        cache_link_drop(link); /* in a callback hiredis frees later */
    }
}
