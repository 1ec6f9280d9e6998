/* Bestays: vacation rentals. */
#include "svc/product.h"

#include <stddef.h>

#include "api/api.h"
#include "bestays-api/migrations.h"
#include "bestays-api/prompts.h"
#include "tools/tools.h"

extern const struct product product;

static const char *const suggestions[] = {
    "What is the cancellation policy?",
    "Which villas in Phuket have a pool?",
    "How do I book a property?",
    NULL,
};

static const struct chat_tool *const tools[] = {&tool_faq_rag, &tool_property_search,
    &tool_investment_calculator, &tool_booking_calendar, NULL};

const struct product product = {
    .id = "bestays",
    .app_name = "Bestays",
    .description = "API for Bestays vacation rental platform",
    .version = "1.0.0",
    .frontend_url = "http://localhost:5273",
    .redis_url = "redis://localhost:6379/0",
    .redis_key_prefix = "bestays:",
    .features = FEATURE_CHAT | FEATURE_FAQ | FEATURE_SEARCH | FEATURE_BOOKINGS | FEATURE_DOCS,
    .prompts = prompts,
    .routes = api_routes,
    .tools = tools,
    .migrations = migrations,
    .logo_url = "",
    .support_email = "support@bestays.example",
    .color_primary = "#0b6e6e",
    .color_accent = "#f2a541",
    .chat_disclaimer =
        "Answers come from our own listings and FAQ; please confirm details before you book.",
    .chat_suggestions = suggestions,
};
