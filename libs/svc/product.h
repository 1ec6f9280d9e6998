/* svc/product.h - THE product: everything in which two brands differ, as one constant. apps/<product>/product.c
 * defines it, main.c hands it to svc_main. Plain data; lives as long as the process. */
#ifndef SVC_PRODUCT_H
#define SVC_PRODUCT_H

#include "http/route.h"

struct chat_tool;
struct embed;

struct product {
    const char *id;           /* short name: database, Redis prefix and error envelopes carry it */
    const char *app_name;     /* default of APP_NAME */
    const char *description;  /* of the OpenAPI document */
    const char *version;      /* "1.0.0" */
    const char *frontend_url; /* development default of FRONTEND_URL */
    const char *redis_url;    /* default of REDIS_URL */
    const char *redis_key_prefix;
    unsigned features;           /* default enum feature bits */
    const struct embed *prompts; /* the first: what the chat is told, version 1 */
    http_route_list routes;
    const struct chat_tool *const
        *tools;                     /* of the chat, best first; NULL-terminated, NULL = none */
    const struct embed *migrations; /* shared ones and the product's own, in order */

    const char *logo_url; /* branding in /config; "" = none */
    const char *support_email;
    const char *color_primary, *color_accent;
    const char *chat_disclaimer;
    const char *const *chat_suggestions; /* NULL-terminated */
};

#endif
