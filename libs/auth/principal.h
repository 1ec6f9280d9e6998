/* auth/principal.h - who makes the request. Plain data. */
#ifndef AUTH_PRINCIPAL_H
#define AUTH_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

/* Nested: admin includes agent includes user. ROLE_GUEST = nobody signed in. */
enum role { ROLE_GUEST = 0, ROLE_USER, ROLE_AGENT, ROLE_ADMIN };

struct principal {
    enum role role;
    int64_t user_id; /* 0 for guests */
};

const char *role_name(enum role role);             /* "guest", "user", ... */
bool role_parse(const char *name, enum role *out); /* user, agent, admin */
static inline bool role_includes(enum role have, enum role want)
{
    return have >= want;
}

#endif
