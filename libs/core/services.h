/* core/services.h - the worker-wide objects that handlers and tools reach, as data. Built by svc after the
 * fork, borrowed by everybody else for the life of the worker. */
#ifndef CORE_SERVICES_H
#define CORE_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

struct auth;
struct cache;
struct chat;
struct client;
struct db;
struct embedder;
struct faq;
struct finder;
struct product_settings; /* core/settings.h */

/* Last known state of a part we depend on, for /ready; asking never waits. */
struct health {
    bool ok;
    double ms;        /* duration of the last answered call */
    int64_t since_us; /* wall clock of the last change */
};
struct health_check {
    const char *name; /* "database" */
    bool required;    /* without it the product is not ready; otherwise degraded */
    struct health (*state)(const void *arg);
    const void *arg;
};

struct services {
    struct db *db;         /* fast lane; db_tx gives transactions */
    struct db *reads;      /* for guests, may be seconds old: the replica; db where there is none */
    struct cache *cache;   /* Redis; every use works without it */
    struct client *client; /* outbound HTTP */
    struct auth *auth;
    struct embedder *embedder;         /* texts to vectors */
    struct faq *faq;                   /* search in the FAQ, and the freshness of its replies */
    struct finder *finder;             /* search in the listings */
    struct chat *chat;                 /* answers on their way */
    const struct health_check *health; /* ends with a row without a name */
    const struct product_settings *settings; /* what the product's settings say to handlers */
};

#endif
