/* relay PORT TO_PORT PROCESSES - the least that passing a stream on can do: every connection gets one of its own to TO_PORT, and bytes
 * go through unread, both ways. One process a core, each with its own listening socket and epoll. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/tcp.h"

enum { EVENTS = 256, CONNECTIONS = 20000, PIECE_BYTES = 16384 };

struct relay {
    int listener, epoll;
    unsigned long to_port;
    int other[CONNECTIONS]; /* the other end, by descriptor */
    char piece[PIECE_BYTES];
};

static void accept_all(struct relay *relay)
{
    int fd = -1;
    while ((fd = tcp_accept(relay->listener)) >= 0) {
        const int to = fd < CONNECTIONS ? tcp_connect(relay->to_port) : -1;
        if (to < 0 || to >= CONNECTIONS || !tcp_watch(relay->epoll, fd) ||
            !tcp_watch(relay->epoll, to)) {
            perror("relay: connect");
            exit(EX_OSERR);
        }
        relay->other[fd] = to;
        relay->other[to] = fd;
    }
}

static void pass(struct relay *relay, int fd)
{
    const int other = relay->other[fd];
    const ssize_t len = recv(fd, relay->piece, sizeof(relay->piece), MSG_DONTWAIT);
    if (len > 0 && tcp_send(other, relay->piece, (size_t)len)) {
        return;
    }
    shutdown(fd, SHUT_RDWR); /* closed with the process: an event of this turn may still name it */
    shutdown(other, SHUT_RDWR);
    epoll_ctl(relay->epoll, EPOLL_CTL_DEL, fd, NULL);
    epoll_ctl(relay->epoll, EPOLL_CTL_DEL, other, NULL);
}

static int run(struct relay *relay, unsigned long port)
{
    struct epoll_event events[EVENTS];
    relay->listener = tcp_listen(port);
    relay->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (relay->listener < 0 || relay->epoll < 0 || !tcp_watch(relay->epoll, relay->listener)) {
        perror("relay: listen");
        return EX_OSERR;
    }
    for (;;) {
        const int count = epoll_wait(relay->epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == relay->listener) {
                accept_all(relay);
            } else {
                pass(relay, events[i].data.fd);
            }
        }
    }
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
    for (unsigned long i = 0; i < processes; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            return run(&relay, port);
        }
        if (pid < 0) {
            perror("relay: fork");
            return EX_OSERR;
        }
    }
    int status = 0;
    wait(&status); /* none should end */
    return EX_SOFTWARE;
}
