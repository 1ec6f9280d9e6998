/* auth/keys.h - the public keys that session tokens are verified with: parsed once, kept as EVP_PKEY.
 * Owns:   the keys of a set. Pure: never waits; who fetches is auth/key_source.h.
 * Errors: a key that is weak, of another kind or malformed is ignored; an unreadable set is ERR_UPSTREAM. */
#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include <stddef.h>

#include "core/err.h"
#include "core/limits.h"

struct ctx;
struct evp_pkey_ctx_st;

struct auth_key {
    char kid[65];                   /* "" fits every token (a single key from CLERK_JWT_KEY) */
    struct evp_pkey_ctx_st *verify; /* RS256: making it costs a quarter of a check */
};
struct auth_key_set {
    struct auth_key keys[LIMIT_JWKS_KEYS];
    size_t count;
};

/* RSA, 2048 to 4096 bits, RS256. On success *out owns its keys; at least one is in it. */
err keys_parse_jwks(struct ctx *ctx, const char *text, size_t len, struct auth_key_set *out);
/* PEM with or without its BEGIN and END lines, newlines also written as \n. */
err keys_parse_pem(struct ctx *ctx, const char *text, struct auth_key_set *out);
void keys_free(struct auth_key_set *set);

/* NULL if none fits. */
const struct auth_key *keys_find(const struct auth_key_set *set, const char *kid);

#endif
