#include "api/api.h"

#include <stddef.h>

const struct http_route *const api_routes[] = {
    system_routes,
    docs_routes,
    widget_routes,
    users_routes,
    properties_routes,
    property_search_routes,
    stays_routes,
    rates_routes,
    bookings_routes,
    faq_routes,
    faq_admin_routes,
    faq_files_routes,
    faq_gaps_routes,
    chat_routes,
    conversations_routes,
    conversations_admin_routes,
    chat_admin_routes,
    chat_golden_routes,
    chat_spending_routes,
    inquiries_routes,
    investments_routes,
    jobs_routes,
    audit_routes,
    overview_routes,
    webhooks_routes,
    NULL,
};
