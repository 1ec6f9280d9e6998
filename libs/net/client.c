#include "net/client.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/client_internal.h"
#include "net/client_retry.h"
#include "net/fiber.h"
#include "net/loop.h"

enum { NS_PER_MS = 1000000 };
static const long idle_connections_max = 32;
static const size_t first_body_bytes = 1024;

struct client_socket {
    struct client *client; /* borrowed */
    curl_socket_t fd;
    struct loop_watch *watch;
};

/* ---- what is sent ---- */

struct client_body *client_body_new(const char *bytes, size_t len)
{
    struct client_body *body = malloc(sizeof(*body) + len);
    ASSERT(body != NULL);
    *body = (struct client_body){.holders = 1, .len = len};
    memcpy(body->bytes, bytes, len);
    return body;
}

void client_body_let_go(struct client_body *body)
{
    if (body != NULL && --body->holders == 0) {
        free(body);
    }
}

/* ---- transfers ---- */

/* What curl bounds is all its connections: those in use must not take the place of idle ones, or none would be used again. It looks
 * when a transfer has ended, whose own connection is idle by then. */
static void count_busy(struct client *client, long change)
{
    client->busy += change;
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, client->busy - 1 + idle_connections_max);
}

static bool give_to_curl(struct client *client, struct transfer *transfer)
{
    transfer->in_curl = curl_multi_add_handle(client->multi, transfer->easy) == CURLM_OK;
    if (transfer->in_curl) {
        count_busy(client, 1);
    }
    return transfer->in_curl;
}

static void let_go_of_curl(struct client *client, struct transfer *transfer)
{
    if (transfer->in_curl) {
        curl_multi_remove_handle(client->multi, transfer->easy);
        count_busy(client, -1);
    }
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    transfer->easy = NULL;
    transfer->headers = NULL;
}

static void free_transfer(struct client *client, struct transfer *transfer)
{
    if (transfer->easy != NULL) {
        let_go_of_curl(client, transfer);
    }
    client_body_let_go(transfer->sent);
    free(transfer->body);
    free(transfer->read);
    free(transfer);
}

static void reap(void *arg)
{
    struct client *client = arg;
    while (client->abandoned != NULL) {
        struct transfer *transfer = client->abandoned;
        client->abandoned = transfer->next;
        free_transfer(client, transfer);
    }
}

void client_let_go(struct client *client, struct transfer *transfer)
{
    if (transfer->easy == NULL) {
        free_transfer(client, transfer);
        return;
    }
    transfer->fiber = NULL;
    transfer->next = client->abandoned;
    client->abandoned = transfer;
    loop_timer_start(client->reaper, 0, /* repeat_ms: */ 0);
}

bool client_keep(struct transfer *transfer, const char *bytes, size_t len)
{
    size_t cap = transfer->body_cap == 0 ? first_body_bytes : transfer->body_cap;
    while (cap < transfer->body_len + len) {
        cap *= 2;
    }
    if (cap != transfer->body_cap) {
        char *grown = realloc(transfer->body, cap);
        if (grown == NULL) {
            return false;
        }
        transfer->body = grown;
        transfer->body_cap = cap;
    }
    memcpy(transfer->body + transfer->body_len, bytes, len);
    transfer->body_len += len;
    return true;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    const size_t len = size * count;
    transfer->too_large = len > transfer->body_max - transfer->body_len;
    return !transfer->too_large && client_keep(transfer, bytes, len) ? len : CURL_WRITEFUNC_ERROR;
}

void client_read_head(struct transfer *transfer)
{
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->status);
    client_retry_read(transfer->easy, &transfer->retry);
}

static void finish(struct client *client, CURL *easy, CURLcode result)
{
    struct transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    client_read_head(transfer);
    transfer->result = result;
    transfer->done = true;
    let_go_of_curl(client, transfer);
    if (transfer->fiber != NULL) {
        fiber_wake(transfer->fiber);
    }
}

static void finish_all(struct client *client)
{
    int left = 0;
    for (;;) {
        const CURLMsg *message = curl_multi_info_read(client->multi, &left);
        if (message == NULL) {
            return;
        }
        if (message->msg == CURLMSG_DONE) {
            finish(client, message->easy_handle, message->data.result);
        }
    }
}

/* ---- curl's sockets and its timer ---- */

static void on_fd(void *arg, unsigned events)
{
    const struct client_socket *socket = arg;
    struct client *client = socket->client; /* the socket may be gone after the action */
    const int mask = ((events & LOOP_READ) != 0 ? CURL_CSELECT_IN : 0) |
                     ((events & LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    int running = 0;
    curl_multi_socket_action(client->multi, socket->fd, mask, &running);
    finish_all(client);
}

static int forget_socket(struct client *client, struct client_socket *socket)
{
    if (socket != NULL) {
        curl_multi_assign(client->multi, socket->fd, NULL);
        loop_watch_close(socket->watch);
        free(socket);
    }
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct client *client = arg;
    struct client_socket *socket = socket_arg;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        return forget_socket(client, socket);
    }
    const unsigned reads = what != CURL_POLL_OUT ? LOOP_READ : 0U;
    const unsigned events = reads | (what != CURL_POLL_IN ? LOOP_WRITE : 0U);
    if (socket != NULL) {
        loop_watch_set(socket->watch, events);
        return 0;
    }
    socket = calloc(1, sizeof(*socket));
    ASSERT(socket != NULL);
    socket->client = client;
    socket->fd = fd;
    socket->watch = loop_watch_open(client->loop, fd, events, on_fd, socket);
    ASSERT(socket->watch != NULL); /* it is a socket, and curl tells before it closes one */
    curl_multi_assign(client->multi, fd, socket);
    return 0;
}

static int on_timer_change(CURLM *multi, long ms, void *arg)
{
    struct client *client = arg;
    (void)multi;
    if (ms < 0) {
        loop_timer_stop(client->timer);
    } else {
        loop_timer_start(client->timer, ms, /* repeat_ms: */ 0);
    }
    return 0;
}

static void on_timer(void *arg)
{
    struct client *client = arg;
    int running = 0;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_all(client);
}

/* ---- public ---- */

static bool set_up(struct client *client, struct transfer *transfer,
    const struct client_request *request, bool (*set_reply)(struct transfer *transfer))
{
    const size_t max = request->reply_max_bytes;
    transfer->fiber = fiber_current(client->loop);
    transfer->body_max = max != 0 ? max : LIMIT_CLIENT_REPLY_BYTES;
    transfer->easy = curl_easy_init();
    const curl_off_t announced_max = (curl_off_t)transfer->body_max;
    CURL *easy = transfer->easy;
    return easy != NULL && client_set_up(transfer, request) && set_reply(transfer) &&
           curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, announced_max) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           give_to_curl(client, transfer);
}

err client_start(struct ctx *ctx, struct client *client, const struct client_request *request,
    size_t size, bool (*set_reply)(struct transfer *transfer), struct transfer **out)
{
    if (!client_may_ask(request->url)) {
        return fail(ctx, ERR_INTERNAL, "outbound URL is neither https nor http to loopback");
    }
    struct transfer *transfer = calloc(1, size);
    ASSERT(transfer != NULL);
    if (!set_up(client, transfer, request, set_reply)) {
        free_transfer(client, transfer);
        return fail(ctx, ERR_INTERNAL, "outbound request not accepted");
    }
    *out = transfer;
    return OK;
}

/* ---- public ---- */

struct client *client_new(struct loop *loop)
{
    ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    struct client *client = calloc(1, sizeof(*client));
    ASSERT(client != NULL);
    client->loop = loop;
    client->timer = loop_timer_new(loop, on_timer, client);
    client->reaper = loop_timer_new(loop, reap, client);
    client->multi = curl_multi_init();
    ASSERT(client->multi != NULL);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return client;
}

void client_free(struct client *client)
{
    if (client == NULL) {
        return;
    }
    reap(client);
    curl_multi_cleanup(client->multi);
    loop_timer_free(client->timer);
    loop_timer_free(client->reaper);
    free(client);
    curl_global_cleanup();
}

err client_result(struct ctx *ctx, const struct transfer *transfer)
{
    if (transfer->too_large || transfer->result == CURLE_FILESIZE_EXCEEDED) {
        return fail(ctx, ERR_TOO_LARGE, "reply over %zu bytes", transfer->body_max);
    }
    if (transfer->result != CURLE_OK) {
        const bool late = transfer->result == CURLE_OPERATION_TIMEDOUT;
        const char *why = curl_easy_strerror(transfer->result);
        return fail(ctx, late ? ERR_TIMEOUT : ERR_UNAVAILABLE, "%s", why);
    }
    return OK;
}

struct client_reply client_head(const struct transfer *transfer)
{
    return (struct client_reply){
        .status = (int)transfer->status,
        .body = "",
        .retry_after_s = (int)((transfer->retry.after_ms + 999) / 1000),
        .retry = transfer->retry,
    };
}

/* ---- a reply in one piece ---- */

static bool set_reply(struct transfer *transfer)
{
    return curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK;
}

static err wait_for(struct ctx *ctx, struct client *client, const struct transfer *transfer,
    int64_t timeout_ms)
{
    const int64_t end_ns = ctx_deadline_ns(ctx, timeout_ms);
    while (!transfer->done) {
        const int64_t left_ms = (end_ns - clock_monotonic_ns(ctx->clock)) / NS_PER_MS + 1;
        TRY(fiber_park(ctx, client->loop, "client", left_ms));
    }
    return OK;
}

static err read_reply(struct ctx *ctx, const struct transfer *transfer, struct client_reply *out)
{
    TRY(client_result(ctx, transfer));
    *out = client_head(transfer);
    if (transfer->body_len > 0) {
        out->body = arena_strndup(ctx->arena, transfer->body, transfer->body_len);
        out->body_len = transfer->body_len;
    }
    return OK;
}

err client_send(struct ctx *ctx, struct client *client, const struct client_request *request,
    struct client_reply *out)
{
    struct transfer *transfer = NULL;
    TRY(client_start(ctx, client, request, sizeof(*transfer), set_reply, &transfer));
    err result = wait_for(ctx, client, transfer, request->timeout_ms);
    if (is_ok(result)) {
        result = read_reply(ctx, transfer, out);
    }
    client_let_go(client, transfer);
    return result;
}
