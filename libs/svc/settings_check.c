#define _GNU_SOURCE /* strcasestr */
#include "svc/settings_check.h"

#include <inttypes.h>
#include <string.h>

#include "config/config.h"
#include "net/cache.h"
#include "svc/product.h"
#include "svc/settings.h"

bool settings_is_currency(const char *text)
{
    return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

bool settings_is_locale(const char *text)
{
    const size_t len = strlen(text);
    return len >= 2 && len <= 8 && strspn(text, "abcdefghijklmnopqrstuvwxyz") >= 2 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == len;
}

struct check {
    struct arena *arena;
    struct config_report *report;
};

static bool starts_with(const char *text, const char *prefix)
{
    return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_set(const char *text)
{
    return text != NULL && *text != '\0';
}

/* ":1" to ":65535" without leading zeros, or nothing. Browsers leave the scheme's own port out. */
static bool is_port(const char *text, const char *own)
{
    if (*text == '\0') {
        return true;
    }
    int port = 0;
    const char *at = text + 1;
    for (; *at >= '0' && *at <= '9' && port <= UINT16_MAX; at++) {
        port = port * 10 + (*at - '0');
    }
    return *text == ':' && text[1] != '0' && *at == '\0' && port >= 1 && port <= UINT16_MAX &&
           strcmp(text + 1, own) != 0;
}

/* scheme://host[:port] in lower case, nothing behind it: what a browser sends as Origin. */
static bool is_origin(const char *text)
{
    static const char host_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    const bool tls = starts_with(text, "https://");
    if (!tls && !starts_with(text, "http://")) {
        return false;
    }
    const char *host = strchr(text, '/') + 2;
    const size_t len =
        *host == '[' ? strspn(host, "[]:abcdef0123456789") : strspn(host, host_chars);
    const size_t host_len = *host == '[' ? strcspn(host, "]") + 1 : len;
    return len > 0 && host_len <= len && is_port(host + host_len, tls ? "443" : "80");
}

static void check_frontend(const struct check *check, const struct settings *settings)
{
    const struct strs *urls = &settings->http.frontend_url;
    if (urls->count == 0) {
        config_problem(check->arena, check->report, "FRONTEND_URL",
            "is required; set it to the exact origins of the front end, like https://example.com");
    }
    for (int64_t i = 0; i < urls->count; i++) {
        if (!is_origin(urls->items[i])) { /* it may hold a password: only its place is told */
            config_problem(check->arena, check->report, "FRONTEND_URL",
                "item %" PRId64 " is not an exact origin; write scheme://host[:port] as a browser "
                "sends it: lower case, no path, no user, no default port",
                i + 1);
        }
    }
}

/* Keys of another product are refused here, not only by the rights of a Redis user that somebody may have left out. A whole
 * file of another product has its one line already. */
static void check_redis(const struct check *check, const struct product *product,
    const struct settings *settings)
{
    const char *why = NULL;
    if (is_set(settings->cache.redis_url) && !cache_url_is_valid(settings->cache.redis_url, &why)) {
        config_problem(check->arena, check->report, "REDIS_URL", "%s", why);
    }
    const char *prefix = settings->cache.redis_key_prefix;
    const char *first = config_is_reported(check->report, "PRODUCT_ID") ? "" : product->id;
    if (!is_set(prefix) || !starts_with(prefix, first) || prefix[strlen(prefix) - 1] != ':') {
        config_problem(check->arena, check->report, "REDIS_KEY_PREFIX",
            "must begin with '%s' and end with ':'", product->id);
    }
}

static void check_clerk_keys(const struct check *check, const struct settings *settings)
{
    const struct auth_config *auth = &settings->auth;
    const bool development = settings->environment == ENVIRONMENT_DEVELOPMENT;
    if (is_set(auth->clerk_publishable_key)) {
        const char *problem = auth_publishable_key_problem(auth->clerk_publishable_key);
        if (problem != NULL) {
            config_problem(check->arena, check->report, "CLERK_PUBLISHABLE_KEY", "%s", problem);
        }
    }
    if (!is_set(auth->clerk_secret_key)) {
        const bool has_key =
            is_set(auth->clerk_jwt_key) || config_is_reported(check->report, "CLERK_JWT_KEY");
        if (!development || !has_key) {
            config_problem(check->arena, check->report, "CLERK_SECRET_KEY",
                "is required (only in development it may be left out, with CLERK_JWT_KEY set)");
        }
        return;
    }
    const bool live = starts_with(auth->clerk_secret_key, "sk_live_");
    if (!live && !starts_with(auth->clerk_secret_key, "sk_test_")) {
        config_problem(check->arena, check->report, "CLERK_SECRET_KEY",
            "must start with sk_test_ or sk_live_");
    } else if (!config_is_reported(check->report, "CLERK_PUBLISHABLE_KEY") &&
               live != starts_with(auth->clerk_publishable_key, "pk_live_")) {
        config_problem(check->arena, check->report, "CLERK_SECRET_KEY",
            "and CLERK_PUBLISHABLE_KEY belong to different instances (test and live)");
    }
}

static void check_search(const struct check *check, const struct settings *settings)
{
    const struct search_config *search = &settings->search;
    if (search->embeddings_provider == NULL || strcmp(search->embeddings_provider, "openai") != 0) {
        return;
    }
    if (!is_set(search->openai_api_key)) {
        config_problem(check->arena, check->report, "OPENAI_API_KEY",
            "is required when EMBEDDINGS_PROVIDER is openai; or set that to local");
    }
    const char *url = search->embedding_base_url;
    if (!starts_with(url, "https://") && !starts_with(url, "http://")) {
        config_problem(check->arena, check->report, "EMBEDDING_BASE_URL",
            "must start with https:// (or http:// for a server on this machine)");
    }
    if (search->embedding_model != NULL && embedder_is_local(search->embedding_model)) {
        config_problem(check->arena, check->report, "EMBEDDING_MODEL",
            "'%s' is the name of a local model; set EMBEDDINGS_PROVIDER to local",
            search->embedding_model);
    }
}

static void check_faq(const struct check *check, const struct settings *settings)
{
    if (!(settings->faq.faq_vector_weight + settings->faq.faq_keyword_weight > 0)) {
        config_problem(check->arena, check->report, "FAQ_VECTOR_WEIGHT",
            "and FAQ_KEYWORD_WEIGHT cannot both be 0");
    }
}

static void check_chat(const struct check *check, const struct settings *settings)
{
    const struct chat_config *chat = &settings->chat;
    if (chat->llm_provider == NULL || strcmp(chat->llm_provider, "openai") != 0) {
        return;
    }
    if (!is_set(chat->llm_api_key) && !is_set(settings->search.openai_api_key)) {
        config_problem(check->arena, check->report, "OPENAI_API_KEY",
            "is required when LLM_PROVIDER is openai and LLM_API_KEY is not set; or set "
            "LLM_PROVIDER to local");
    }
    if (!starts_with(chat->llm_base_url, "https://") &&
        !starts_with(chat->llm_base_url, "http://")) {
        config_problem(check->arena, check->report, "LLM_BASE_URL",
            "must start with https:// (or http:// for a server on this machine)");
    }
    if (!is_set(chat->chat_model)) {
        config_problem(check->arena, check->report, "CHAT_MODEL",
            "is required when LLM_PROVIDER is openai: a model that the service has today");
    }
}

static bool looks_like_example(const char *secret)
{
    static const char *const marks[] = {
        "example", "changeme", "change-me", "replace", "your_", "xxxx", NULL};
    for (int i = 0; is_set(secret) && marks[i] != NULL; i++) {
        if (strcasestr(secret, marks[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void check_production(const struct check *check, const struct settings *settings)
{
    const struct auth_config *auth = &settings->auth;
    const struct {
        const char *name, *value;
    } secrets[] = {
        {"CLERK_SECRET_KEY", auth->clerk_secret_key},
        {"CLERK_WEBHOOK_SECRET", auth->clerk_webhook_secret},
        {"METRICS_TOKEN", settings->http.metrics_token},
        {"DATABASE_URL", settings->db.database_url},
        {"DATABASE_READ_URL", settings->db.database_read_url},
        {"OPENAI_API_KEY", settings->search.openai_api_key},
        {"LLM_API_KEY", settings->chat.llm_api_key},
    };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (looks_like_example(secrets[i].value)) {
            config_problem(check->arena, check->report, secrets[i].name,
                "still has its example value");
        }
    }
    if (starts_with(auth->clerk_jwks_url, "http://")) {
        config_problem(check->arena, check->report, "CLERK_JWKS_URL",
            "must be an https:// address outside development");
    }
    if (starts_with(auth->clerk_api_url, "http://")) {
        config_problem(check->arena, check->report, "CLERK_API_URL",
            "must be an https:// address outside development");
    }
    if (!is_set(auth->clerk_webhook_secret)) {
        config_problem(check->arena, check->report, "CLERK_WEBHOOK_SECRET",
            "is required in production; copy it from the webhook endpoint in Clerk's dashboard");
    }
    if (is_set(settings->app.clerk_dev_private_key)) {
        config_problem(check->arena, check->report, "CLERK_DEV_PRIVATE_KEY",
            "must not be set in production");
    }
    if (settings->environment == ENVIRONMENT_PRODUCTION &&
        starts_with(auth->clerk_secret_key, "sk_test_")) {
        config_problem(check->arena, check->report, "CLERK_SECRET_KEY",
            "must be a live key (sk_live_) in production");
    }
}

static void check_app(const struct check *check, const struct product *product,
    const struct settings *settings)
{
    if (settings->app.product_id == NULL || strcmp(settings->app.product_id, product->id) != 0) {
        config_problem(check->arena, check->report, "PRODUCT_ID",
            "this binary serves '%s'; is this the env file of another product?", product->id);
    }
    bool listed = false;
    for (int64_t i = 0; i < settings->app.supported_locales.count; i++) {
        listed = listed || strcmp(settings->app.supported_locales.items[i],
                               settings->app.default_locale) == 0;
    }
    if (!listed) {
        config_problem(check->arena, check->report, "DEFAULT_LOCALE",
            "must be one of SUPPORTED_LOCALES");
    }
}

void settings_check(struct arena *arena, const struct product *product,
    const struct settings *settings, struct config_report *report)
{
    const struct check check = {arena, report};
    check_app(&check, product, settings);
    check_frontend(&check, settings);
    check_redis(&check, product, settings);
    check_clerk_keys(&check, settings);
    check_search(&check, settings);
    check_faq(&check, settings);
    check_chat(&check, settings);
    if (settings->environment != ENVIRONMENT_DEVELOPMENT) {
        check_production(&check, settings);
    }
}
