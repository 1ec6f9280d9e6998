/* http/cors.h - which origins may read our replies in a browser: exact ones of FRONTEND_URL, nothing else. */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include <stdbool.h>

#include "core/field.h"

#define CORS_ALLOW_HEADERS                                                                         \
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id, "        \
    "X-Session-Id, Last-Event-ID, Accept-Language, traceparent"
#define CORS_EXPOSE_HEADERS                                                                        \
    "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, ETag"
#define CORS_MAX_AGE "600"

/* Compares the bytes; origin may be NULL. */
bool cors_is_allowed(const struct strs *origins, const char *origin);

#endif
