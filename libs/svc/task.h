/* svc/task.h - one piece of straight-line work on a fiber of its own loop, with the product's services: how
 * sub-commands use the same domain functions as the server. */
#ifndef SVC_TASK_H
#define SVC_TASK_H

#include "core/err.h"

struct ctx;
struct log;
struct product;
struct services;
struct settings;

/* Runs fn to its end and closes everything. The failure text is logged. Returns what fn returned. */
err task_run(const struct product *product, const struct settings *settings, struct log *log,
    err (*fn)(struct ctx *ctx, const struct services *services, void *arg), void *arg);

#endif
