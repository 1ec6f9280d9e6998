#include "net/cache_url.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "core/assert.h"
#include "net/cache.h"

#define PORT_DEFAULT 6379
#define PORT_MAX 65535
#define DB_MAX 9999

static const char why_scheme[] = "must begin with redis:// or unix://";
static const char why_tls[] =
    "rediss:// (TLS) is not supported; use a Unix socket or a local tunnel";
static const char why_percent[] = "has a broken % escape";
static const char why_password[] = "has a user name without a password";
static const char why_host[] = "names no host";
static const char why_port[] = "has a port that is not between 1 and 65535";
static const char why_db[] = "has a database number that is not between 0 and 9999";
static const char why_path[] = "has a socket path that is not absolute or too long";
static const char why_query[] = "has a parameter other than db";

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c | ('A' <= c && c <= 'F' ? 0x20 : 0));
    return at == NULL ? -1 : (int)(at - digits);
}

/* %XX to bytes, in place. */
static bool unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        const int high = hex_digit(from[1]);
        const int low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || (high == 0 && low == 0)) {
            return false;
        }
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}

/* Digits only. -1 if it is anything else or above max. */
static int read_number(const char *text, int max)
{
    int value = *text == '\0' ? -1 : 0;
    for (; *text >= '0' && *text <= '9' && value <= max; text++) {
        value = value * 10 + (*text - '0');
    }
    return *text != '\0' || value > max ? -1 : value;
}

/* Cuts text at the first or last `separator` and returns what follows; NULL = there is none. */
static char *cut(char *text, char separator, bool last)
{
    char *at = last ? strrchr(text, separator) : strchr(text, separator);
    if (at == NULL) {
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

static const char *read_login(char *login, struct cache_url *out)
{
    char *password = cut(login, ':', /* last: */ false);
    if (password == NULL) {
        return why_password;
    }
    if (!unescape(login) || !unescape(password)) {
        return why_percent;
    }
    out->user = *login == '\0' ? NULL : login;
    out->password = password;
    return NULL;
}

static const char *read_host(char *host, struct cache_url *out)
{
    char *port = NULL;
    if (*host == '[') { /* [IPv6]:port */
        char *rest = cut(host, ']', /* last: */ false);
        if (rest == NULL || (*rest != '\0' && *rest != ':')) {
            return why_host;
        }
        port = *rest == ':' ? rest + 1 : NULL;
        host++;
    } else {
        port = cut(host, ':', /* last: */ false);
    }
    out->host = host;
    out->port = port == NULL ? PORT_DEFAULT : read_number(port, PORT_MAX);
    return *host == '\0' ? why_host : out->port < 1 ? why_port : NULL;
}

/* [user:password@]host[:port][/db] */
static const char *read_tcp(char *rest, struct cache_url *out)
{
    if (strchr(rest, '?') != NULL || strchr(rest, '#') != NULL) {
        return why_query;
    }
    char *host = cut(rest, '@', /* last: */ true);
    if (host != NULL) {
        const char *why = read_login(rest, out);
        if (why != NULL) {
            return why;
        }
    } else {
        host = rest;
    }
    const char *db = cut(host, '/', /* last: */ false);
    out->db = db == NULL || *db == '\0' ? 0 : read_number(db, DB_MAX);
    return out->db < 0 ? why_db : read_host(host, out);
}

/* /path[?db=N] */
static const char *read_unix(char *rest, struct cache_url *out)
{
    const char *query = cut(rest, '?', /* last: */ false);
    if (query != NULL && strncmp(query, "db=", 3) != 0) {
        return why_query;
    }
    out->db = query == NULL ? 0 : read_number(query + 3, DB_MAX);
    if (out->db < 0) {
        return why_db;
    }
    if (!unescape(rest)) {
        return why_percent;
    }
    out->path = rest;
    const size_t path_max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
    return *rest != '/' || strlen(rest) > path_max ? why_path : NULL;
}

static const char *read_url(char *text, struct cache_url *out)
{
    static const char tcp[] = "redis://";
    static const char local[] = "unix://";
    static const char tls[] = "rediss://";
    if (strncmp(text, tcp, sizeof(tcp) - 1) == 0) {
        return read_tcp(text + sizeof(tcp) - 1, out);
    }
    if (strncmp(text, local, sizeof(local) - 1) == 0) {
        return read_unix(text + sizeof(local) - 1, out);
    }
    return strncmp(text, tls, sizeof(tls) - 1) == 0 ? why_tls : why_scheme;
}

bool cache_url_parse(const char *url, struct cache_url *out, const char **out_why)
{
    struct cache_url parsed = {.text = strdup(url)};
    ASSERT(parsed.text != NULL);
    const char *why = read_url(parsed.text, &parsed);
    if (why != NULL) {
        cache_url_fini(&parsed);
        *out_why = why;
        return false;
    }
    *out = parsed;
    return true;
}

void cache_url_fini(struct cache_url *url)
{
    free(url->text);
    *url = (struct cache_url){0};
}

bool cache_url_is_valid(const char *url, const char **out_why)
{
    struct cache_url parsed;
    if (*url == '\0') {
        return true; /* no Redis */
    }
    if (!cache_url_parse(url, &parsed, out_why)) {
        return false;
    }
    cache_url_fini(&parsed);
    return true;
}
