/* auth/token.h - one session token: parsed by hand, algorithm pinned to RS256 before any cryptography, verified
 * with a kept key. libjwt parses a second time and is never trusted with verification. Pure: never waits.
 * Errors: ERR_UNAUTHENTICATED for everything a token can get wrong; the reason goes to the log text only. */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct auth_claims;
struct auth_key; /* auth/keys.h */
struct ctx;

struct token_header {
    const char *kid; /* arena; never NULL */
};
struct token_rules {
    const char *issuer;         /* exact */
    const struct strs *parties; /* azp, when the claim is there */
    int64_t now_s;
    int64_t skew_s;
};

/* What may stand in sub: 1 to 64 letters, digits, '_' and '-', and no machine. */
bool token_is_user_id(const char *text);

/* Shape, size, alphabet, alg, kid, crit: everything that is decided before a key is looked for. */
err token_read_header(struct ctx *ctx, const char *token, size_t len, struct token_header *out);
/* Signature, then claims. */
err token_verify(struct ctx *ctx, const char *token, size_t len, const struct auth_key *key,
    const struct token_rules *rules, struct auth_claims *out);

/* Development only: signs a session token with a private key (PEM). Text in the arena. */
struct token_new {
    const char *issuer, *subject, *email, *party, *kid;
    int64_t now_s, lifetime_s;
};
bool token_is_private_key(const char *pem); /* "" = none, is fine */
err token_sign(struct ctx *ctx, const char *private_key_pem, const struct token_new *what,
    const char **out);

#endif
