/* svc/master.h - the process that holds the listening sockets and the workers, and no request.
 * Owns: sockets, shared pages, worker processes. */
#ifndef SVC_MASTER_H
#define SVC_MASTER_H

#include "config/config.h"

struct arena;
struct ctx;
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

/* The settings as they are now, for a new generation of workers; NULL if they cannot take the place of `old`, which is
 * logged. Another database is looked at first, which takes three seconds at most. */
const struct settings *master_reload_settings(struct ctx *ctx, struct arena *arena,
    const struct master_options *options, const struct settings *old);

#endif
