/* svc/master.h - the process that holds the listening sockets and the workers, and no request.
 * Owns: sockets, shared pages, worker processes. */
#ifndef SVC_MASTER_H
#define SVC_MASTER_H

#include "config/config.h"

struct arena;
struct log;
struct product;
struct settings;

struct master_options {
    const struct product *product;
    const struct settings *settings;
    const struct config_source *source; /* read again by SIGHUP */
    struct log *log;
};

/* Serves until SIGTERM or SIGINT; returns the exit code of the process. */
int master_run(const struct master_options *options);

#endif
