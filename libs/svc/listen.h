/* svc/listen.h - listening sockets: one a worker, all on the same address, so that the kernel spreads
 * connections without waking everybody. The master keeps them open over restarts of workers. */
#ifndef SVC_LISTEN_H
#define SVC_LISTEN_H

#include "core/err.h"

struct ctx;

/* Non-blocking, close-on-exec. Errors: ERR_UNAVAILABLE with the reason (address in use, not ours). */
err listen_open(struct ctx *ctx, const char *address, int port, int *out_fd);

#endif
