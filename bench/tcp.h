/* tcp.h - sockets of the measuring programs, all on loopback. */
#ifndef BENCH_TCP_H
#define BENCH_TCP_H

#include <stdbool.h>
#include <stddef.h>

enum { TCP_CONNECTIONS = 20000 }; /* descriptors are below this */

struct tcp_server {
    const char *name;
    void *arg;
    bool (*on_accept)(void *arg, int fd); /* false: closed again */
    void (*on_input)(void *arg, int fd);
    void (*on_turn)(void *arg); /* every turn_ms at the latest; NULL = never */
    int turn_ms;
    int epoll; /* set before the first call */
};
/* Serves on that port in so many processes, each with its own listening socket (SO_REUSEPORT) and epoll. Returns an exit code when
 * something fails, never else. */
int tcp_serve(struct tcp_server *server, unsigned long port, unsigned long processes);

int tcp_connect(unsigned long port); /* blocking; -1 with errno */
bool tcp_watch(int epoll, int fd);
bool tcp_send(int fd, const char *bytes, size_t len); /* whole or not at all */
/* A head and as much body as Content-Length says. text ends with NUL. */
bool tcp_request_is_whole(const char *text, size_t len);

#endif
