/* auth/auth.h - sign-in with Clerk session tokens, verified locally.
 * Owns:   the key set, a bounded cache of verified tokens, a short-lived cache of principals, per worker.
 * Waits:  auth_authenticate, only when a key has to be fetched or the user row has to be looked up.
 * Errors: ERR_UNAUTHENTICATED "Invalid or expired token"; ERR_UNAVAILABLE AUTH_UNAVAILABLE when keys cannot be
 *         had (never 401 then); what the user lookup returns. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"
#include "core/err.h"
#include "core/field.h"

struct auth;
struct cache;
struct client;
struct ctx;
struct loop;

struct auth_config {
    const char *clerk_secret_key;      /* secret: sk_test_ / sk_live_ */
    const char *clerk_publishable_key; /* pk_test_ / pk_live_ + base64("<host>$") */
    const char *clerk_webhook_secret;  /* secret: whsec_ + base64; "" = webhook route answers 503 */
    const char *clerk_jwt_key;  /* PEM (with or without BEGIN/END lines); "" = key set by network */
    const char *clerk_jwks_url; /* "" = derived from the publishable key */
    const char *clerk_api_url;
    struct strs admin_emails; /* first admins, by verified e-mail */
    struct strs admin_clerk_ids;
};
extern const struct field auth_config_fields[];
extern const int auth_config_count;

/* What a verified token says. Text is valid until the next wait unless copied. */
struct auth_claims {
    const char *subject; /* clerk_user_id */
    const char *session_id;
    const char *email; /* custom claim; NULL in Clerk's default token */
    bool email_verified;
    const char *name;     /* custom claim or NULL */
    int64_t expires_at_s; /* wall clock, seconds */
};

/* Database facts come from outside (svc wires users/): finds or creates the user of these claims. */
struct auth_user {
    struct principal principal;
    bool email_known;
};
struct auth_users {
    err (*sign_in)(struct ctx *ctx, void *arg, const struct auth_claims *claims, bool make_admin,
        struct auth_user *out); /* ERR_UNAUTHENTICATED if suspended or deleted */
    void *arg;
};

struct auth_options {
    const struct auth_config *config; /* borrowed */
    struct strs authorized_parties;   /* FRONTEND_URL list: allowed `azp` */
    struct auth_users users;
    struct client *client; /* for the key set and Clerk's user API; borrowed */
    struct cache *cache;   /* shares the key set between workers; may be NULL */
};

struct auth *auth_open(struct loop *loop, const struct auth_options *options);
void auth_close(struct auth *auth);

/* authorization = value of the header, NULL when absent -> guest. */
err auth_authenticate(struct ctx *ctx, struct auth *auth, const char *authorization,
    struct principal *out);

/* After a change of role or status: this worker sees it at once, others within LIMIT_PRINCIPAL_CACHE_MS. */
void auth_forget(struct auth *auth, int64_t user_id);

/* For /ready and metrics. With CLERK_JWT_KEY always ok. */
struct auth_state {
    bool keys_ok;
    int64_t keys_age_s; /* since the last successful fetch */
    int64_t since_us;
    uint64_t tokens_verified, token_cache_hits, tokens_refused;
};
struct auth_state auth_state(const struct auth *auth);

/* Settings checks for the loader: NULL = fine, else what is wrong (constant or arena text). */
const char *auth_publishable_key_problem(const char *key);
/* Frontend API host of a valid publishable key, in the arena. */
const char *auth_publishable_key_host(struct ctx *ctx, const char *key);

#endif
