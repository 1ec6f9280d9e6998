#include "db/url.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"

/* "" is a URL whose scheme we do not know. */
static const char *strip_driver(struct arena *arena, const char *url)
{
    static const char asyncpg[] = "postgresql+asyncpg://";
    if (strncmp(url, asyncpg, sizeof(asyncpg) - 1) == 0) {
        return arena_printf(arena, "postgresql://%s", url + sizeof(asyncpg) - 1);
    }
    const bool known =
        strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0;
    return known ? url : "";
}

/* NULL if libpq cannot read it; otherwise free with PQconninfoFree. */
static PQconninfoOption *parse(struct arena *arena, const char *url)
{
    const char *plain = url == NULL ? "" : strip_driver(arena, url);
    return *plain == '\0' ? NULL : PQconninfoParse(plain, NULL);
}

bool db_url_is_valid(const char *url)
{
    struct arena *scratch = arena_new(NULL);
    PQconninfoOption *options = parse(scratch, url);
    const bool valid = options != NULL;
    PQconninfoFree(options);
    arena_free(scratch);
    return valid;
}

static const char *value_of(const PQconninfoOption *options, const char *keyword, const char *dflt)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, keyword) == 0 && option->val != NULL) {
            return option->val;
        }
    }
    return dflt;
}

const char *db_url_redacted(struct arena *arena, const char *url)
{
    PQconninfoOption *options = parse(arena, url);
    if (options == NULL) {
        return "(not a Postgres URL)";
    }
    const char *text = arena_printf(arena, "%s%s@%s:%s/%s", value_of(options, "user", ""),
        value_of(options, "password", NULL) == NULL ? "" : ":***",
        value_of(options, "host", "localhost"), value_of(options, "port", "5432"),
        value_of(options, "dbname", ""));
    PQconninfoFree(options);
    return text;
}

/* Appends "&name=value", quoted for a URL. */
static const char *with_option(struct arena *arena, const char *url, const char *name,
    const char *value)
{
    char *quoted = arena_alloc(arena, 3 * strlen(value) + 1);
    char *out = quoted;
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        out += snprintf(out, 4, "%%%02X", *c);
    }
    return arena_printf(arena, "%s&%s=%s", url, name, quoted);
}

const char *db_url_as_role_of(struct arena *arena, const char *database_url, const char *role_url)
{
    PQconninfoOption *database = parse(arena, database_url);
    PQconninfoOption *role = parse(arena, role_url);
    const char *url = "";
    if (database != NULL && role != NULL) {
        url = "postgresql:///?application_name=selftest";
        for (const PQconninfoOption *one = database; one->keyword != NULL; one++) {
            if (one->val != NULL && strcmp(one->keyword, "user") != 0 &&
                strcmp(one->keyword, "password") != 0) {
                url = with_option(arena, url, one->keyword, one->val);
            }
        }
        url = with_option(arena, url, "user", value_of(role, "user", ""));
        url = with_option(arena, url, "password", value_of(role, "password", ""));
    }
    PQconninfoFree(database);
    PQconninfoFree(role);
    return url;
}

#define PARAMS_MAX 64

struct params {
    const char *keywords[PARAMS_MAX];
    const char *values[PARAMS_MAX];
    size_t count;
};

static void add(struct params *params, const char *keyword, const char *value)
{
    if (params->count < PARAMS_MAX - 1) {
        params->keywords[params->count] = keyword;
        params->values[params->count++] = value;
    }
}

/* Of several hosts libpq tries one after the other, and looks them up itself. */
static bool needs_lookup(const PQconninfoOption *options)
{
    unsigned char address[sizeof(struct in6_addr)];
    const char *host = value_of(options, "host", "");
    return *host != '\0' && strpbrk(host, "/,@") == NULL &&
           *value_of(options, "hostaddr", "") == '\0' && inet_pton(AF_INET, host, address) != 1 &&
           inet_pton(AF_INET6, host, address) != 1;
}

bool db_url_params(struct arena *arena, const char *url, const char *application_name,
    const char *session, struct db_params *out)
{
    PQconninfoOption *options = parse(arena, url);
    if (options == NULL) {
        return false;
    }
    struct params *params = ARENA_NEW(arena, struct params);
    /* A silent network: noticed by the kernel too, not only by our deadlines. The URL may say otherwise. */
    add(params, "keepalives_idle", "30");
    add(params, "keepalives_interval", "10");
    add(params, "keepalives_count", "3");
    add(params, "tcp_user_timeout", "10000");
    add(params, "gssencmode", "disable"); /* would look for credential files on the loop */
    add(params, "connect_timeout", "5");  /* where we connect blocking; the lanes have their own */
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val != NULL) {
            add(params, arena_strdup(arena, option->keyword), arena_strdup(arena, option->val));
        }
    }
    /* Of two values for a keyword libpq takes the later one: these are ours to decide. */
    add(params, "client_encoding", "UTF8");
    add(params, "application_name", application_name);
    const char *asked = value_of(options, "options", "");
    /* No space at an end: PgBouncer takes it for an option. */
    add(params, "options",
        arena_printf(arena, "%s%s%s", asked, *asked == '\0' ? "" : " ", session));
    *out = (struct db_params){.keywords = params->keywords,
        .values = params->values,
        .host = needs_lookup(options) ? arena_strdup(arena, value_of(options, "host", "")) : NULL,
        .host_row = params->count};
    add(params, "host", ""); /* libpq skips empty values */
    add(params, "hostaddr", "");
    PQconninfoFree(options);
    return true;
}
