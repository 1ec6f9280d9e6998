/* auth/clerk.h - inside this library: Clerk's API for what a token does not tell.
 * Waits:  clerk_read_person, at most two seconds.
 * Errors: those of net/client.h, ERR_UPSTREAM. */
#ifndef AUTH_CLERK_H
#define AUTH_CLERK_H

#include <stdbool.h>

#include "core/err.h"

struct auth_claims;
struct auth_config;
struct client;
struct ctx;

bool clerk_can_be_asked(const struct auth_config *config);
/* Fills e-mail (with whether it is verified) and name of the claims' subject. */
err clerk_read_person(struct ctx *ctx, struct client *client, const struct auth_config *config,
    struct auth_claims *claims);

#endif
