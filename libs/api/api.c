#include "api/api.h"

#include <stddef.h>

const struct http_route *const api_routes[] = {
    system_routes,
    docs_routes,
    users_routes,
    properties_routes,
    faq_routes,
    jobs_routes,
    webhooks_routes,
    NULL,
};
