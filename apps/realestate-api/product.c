/* Best Real Estate: luxury homes, land and investment. */
#include "svc/product.h"

#include <stddef.h>

#include "api/api.h"
#include "realestate-api/migrations.h"
#include "realestate-api/prompts.h"
#include "tools/tools.h"

extern const struct product product;

static const char *const suggestions[] = {
    "How do I evaluate ROI?",
    "Which villas in Phuket are freehold?",
    "What are property taxes in Thailand?",
    NULL,
};

static const struct chat_tool *const tools[] = {&tool_faq_rag, &tool_property_search,
    &tool_investment_calculator, &tool_booking_calendar, NULL};

const struct product product = {
    .id = "realestate",
    .app_name = "Best Real Estate",
    .description =
        "API for Best Real Estate, the platform for luxury homes, land and investment property",
    .version = "1.0.0",
    .frontend_url = "http://localhost:5274",
    .redis_url = "redis://localhost:6379/1",
    .redis_key_prefix = "realestate:",
    .features = FEATURE_CHAT | FEATURE_FAQ | FEATURE_SEARCH | FEATURE_INVESTMENT | FEATURE_DOCS,
    .prompts = prompts,
    .routes = api_routes,
    .tools = tools,
    .migrations = migrations,
    .logo_url = "",
    .support_email = "support@realestate.example",
    .color_primary = "#1f2a44",
    .color_accent = "#b08d57",
    .chat_disclaimer =
        "General information from our own listings and FAQ, not legal or financial advice.",
    .chat_suggestions = suggestions,
};
