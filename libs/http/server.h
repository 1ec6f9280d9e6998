/* http/server.h - libmicrohttpd as an external epoll daemon in the worker's loop, and the life of a request:
 * guard -> route -> request id -> rate limit -> authenticate -> authorise -> idempotency -> decode -> handler on
 * a fiber -> encode -> log once -> metrics.
 * Owns: connections, requests (arena, fiber, reply), the connection table with its absolute deadlines. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "http/route.h"

struct auth;
struct buf;
struct cache;
struct clock;
struct ctx;
struct http_server;
struct log;
struct loop;
struct metrics_page;
struct services;

struct http_config {
    int64_t port;
    const char *bind_addr;
    const char *api_v1_prefix;
    struct strs frontend_url;  /* exact origins; the first is canonical */
    const char *metrics_token; /* secret; "" = loopback only */
    int64_t trusted_proxy_count;
    int64_t rate_limit_guest_per_minute; /* per address */
    int64_t rate_limit_user_per_minute;
    int64_t rate_limit_admin_per_minute;
    int64_t rate_limit_faq_search_per_minute; /* per address */
    int64_t rate_limit_chat_guest_per_minute; /* questions of a session */
    int64_t rate_limit_chat_guest_per_day;
    int64_t rate_limit_chat_address_per_day; /* questions of all guests of an address */
    int64_t rate_limit_chat_user_per_minute;
    int64_t rate_limit_chat_user_per_day;
    int64_t rate_limit_inquiries_per_hour; /* per address */
    int64_t max_connections;               /* per worker */
};
extern const struct field http_config_fields[];
extern const int http_config_count;

/* Status of a record whose reply was a stream: its body is what the handler kept for a repeat (call.keep). */
#define IDEMPOTENT_STREAM 1

/* Stored replies for Idempotency-Key; database facts, wired by svc. */
struct idempotency_store {
    /* *out_status 0 = ours to run now; > 0 = replay *out_body. ERR_CONFLICT still running, ERR_INVALID reused. */
    err (*begin)(struct ctx *ctx, void *arg, const char *principal, const char *route,
        const char *key, const uint8_t body_hash[32], int *out_status, const char **out_body);
    err (*finish)(struct ctx *ctx, void *arg, const char *principal, const char *route,
        const char *key, int status, const char *body,
        size_t body_len); /* status 0 = forget it, the run failed before a reply */
    void *arg;
};

struct http_options {
    const struct http_config *config; /* borrowed, as all below, for the life of the server */
    http_route_list routes;
    unsigned features; /* enabled enum feature bits */
    const char *product_id;
    const char *app_name; /* title of the docs = app_name + " API" */
    const char *api_description;
    const char *app_version; /* "1.0.0" */
    const char *default_locale;
    const struct strs *locales;
    bool production;         /* HSTS on, Server-Timing off */
    uint8_t signing_key[32]; /* cursors; same in all workers and instances of the product */
    const struct services *services;
    struct idempotency_store idempotency;
    struct log *log;
    const struct clock *clock;
    struct metrics_page *metrics; /* shared page of all workers */
    int64_t connections_max;      /* as many as descriptors allow; at most the configured number */
    int worker;                   /* slot on the page */
    int workers;
};

/* Every problem of the table, one a line, into problems (NULL-terminated list in the arena); 0 = fine. */
int http_routes_check(struct ctx *ctx, http_route_list routes, const char *const **out_problems);

/* Rows of all tables together: the size of a metrics page. */
int http_routes_count(http_route_list routes);

/* listen_fd: bound and listening, non-blocking; borrowed. */
err http_server_open(struct ctx *ctx, struct loop *loop, int listen_fd,
    const struct http_options *options, struct http_server **out);
/* Stops accepting (the caller closes listen_fd), answers what is running, sends Connection: close; done(arg) when no connection is left. */
void http_server_drain(struct http_server *server, void (*done)(void *arg), void *arg);
void http_server_close(struct http_server *server);

const struct http_options *http_server_options(const struct http_server *server);
/* metrics_print of the server's page with the names of its routes. */
void http_server_metrics(const struct http_server *server, struct buf *out);

/* The generated OpenAPI 3.1 document; text in the arena. */
err http_openapi(struct ctx *ctx, const struct http_options *options, const char **out,
    size_t *out_len);

#endif
