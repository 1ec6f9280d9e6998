/* http/daemon.h - libmicrohttpd: the only files of the project that include it are daemon.c and send.c.
 * An external epoll daemon: it has no thread and never waits; the server's loop tells it when to run. */
#ifndef HTTP_DAEMON_H
#define HTTP_DAEMON_H

#include <stdbool.h>

struct http_server;
struct request;

/* False: cannot be started (errno may tell why). listen_fd stays the caller's. */
bool daemon_open(struct http_server *server, int listen_fd);
/* The epoll descriptor; readable = daemon_run has something to do. */
int daemon_fd(const struct http_server *server);
/* True: more to do at once. */
bool daemon_run(struct http_server *server);
/* The reply of a request whose connection was suspended is ready. */
void daemon_resume(struct request *request);
/* Accepts no more connections. */
void daemon_quiesce(struct http_server *server);
/* Closes all connections; none may be suspended. */
void daemon_close(struct http_server *server);

#endif
