#include "auth/principal.h"

#include <string.h>

static const char *const names[] = {"guest", "user", "agent", "admin"};

const char *role_name(enum role role)
{
    return names[role];
}

bool role_parse(const char *name, enum role *out)
{
    for (int role = ROLE_USER; role <= ROLE_ADMIN; role++) {
        if (name != NULL && strcmp(name, names[role]) == 0) {
            *out = (enum role)role;
            return true;
        }
    }
    return false;
}
