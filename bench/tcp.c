#define _GNU_SOURCE /* accept4, strcasestr */
#include "bench/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum { BACKLOG = 4096, EVENTS = 256 };

static struct sockaddr_in loopback(unsigned long port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static int listen_on(unsigned long port)
{
    const int on = 1;
    const struct sockaddr_in address = loopback(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        return -1;
    }
    return fd;
}

static void send_at_once(int fd)
{
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int tcp_connect(unsigned long port)
{
    const struct sockaddr_in address = loopback(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        return -1;
    }
    send_at_once(fd);
    return fd;
}

bool tcp_watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool tcp_send(int fd, const char *bytes, size_t len)
{
    return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

bool tcp_request_is_whole(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL) {
        return false;
    }
    const char *length = strcasestr(text, "\r\ncontent-length:");
    const size_t body = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);
    return len >= (size_t)(end - text) + 4 + body;
}

/* ---- servers ---- */

static void accept_all(const struct tcp_server *server, int listener)
{
    int fd = -1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        send_at_once(fd);
        if (fd >= TCP_CONNECTIONS || !server->on_accept(server->arg, fd) ||
            !tcp_watch(server->epoll, fd)) {
            close(fd);
        }
    }
}

static int run(struct tcp_server *server, unsigned long port)
{
    struct epoll_event events[EVENTS];
    const int listener = listen_on(port);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || server->epoll < 0 || !tcp_watch(server->epoll, listener)) {
        perror(server->name);
        return EX_OSERR;
    }
    for (;;) {
        const int wait_ms = server->on_turn == NULL ? -1 : server->turn_ms;
        const int count = epoll_wait(server->epoll, events, EVENTS, wait_ms);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) {
                accept_all(server, listener);
            } else {
                server->on_input(server->arg, events[i].data.fd);
            }
        }
        if (server->on_turn != NULL) {
            server->on_turn(server->arg);
        }
    }
}

int tcp_serve(struct tcp_server *server, unsigned long port, unsigned long processes)
{
    for (unsigned long i = 0; i < processes; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            exit(run(server, port));
        }
        if (pid < 0) {
            perror(server->name);
            return EX_OSERR;
        }
    }
    int status = 0;
    wait(&status); /* none should end */
    return EX_SOFTWARE;
}
