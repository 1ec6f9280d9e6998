/* svc/listen.h - listening sockets: one a worker, all on the same address, so that the kernel spreads
 * connections without waking everybody. The master keeps them open over restarts of workers. */
#ifndef SVC_LISTEN_H
#define SVC_LISTEN_H

#include "core/err.h"

struct ctx;

/* `count` of them, non-blocking, close-on-exec. Errors: ERR_UNAVAILABLE with the reason (address in use, not ours). */
err listen_open(struct ctx *ctx, const char *address, int port, int count, int *out_fds);

/* A blocking connection to what listen_open opened there, by anybody on this machine; connecting, and each read and write on
 * it, takes at most `timeout_s`. The caller closes it. Errors: ERR_UNAVAILABLE with the reason. */
err listen_dial(struct ctx *ctx, const char *address, int port, int timeout_s, int *out_fd);

/* Connections are refused once every process that holds the sockets has closed them. */
void listen_close(const int *fds, int count);

#endif
