/* tcp.h - sockets of the measuring programs. */
#ifndef BENCH_TCP_H
#define BENCH_TCP_H

#include <stdbool.h>
#include <stddef.h>

int tcp_listen(unsigned long port);  /* on loopback, shared by processes; -1 with errno */
int tcp_accept(int listener);        /* without blocking; -1 = none waits */
int tcp_connect(unsigned long port); /* blocking; -1 with errno */
bool tcp_watch(int epoll, int fd);
bool tcp_send(int fd, const char *bytes, size_t len); /* whole or not at all */
/* A head and as much body as Content-Length says. text ends with NUL. */
bool tcp_request_is_whole(const char *text, size_t len);

#endif
