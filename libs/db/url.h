/* db/url.h - the database URL: which schemes are taken, how it is shown, what libpq gets of it. */
#ifndef DB_URL_H
#define DB_URL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* postgres://, postgresql://, and postgresql+asyncpg:// (the driver is dropped) that libpq can read. */
bool db_url_is_valid(const char *url);

/* "user:***@host:5432/name", for people. In the arena. */
const char *db_url_redacted(struct arena *arena, const char *url);

/* The database of one URL, with the user and password of another: to see whether that role gets in. Holds the password.
 * "" if one of them is not valid. In the arena. */
const char *db_url_as_role_of(struct arena *arena, const char *database_url, const char *role_url);

/* Connection parameters for PQconnectStartParams: both arrays end with NULL. */
struct db_params {
    const char *const *keywords; /* arena */
    const char **values;         /* arena */
    const char *host; /* a name that has to be looked up; NULL = none (socket, address, list) */
    size_t host_row;  /* rows "host" and, next to it, "hostaddr": "" until it was looked up */
};
/* Parameters of the URL plus what every session of ours has; `session` is a list of "-c name=value" settings.
 * false: the URL is not valid. */
bool db_url_params(struct arena *arena, const char *url, const char *application_name,
    const char *session, struct db_params *out);

#endif
