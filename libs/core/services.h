/* core/services.h - the worker-wide objects that handlers and tools reach, as data. Built by svc after the
 * fork, borrowed by everybody else for the life of the worker. */
#ifndef CORE_SERVICES_H
#define CORE_SERVICES_H

struct auth;
struct cache;
struct client;
struct db;
struct product_settings; /* core/settings.h */

struct services {
    struct db *db;         /* fast lane; db_tx gives transactions */
    struct cache *cache;   /* Redis; every use works without it */
    struct client *client; /* outbound HTTP */
    struct auth *auth;
    const struct product_settings *settings; /* what the product's settings say to handlers */
};

#endif
