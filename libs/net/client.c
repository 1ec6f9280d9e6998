#include "net/client.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/client_retry.h"
#include "net/fiber.h"
#include "net/loop.h"

enum { NS_PER_MS = 1000000 };
static const long idle_connections_max = 32;
static const size_t first_body_bytes = 4096;

/* One exchange. It lives until curl has let go of it and the fiber has left; the fiber may leave first. */
struct transfer {
    struct transfer *next; /* in client->abandoned */
    CURL *easy;            /* NULL once curl is done with it */
    struct curl_slist *headers;
    struct fiber *fiber; /* NULL = has left */
    bool done;
    CURLcode result;
    char *body; /* grows */
    size_t body_len, body_cap, body_max;
    bool too_large;
    long status;
    struct client_retry retry;
};

struct client {
    struct loop *loop; /* borrowed */
    CURLM *multi;
    struct loop_timer *timer;  /* curl's one timer */
    struct loop_timer *reaper; /* takes abandoned transfers out of curl, on the loop's deep stack */
    struct transfer *abandoned;
};

struct client_socket {
    struct client *client; /* borrowed */
    curl_socket_t fd;
    struct loop_watch *watch;
};

/* ---- transfers ---- */

static void let_go_of_curl(struct client *client, struct transfer *transfer)
{
    curl_multi_remove_handle(client->multi, transfer->easy);
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
    free(transfer->body);
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

static void abandon(struct client *client, struct transfer *transfer)
{
    transfer->fiber = NULL;
    transfer->next = client->abandoned;
    client->abandoned = transfer;
    loop_timer_start(client->reaper, 0, /* repeat_ms: */ 0);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    const size_t len = size * count;
    if (len > transfer->body_max - transfer->body_len) {
        transfer->too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    size_t cap = transfer->body_cap == 0 ? first_body_bytes : transfer->body_cap;
    while (cap < transfer->body_len + len) {
        cap *= 2;
    }
    if (cap != transfer->body_cap) {
        char *grown = realloc(transfer->body, cap);
        if (grown == NULL) {
            return CURL_WRITEFUNC_ERROR;
        }
        transfer->body = grown;
        transfer->body_cap = cap;
    }
    memcpy(transfer->body + transfer->body_len, bytes, len);
    transfer->body_len += len;
    return len;
}

static void finish(struct client *client, CURL *easy, CURLcode result)
{
    struct transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &transfer->status);
    client_retry_read(easy, &transfer->retry);
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

/* ---- what may be asked ---- */

static bool is_loopback(const char *host)
{
    struct in_addr address;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

/* https anywhere, http on this host only: what leaves it is encrypted. */
static bool is_allowed(const char *text)
{
    CURLU *url = curl_url();
    ASSERT(url != NULL);
    char *scheme = NULL;
    char *host = NULL;
    const bool parsed = curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
                        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    const bool encrypted = parsed && strcmp(scheme, "https") == 0;
    const bool local = parsed && strcmp(scheme, "http") == 0 && is_loopback(host);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return encrypted || local;
}

static bool add_header(struct transfer *transfer, const char *header)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, header);
    if (longer == NULL || strpbrk(header, "\r\n") != NULL) {
        return false;
    }
    transfer->headers = longer;
    return true;
}

static bool add_headers(struct transfer *transfer, const struct client_request *request)
{
    bool added = add_header(transfer, "Expect:"); /* never waits for permission to send a body */
    for (int i = 0; added && i < CLIENT_HEADERS_MAX && request->headers[i] != NULL; i++) {
        added = add_header(transfer, request->headers[i]);
    }
    return added &&
           curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

/* curl copies everything: the caller may leave before it is sent. */
static bool set_request(struct transfer *transfer, const struct client_request *request)
{
    CURL *easy = transfer->easy;
    bool set = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
               add_headers(transfer, request);
    if (set && (request->body != NULL || strcmp(request->method, "GET") != 0)) {
        const char *body = request->body == NULL ? "" : request->body;
        const curl_off_t len = request->body == NULL ? 0 : (curl_off_t)request->body_len;
        set = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, len) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
    }
    return set;
}

static bool set_rules(CURL *easy, int64_t timeout_ms)
{
    const bool short_one = timeout_ms < LIMIT_CLIENT_CONNECT_MS;
    const long connect_ms = short_one ? (long)timeout_ms : LIMIT_CLIENT_CONNECT_MS;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK && /* nor the environment's */
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* A cancelled name look-up is left to its thread: waiting for it would stop the loop. */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
}

static bool set_reply(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    const curl_off_t max = (curl_off_t)transfer->body_max;
    return curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, max) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK;
}

static struct transfer *start_transfer(struct client *client, const struct client_request *request)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    ASSERT(transfer != NULL);
    transfer->fiber = fiber_current(client->loop);
    transfer->body_max =
        request->reply_max_bytes != 0 ? request->reply_max_bytes : LIMIT_CLIENT_REPLY_BYTES;
    transfer->easy = curl_easy_init();
    const bool started = transfer->easy != NULL && set_rules(transfer->easy, request->timeout_ms) &&
                         set_request(transfer, request) && set_reply(transfer) &&
                         curl_multi_add_handle(client->multi, transfer->easy) == CURLM_OK;
    if (!started) {
        free_transfer(client, transfer);
        return NULL;
    }
    return transfer;
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
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, idle_connections_max);
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

static err read_result(struct ctx *ctx, const struct transfer *transfer, struct client_reply *out)
{
    if (transfer->too_large || transfer->result == CURLE_FILESIZE_EXCEEDED) {
        return fail(ctx, ERR_TOO_LARGE, "reply over %zu bytes", transfer->body_max);
    }
    if (transfer->result != CURLE_OK) {
        const bool late = transfer->result == CURLE_OPERATION_TIMEDOUT;
        const char *why = curl_easy_strerror(transfer->result);
        return fail(ctx, late ? ERR_TIMEOUT : ERR_UNAVAILABLE, "%s", why);
    }
    const char *body = transfer->body == NULL ? "" : transfer->body;
    *out = (struct client_reply){
        .status = (int)transfer->status,
        .body = arena_strndup(ctx->arena, body, transfer->body_len),
        .body_len = transfer->body_len,
        .retry_after_s = (int)((transfer->retry.after_ms + 999) / 1000),
        .retry = transfer->retry,
    };
    return OK;
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

err client_send(struct ctx *ctx, struct client *client, const struct client_request *request,
    struct client_reply *out)
{
    if (!is_allowed(request->url)) {
        return fail(ctx, ERR_INTERNAL, "outbound URL is neither https nor http to loopback");
    }
    struct transfer *transfer = start_transfer(client, request);
    if (transfer == NULL) {
        return fail(ctx, ERR_INTERNAL, "outbound request not accepted");
    }
    const err waited = wait_for(ctx, client, transfer, request->timeout_ms);
    if (!is_ok(waited)) {
        abandon(client, transfer);
        return waited;
    }
    const err result = read_result(ctx, transfer, out);
    free_transfer(client, transfer);
    return result;
}
