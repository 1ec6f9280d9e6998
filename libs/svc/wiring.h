/* svc/wiring.h - the services of one process, built from settings: what a worker and the sub-commands share.
 * Owns: everything in struct wiring; wiring_close releases it in the right order. */
#ifndef SVC_WIRING_H
#define SVC_WIRING_H

#include <stdint.h>

#include "auth/auth.h"
#include "core/services.h"
#include "db/db.h"
#include "http/server.h"
#include "svc/idempotency.h"

struct jobs;
struct ledger;
struct log;
struct loop;
struct metrics_page;
struct product;
struct settings;
struct shared;

struct wiring {
    const struct settings *settings; /* borrowed */
    struct shared *shared;           /* borrowed; NULL outside a worker */
    struct loop *loop;               /* borrowed */
    struct services services;
    struct ledger *ledger; /* of calls for vectors */
    struct jobs *jobs;     /* NULL until wiring_run_jobs */
    struct idempotency idempotency;
    struct health_check health[7];
};

/* Never waits: connections come up in the background. */
void wiring_open(struct wiring *wiring, struct loop *loop, const struct settings *settings,
    struct shared *shared, struct log *log);
/* From now on this process answers questions. */
void wiring_open_chat(struct wiring *wiring, const struct product *product, struct log *log);
/* From now on this process runs jobs, as soon as the schema fits. */
void wiring_run_jobs(struct wiring *wiring, struct log *log);
void wiring_close(struct wiring *wiring);

/* Of cursors and quote tokens. The same in all workers and instances of a product, different between products; never
 * leaves the process. */
void wiring_signing_key(const struct settings *settings, uint8_t out[32]);

/* Options of the HTTP server of this product; wiring may be NULL to describe the API only. */
struct http_options wiring_http(const struct product *product, const struct settings *settings,
    struct wiring *wiring);

/* Copies the state of all parts to the gauges of a slot. */
void wiring_publish(const struct wiring *wiring, struct metrics_page *page, int slot,
    struct log *log);

#endif
