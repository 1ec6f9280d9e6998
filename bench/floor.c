/* floor PORT PROCESSES REPLY - the least that a HTTP server can do: answers every request with the bytes of the file REPLY.
 * One process a core, each with its own listening socket (SO_REUSEPORT) and its own epoll; nothing of the request is read
 * but its end. What a real server needs beyond this is its own cost. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/tcp.h"

enum { REQUEST_BYTES = 16384, REPLY_BYTES = 8192 };

static const char end_of_request[] = "\r\n\r\n";

struct floor {
    size_t reply_len;
    char reply[REPLY_BYTES];
    char input[REQUEST_BYTES];
    uint8_t matched[TCP_CONNECTIONS]; /* of end_of_request, by descriptor */
};

static bool read_reply(struct floor *floor, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    floor->reply_len = fread(floor->reply, 1, sizeof(floor->reply), file);
    fclose(file);
    return floor->reply_len > 0 && floor->reply_len < sizeof(floor->reply);
}

static bool on_accept(void *arg, int fd)
{
    struct floor *floor = arg;
    floor->matched[fd] = 0;
    return true;
}

/* Requests that end within the bytes that came. */
static int count_requests(struct floor *floor, int fd, size_t len)
{
    int count = 0;
    uint8_t matched = floor->matched[fd];
    for (size_t i = 0; i < len; i++) {
        const char byte = floor->input[i];
        matched = byte == end_of_request[matched] ? (uint8_t)(matched + 1) : byte == '\r';
        if (end_of_request[matched] == '\0') {
            matched = 0;
            count++;
        }
    }
    floor->matched[fd] = matched;
    return count;
}

/* A reply that does not fit the socket's buffer ends the connection: the load generator counts that as an error. */
static void on_input(void *arg, int fd)
{
    struct floor *floor = arg;
    const ssize_t len = recv(fd, floor->input, sizeof(floor->input), 0);
    bool alive = len > 0;
    for (int left = alive ? count_requests(floor, fd, (size_t)len) : 0; alive && left > 0; left--) {
        alive = tcp_send(fd, floor->reply, floor->reply_len);
    }
    if (!alive) {
        close(fd);
    }
}

int main(int argc, char **argv)
{
    static struct floor floor;
    const unsigned long port = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
    const unsigned long processes = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX || processes == 0 || !read_reply(&floor, argv[3])) {
        fprintf(stderr, "usage: floor PORT PROCESSES REPLY\n");
        return EX_USAGE;
    }
    struct tcp_server server = {
        .name = "floor", .arg = &floor, .on_accept = on_accept, .on_input = on_input};
    return tcp_serve(&server, port, processes);
}
