/* model PORT TOKENS FIRST_MS GAP_MS - a model service for measurements, with fixed delays: asked with tools it looks up the FAQ once,
 * asked without it says TOKENS words, the first after FIRST_MS, then one every GAP_MS. Each word tells when it was sent (stamp.h), so
 * that whoever reads it, here or behind a product, knows how long it was on its way. */
#define _GNU_SOURCE /* memmem */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/stamp.h"
#include "bench/tcp.h"

enum { REQUEST_BYTES = 131072, PIECE_BYTES = 512, TURN_MS = 1 };

#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
#define ALIVE "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define CHUNK                                                                                      \
    "data: "                                                                                       \
    "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\","        \
    "\"choices\":[{\"index\":0,\"delta\":"
#define USAGE                                                                                      \
    "data: "                                                                                       \
    "{\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":9,\"total_" \
    "tokens\":18}}\n\ndata: [DONE]\n\n"

struct connection {
    char *request; /* kept until the process ends: connections are used again */
    size_t len;
    unsigned said;
    int64_t due_ns; /* of the next word; 0 = waits for a request */
};

struct model {
    int highest; /* descriptor that was ever in use */
    unsigned tokens;
    int64_t first_ns, gap_ns;
    struct connection connections[TCP_CONNECTIONS]; /* by descriptor */
};

static void send_piece(int fd, const char *text)
{
    char piece[PIECE_BYTES];
    const int len = snprintf(piece, sizeof(piece), "%zx\r\n%s\r\n", strlen(text), text);
    (void)tcp_send(fd, piece, (size_t)len); /* who left is seen when reading */
}

static void finish(int fd, const char *reason)
{
    char text[PIECE_BYTES];
    snprintf(text, sizeof(text), CHUNK "{},\"finish_reason\":\"%s\"}]}\n\n" USAGE, reason);
    send_piece(fd, text);
    (void)tcp_send(fd, "0\r\n\r\n", 5);
}

static void choose(int fd, bool found)
{
    (void)tcp_send(fd, HEAD, strlen(HEAD));
    if (!found) {
        send_piece(fd, CHUNK
            "{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":"
            "{\"name\":\"faq_rag\",\"arguments\":\"{\\\"query\\\":\\\"What is the cancellation "
            "policy?\\\"}\"}}]},"
            "\"finish_reason\":null}]}\n\n");
    }
    finish(fd, found ? "stop" : "tool_calls");
}

static void say(struct model *model, int fd)
{
    struct connection *connection = &model->connections[fd];
    char stamp[STAMP_BYTES + 1], text[PIECE_BYTES];
    if (connection->said++ == 0) {
        (void)tcp_send(fd, HEAD, strlen(HEAD));
    }
    stamp_write(stamp);
    snprintf(text, sizeof(text), CHUNK "{\"content\":\"%s \"},\"finish_reason\":null}]}\n\n",
        stamp);
    send_piece(fd, text);
    connection->due_ns += model->gap_ns;
    if (connection->said == model->tokens) {
        finish(fd, "stop");
        connection->due_ns = 0;
    }
}

static void answer(struct model *model, int fd)
{
    struct connection *connection = &model->connections[fd];
    const char *request = connection->request;
    if (memcmp(request, "GET ", 4) == 0) { /* is it there? */
        (void)tcp_send(fd, ALIVE, strlen(ALIVE));
    } else if (memmem(request, connection->len, "\"tools\":", 8) != NULL) {
        choose(fd, memmem(request, connection->len, "\"role\":\"tool\"", 13) != NULL);
    } else {
        connection->said = 0;
        connection->due_ns = stamp_now_ns() + model->first_ns;
        if (model->first_ns == 0) {
            say(model, fd);
        }
    }
    connection->len = 0;
}

static void on_input(void *arg, int fd)
{
    struct model *model = arg;
    struct connection *connection = &model->connections[fd];
    const ssize_t len =
        read(fd, connection->request + connection->len, REQUEST_BYTES - 1 - connection->len);
    if (len <= 0) {
        connection->due_ns = 0;
        connection->len = 0;
        close(fd);
        return;
    }
    connection->len += (size_t)len;
    connection->request[connection->len] = '\0';
    if (tcp_request_is_whole(connection->request, connection->len)) {
        answer(model, fd);
    }
}

static bool on_accept(void *arg, int fd)
{
    struct model *model = arg;
    struct connection *connection = &model->connections[fd];
    connection->request =
        connection->request != NULL ? connection->request : calloc(1, REQUEST_BYTES);
    model->highest = fd > model->highest ? fd : model->highest;
    return connection->request != NULL;
}

static void say_what_is_due(void *arg)
{
    struct model *model = arg;
    const int64_t now_ns = stamp_now_ns();
    for (int fd = 0; fd <= model->highest; fd++) {
        if (model->connections[fd].due_ns != 0 && model->connections[fd].due_ns <= now_ns) {
            say(model, fd);
        }
    }
}

int main(int argc, char **argv)
{
    static struct model model;
    const unsigned long port = argc == 5 ? strtoul(argv[1], NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX) {
        fprintf(stderr, "usage: model PORT TOKENS FIRST_MS GAP_MS\n");
        return EX_USAGE;
    }
    model.tokens = (unsigned)strtoul(argv[2], NULL, 10);
    model.first_ns = (int64_t)strtoul(argv[3], NULL, 10) * STAMP_NS_PER_MS;
    model.gap_ns = (int64_t)strtoul(argv[4], NULL, 10) * STAMP_NS_PER_MS;
    struct tcp_server server = {.name = "model",
        .arg = &model,
        .on_accept = on_accept,
        .on_input = on_input,
        .on_turn = say_what_is_due,
        .turn_ms = TURN_MS};
    return tcp_serve(&server, port, /* processes= */ 1);
}
