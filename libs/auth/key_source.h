/* auth/key_source.h - where the key set comes from: one PEM of the settings, or Clerk's key server.
 * Owns:   the present key set. A set stays in use for 24 h after its last successful fetch.
 * Waits:  key_source_find, only while there is no usable set at all, or for a kid never seen before.
 * Errors: ERR_UNAVAILABLE AUTH_UNAVAILABLE when no key can be had; ERR_UNAUTHENTICATED for an unknown kid. */
#ifndef AUTH_KEY_SOURCE_H
#define AUTH_KEY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/keys.h"

struct cache;
struct client;
struct ctx;
struct key_source;
struct loop;

struct key_source_options {
    const char *pem; /* "" = by network */
    const char *url; /* of the key server */
    struct client *client;
    struct cache *cache; /* shares the set between workers; may be NULL */
};

struct key_source *key_source_open(struct loop *loop, const struct key_source_options *options);
void key_source_close(struct key_source *source);

/* *out is valid until the next wait. */
err key_source_find(struct ctx *ctx, struct key_source *source, const char *kid,
    const struct auth_key **out);
/* A signature did not fit: the key may have changed under its name. True when the set was fetched again and the
 * caller may try once more. Asked for at most once in KEY_SOURCE_REFETCH_S. Waits. */
bool key_source_refetch(struct ctx *ctx, struct key_source *source);

#define KEY_SOURCE_REFETCH_S 60

struct key_source_state {
    bool ok;
    int64_t age_s;
    int64_t since_us;
    uint64_t
        generation; /* counts on when the set is replaced: what was verified before is forgotten */
};
struct key_source_state key_source_state(const struct key_source *source);

#endif
