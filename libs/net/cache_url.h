/* net/cache_url.h - REDIS_URL taken apart. Only for the files of the cache. */
#ifndef NET_CACHE_URL_H
#define NET_CACHE_URL_H

#include <stdbool.h>

struct cache_url {
    char *text;           /* owned: everything below points into it */
    const char *host;     /* NULL with a Unix socket; an IPv6 address without brackets */
    const char *path;     /* of the Unix socket, or NULL */
    const char *user;     /* NULL = none */
    const char *password; /* NULL = none */
    int port;
    int db;
};

/* false: *out_why says why, without quoting the URL. */
bool cache_url_parse(const char *url, struct cache_url *out, const char **out_why);
void cache_url_fini(struct cache_url *url);

#endif
