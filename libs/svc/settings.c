#include "svc/settings.h"

#include <string.h>
#include <unistd.h>

#include "auth/token.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "http/route.h"
#include "svc/product.h"
#include "svc/settings_check.h"

static const char *const environment_choices[] = {"development", "staging", "production", NULL};
static const char *const log_level_choices[] = {"debug", "info", "warn", "error", NULL};

struct environment_config {
    const char *environment;
};
static const struct field environment_fields[] = {
    FIELD_ENUM(struct environment_config, environment, "How strict to be",
        .choices = environment_choices, .dflt_text = "development"),
};

#define FLAG(member, doc) FIELD_BOOL(struct app_config, member, doc)

/* Rows whose default is the product's or the environment's get it in product_defaults. */
static const struct field app_fields[] = {
    FIELD_STR(struct app_config, app_name, "Name of the product, title of the docs", .min = 1,
        .max = 80),
    FIELD_STR(struct app_config, product_id, "Fixed by the binary; another value refuses to start"),
    FIELD_ENUM(struct app_config, log_level, "Least important line that is written",
        .choices = log_level_choices, .dflt_text = "info"),
    FIELD_I64(struct app_config, workers, "Worker processes; 0 = one a core", .min = 0, .max = 256),
    FIELD_I64(struct app_config, worker_timeout_seconds,
        "A worker silent for so long is replaced; 0 = never", .min = 0, .max = 3600, .dflt = 10),
    FIELD_I64(struct app_config, shutdown_grace_seconds, "Time for running requests at a stop",
        .min = 0, .max = 600, .dflt = 20),
    FIELD_BOOL(struct app_config, migrate_on_start,
        "Apply pending migrations before serving (default: true in development)"),
    FLAG(chat_enabled, "Chat routes"),
    FLAG(faq_enabled, "FAQ routes"),
    FLAG(search_enabled, "Search and facets"),
    FLAG(bookings_enabled, "Availability, quotes and bookings"),
    FLAG(investment_enabled, "Investment calculator"),
    FLAG(docs_enabled, "/docs, /redoc, /openapi.json and /demo (default: false in production)"),
    FIELD_I64(struct app_config, hold_minutes, "For which a booking is held until it is confirmed",
        .min = 1, .max = 1440, .dflt = 15, .unit = "min"),
    FIELD_I64(struct app_config, holds_per_user, "Bookings that one user may hold at a time",
        .min = 1, .max = 1000, .dflt = 3),
    FIELD_STR(struct app_config, base_currency, "Currency in which prices are compared",
        .check = settings_is_currency, .check_text = "must be an ISO 4217 code like THB",
        .dflt_text = "THB"),
    FIELD_STRS(struct app_config, supported_currencies, "Currencies offered to front ends",
        .check = settings_is_currency, .check_text = "must be ISO 4217 codes like THB,USD",
        .dflt_text = "THB,USD", .min = 1, .max = 32),
    FIELD_STR(struct app_config, default_locale, "Locale of last resort",
        .check = settings_is_locale, .check_text = "must be a locale like en", .dflt_text = "en"),
    FIELD_STRS(struct app_config, supported_locales, "Locales of texts",
        .check = settings_is_locale, .check_text = "must be locales like en,th",
        .dflt_text = "en,th", .min = 1, .max = 32),
    FIELD_SECRET(struct app_config, clerk_dev_private_key,
        "PEM that signs development tokens; refused in production", .check = token_is_private_key,
        .check_text = "must be the PEM of an RSA private key"),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define GROUPS 9
#define ROWS_MAX 32

/* Rows copied so that defaults of the product and the environment can be put in. */
struct groups {
    struct field app[ROWS_MAX], http[ROWS_MAX], cache[ROWS_MAX];
    struct environment_config environment;
    struct config_group list[GROUPS];
};

static void set_default(struct field *rows, size_t count, const char *name, const char *text,
    int64_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            rows[i].dflt_text = text;
            rows[i].dflt = number;
        }
    }
}

static void product_defaults(struct groups *groups, const struct product *product,
    enum environment environment)
{
    const struct {
        const char *name;
        bool on;
    } flags[] = {
        {"chat_enabled", (product->features & FEATURE_CHAT) != 0},
        {"faq_enabled", (product->features & FEATURE_FAQ) != 0},
        {"search_enabled", (product->features & FEATURE_SEARCH) != 0},
        {"bookings_enabled", (product->features & FEATURE_BOOKINGS) != 0},
        {"investment_enabled", (product->features & FEATURE_INVESTMENT) != 0},
        {"docs_enabled", environment != ENVIRONMENT_PRODUCTION},
        {"migrate_on_start", environment == ENVIRONMENT_DEVELOPMENT},
    };
    for (size_t i = 0; i < COUNT(flags); i++) {
        set_default(groups->app, COUNT(app_fields), flags[i].name, NULL, flags[i].on);
    }
    set_default(groups->app, COUNT(app_fields), "app_name", product->app_name, 0);
    set_default(groups->app, COUNT(app_fields), "product_id", product->id, 0);
    set_default(groups->http, (size_t)http_config_count, "frontend_url",
        environment == ENVIRONMENT_DEVELOPMENT ? product->frontend_url : NULL, 0);
    set_default(groups->cache, (size_t)cache_config_count, "redis_url", product->redis_url, 0);
    set_default(groups->cache, (size_t)cache_config_count, "redis_key_prefix",
        product->redis_key_prefix, 0);
}

static struct groups *make_groups(struct arena *arena, const struct product *product,
    struct settings *settings)
{
    struct groups *groups = ARENA_NEW(arena, struct groups);
    memcpy(groups->app, app_fields, sizeof(app_fields));
    memcpy(groups->http, http_config_fields, (size_t)http_config_count * sizeof(struct field));
    memcpy(groups->cache, cache_config_fields, (size_t)cache_config_count * sizeof(struct field));
    product_defaults(groups, product, settings->environment);
    const struct config_group list[GROUPS] = {
        {"Process", environment_fields, COUNT(environment_fields), &groups->environment},
        {"Product", groups->app, COUNT(app_fields), &settings->app},
        {"HTTP", groups->http, (size_t)http_config_count, &settings->http},
        {"Database", db_config_fields, (size_t)db_config_count, &settings->db},
        {"Redis", groups->cache, (size_t)cache_config_count, &settings->cache},
        {"Sign-in", auth_config_fields, (size_t)auth_config_count, &settings->auth},
        {"Search", search_config_fields, (size_t)search_config_count, &settings->search},
        {"FAQ", faq_config_fields, (size_t)faq_config_count, &settings->faq},
        {"Chat", chat_config_fields, (size_t)chat_config_count, &settings->chat},
    };
    memcpy(groups->list, list, sizeof(list));
    return groups;
}

static enum environment environment_of(const char *name)
{
    for (int i = 0; environment_choices[i] != NULL; i++) {
        if (name != NULL && strcmp(name, environment_choices[i]) == 0) {
            return (enum environment)i;
        }
    }
    return ENVIRONMENT_DEVELOPMENT;
}

/* The environment comes first: it decides the defaults of other rows. Problems are reported by the full load. */
static enum environment read_environment(struct arena *arena, const struct config_source *source)
{
    struct environment_config config = {0};
    const struct config_group group = {
        "Process", environment_fields, COUNT(environment_fields), &config};
    struct config_report *ignored = ARENA_NEW(arena, struct config_report);
    config_load(arena, source, &group, 1, ignored);
    return environment_of(config.environment);
}

static struct strs chat_suggestions(struct arena *arena, const struct product *product)
{
    struct strs out = {0};
    while (product->chat_suggestions != NULL && product->chat_suggestions[out.count] != NULL) {
        out.count++;
    }
    out.items = ARENA_ARRAY(arena, const char *, (size_t)out.count);
    for (int64_t i = 0; i < out.count; i++) {
        out.items[i] = product->chat_suggestions[i];
    }
    return out;
}

static const char *first_of(const struct strs *list)
{
    return list->count > 0 ? list->items[0] : "";
}

static const char *first_set(const char *text, const char *otherwise)
{
    return text != NULL && *text != '\0' ? text : otherwise;
}

static void derive_chat(struct settings *settings)
{
    struct chat_config *chat = &settings->chat;
    chat->llm_api_key = first_set(chat->llm_api_key, settings->search.openai_api_key);
    chat->chat_model = first_set(chat->chat_model, "");
    chat->chat_model_search = first_set(chat->chat_model_search, chat->chat_model);
    chat->chat_model_fallback = first_set(chat->chat_model_fallback, "");
}

/* What follows from the loaded rows. */
static void derive(struct arena *arena, const struct product *product, struct settings *settings)
{
    const struct app_config *app = &settings->app;
    settings->features = (app->chat_enabled ? FEATURE_CHAT : 0U) |
                         (app->faq_enabled ? FEATURE_FAQ : 0U) |
                         (app->search_enabled ? FEATURE_SEARCH : 0U) |
                         (app->bookings_enabled ? FEATURE_BOOKINGS : 0U) |
                         (app->investment_enabled ? FEATURE_INVESTMENT : 0U) |
                         (app->docs_enabled ? FEATURE_DOCS : 0U);
    for (int i = 0; log_level_choices[i] != NULL; i++) {
        if (app->log_level != NULL && strcmp(app->log_level, log_level_choices[i]) == 0) {
            settings->log_level = (enum log_level)i;
        }
    }
    derive_chat(settings);
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    settings->workers = app->workers > 0 ? (int)app->workers : (int)(cores > 0 ? cores : 1);
    settings->product = (struct product_settings){
        .product_id = product->id,
        .app_name = app->app_name,
        .version = product->version,
        .clerk_publishable_key = settings->auth.clerk_publishable_key,
        .clerk_webhook_secret = settings->auth.clerk_webhook_secret,
        .default_locale = app->default_locale,
        .locales = app->supported_locales,
        .base_currency = app->base_currency,
        .currencies = app->supported_currencies,
        .chat = app->chat_enabled,
        .faq = app->faq_enabled,
        .search = app->search_enabled,
        .bookings = app->bookings_enabled,
        .investment = app->investment_enabled,
        .hold_minutes = app->hold_minutes,
        .holds_per_user = app->holds_per_user,
        .site_url = first_of(&settings->http.frontend_url),
        .logo_url = product->logo_url,
        .support_email = product->support_email,
        .color_primary = product->color_primary,
        .color_accent = product->color_accent,
        .chat_disclaimer = product->chat_disclaimer,
        .chat_suggestions = chat_suggestions(arena, product),
        .started_us = clock_wall_us(&clock_system),
    };
}

bool settings_load(struct arena *arena, const struct product *product,
    const struct config_source *source, struct settings *out, struct config_report *report)
{
    out->environment = read_environment(arena, source);
    struct groups *groups = make_groups(arena, product, out);
    config_load(arena, source, groups->list, GROUPS, report);
    settings_check(arena, product, out, report);
    derive(arena, product, out);
    return report->problem_count == 0;
}

const struct settings *settings_reload(struct ctx *ctx, struct arena *arena,
    const struct product *product, const struct config_source *source, const struct settings *old)
{
    struct settings *settings = ARENA_NEW(arena, struct settings);
    struct config_report *report = ARENA_NEW(arena, struct config_report);
    if (settings_load(arena, product, source, settings, report) &&
        (settings->workers != old->workers || settings->http.port != old->http.port ||
            strcmp(settings->http.bind_addr, old->http.bind_addr) != 0)) {
        config_problem(arena, report, "PORT, BIND_ADDR, WORKERS",
            "cannot change by a reload; restart for that");
    }
    for (int i = 0; i < report->problem_count; i++) {
        log_error(ctx, "config.problem_found", LOG_STR("problem", report->problems[i]));
    }
    return report->problem_count == 0 ? settings : NULL;
}

void settings_of_product(struct arena *arena, const struct product *product, struct settings *out)
{
    struct groups *groups = make_groups(arena, product, out);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 0);
    for (size_t g = 0; g < GROUPS; g++) {
        const struct shape shape = {
            .fields = groups->list[g].fields, .count = groups->list[g].count};
        field_set_defaults(&ctx, &shape, groups->list[g].out);
    }
    derive(arena, product, out);
}

void settings_print(struct arena *arena, const struct product *product, struct settings *settings,
    FILE *out, bool markdown)
{
    struct groups *groups = make_groups(arena, product, settings);
    groups->environment.environment = environment_choices[settings->environment];
    if (markdown) {
        config_print_markdown(out, groups->list, GROUPS);
    } else {
        config_print(out, groups->list, GROUPS);
    }
}
