/* relay PORT TO_PORT PROCESSES - the least that passing a stream on can do: every connection gets one of its own to TO_PORT, and bytes
 * go through unread, both ways. One process a core, each with its own listening socket and epoll. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "bench/tcp.h"

enum { PIECE_BYTES = 16384 };

struct relay {
    struct tcp_server server;
    unsigned long to_port;
    int other[TCP_CONNECTIONS]; /* the other end, by descriptor */
    char piece[PIECE_BYTES];
};

static bool on_accept(void *arg, int fd)
{
    struct relay *relay = arg;
    const int to = tcp_connect(relay->to_port);
    if (to < 0 || to >= TCP_CONNECTIONS || !tcp_watch(relay->server.epoll, to)) {
        perror("relay: connect");
        exit(EX_OSERR);
    }
    relay->other[fd] = to;
    relay->other[to] = fd;
    return true;
}

static void on_input(void *arg, int fd)
{
    struct relay *relay = arg;
    const int other = relay->other[fd];
    const ssize_t len = recv(fd, relay->piece, sizeof(relay->piece), MSG_DONTWAIT);
    if (len > 0 && tcp_send(other, relay->piece, (size_t)len)) {
        return;
    }
    shutdown(fd, SHUT_RDWR); /* closed with the process: an event of this turn may still name it */
    shutdown(other, SHUT_RDWR);
    epoll_ctl(relay->server.epoll, EPOLL_CTL_DEL, fd, NULL);
    epoll_ctl(relay->server.epoll, EPOLL_CTL_DEL, other, NULL);
}

int main(int argc, char **argv)
{
    static struct relay relay;
    const unsigned long port = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
    const unsigned long processes = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    relay.to_port = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX || relay.to_port == 0 || processes == 0) {
        fprintf(stderr, "usage: relay PORT TO_PORT PROCESSES\n");
        return EX_USAGE;
    }
    relay.server = (struct tcp_server){
        .name = "relay", .arg = &relay, .on_accept = on_accept, .on_input = on_input};
    return tcp_serve(&relay.server, port, processes);
}
