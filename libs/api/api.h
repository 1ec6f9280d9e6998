/* api/api.h - the list of route tables, one a resource; each file of libs/api exports one. A product names
 * the list it serves. */
#ifndef API_API_H
#define API_API_H

#include "http/route.h"

extern const struct http_route system_routes[]; /* /, /health, /ready, /metrics, /config */
extern const struct http_route docs_routes[];   /* /openapi.json, /docs, /redoc */
extern const struct http_route widget_routes[]; /* /chat-widget.js, /demo */
extern const struct http_route users_routes[];
extern const struct http_route properties_routes[];
extern const struct http_route property_search_routes[];
extern const struct http_route stays_routes[]; /* availability, quotes, blocks */
extern const struct http_route rates_routes[];
extern const struct http_route bookings_routes[];
extern const struct http_route faq_routes[];
extern const struct http_route chat_routes[]; /* questions, answers */
extern const struct http_route conversations_routes[];
extern const struct http_route conversations_admin_routes[];
extern const struct http_route chat_admin_routes[];
extern const struct http_route chat_golden_routes[];
extern const struct http_route chat_spending_routes[];
extern const struct http_route inquiries_routes[];
extern const struct http_route investments_routes[];
extern const struct http_route jobs_routes[];
extern const struct http_route audit_routes[];
extern const struct http_route overview_routes[];
extern const struct http_route faq_admin_routes[]; /* entries, categories, vectors */
extern const struct http_route faq_files_routes[]; /* import, export */
extern const struct http_route faq_gaps_routes[];
extern const struct http_route webhooks_routes[];

/* All of them, NULL-terminated: what both products serve. */
extern const struct http_route *const api_routes[];

#endif
