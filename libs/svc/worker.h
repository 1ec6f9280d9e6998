/* svc/worker.h - one worker process: loop, connections to everything, HTTP server, until told to drain.
 * Owns: all it opens; nothing but the listening socket and the shared pages existed before the fork. */
#ifndef SVC_WORKER_H
#define SVC_WORKER_H

#include <sys/types.h>

struct metrics_page;
struct product;
struct settings;
struct shared;

struct worker_options {
    const struct product *product;
    const struct settings *settings;
    struct metrics_page *metrics;
    struct shared *shared;
    const int *listen_fds; /* of all workers; only the one of `number` stays open */
    pid_t parent;
    int slot;   /* on the metrics page */
    int number; /* 0.. of this generation, for the log */
};

/* Runs until SIGTERM has drained it. Returns the exit code of the process. */
int worker_run(const struct worker_options *options);

#endif
