/* svc/settings.h - all settings of one process, loaded once and never changed: a reload makes new ones.
 * Owns: text, in the arena given. */
#ifndef SVC_SETTINGS_H
#define SVC_SETTINGS_H

#include <stdbool.h>
#include <stdio.h>

#include "auth/auth.h"
#include "chat/config.h"
#include "config/config.h"
#include "core/log.h"
#include "core/settings.h"
#include "db/db.h"
#include "faq/faq.h"
#include "http/server.h"
#include "net/cache.h"
#include "search/embedder.h"

struct arena;
struct ctx;
struct product;

struct app_config {
    const char *app_name;
    const char *product_id;
    const char *log_level;
    int64_t workers; /* 0 = one a core */
    int64_t worker_timeout_seconds;
    int64_t shutdown_grace_seconds;
    bool migrate_on_start;
    bool chat_enabled, faq_enabled, search_enabled, bookings_enabled, investment_enabled,
        docs_enabled;
    int64_t hold_minutes, holds_per_user;
    const char *base_currency;
    struct strs supported_currencies;
    const char *default_locale;
    struct strs supported_locales;
    const char *clerk_dev_private_key; /* signs development tokens; refused in production */
};

enum environment { ENVIRONMENT_DEVELOPMENT, ENVIRONMENT_STAGING, ENVIRONMENT_PRODUCTION };

struct settings {
    enum environment environment;
    struct app_config app;
    struct http_config http;
    struct db_config db;
    struct cache_config cache;
    struct auth_config auth;
    struct search_config search;
    struct faq_config faq;
    struct chat_config chat;         /* what it leaves to other settings is put in */
    struct product_settings product; /* the view of the handlers */
    unsigned features;               /* enum feature bits */
    enum log_level log_level;
    int workers; /* resolved */
};

/* False: report says why, every problem in it. */
bool settings_load(struct arena *arena, const struct product *product,
    const struct config_source *source, struct settings *out, struct config_report *report);
/* The same while `old` is in force: NULL if they cannot take its place; every problem is logged. */
const struct settings *settings_reload(struct ctx *ctx, struct arena *arena,
    const struct product *product, const struct config_source *source, const struct settings *old);
/* What the product itself fixes, without reading anything: enough to describe the API. */
void settings_of_product(struct arena *arena, const struct product *product, struct settings *out);

/* NAME=value lines with secrets hidden, or docs/config.md. */
void settings_print(struct arena *arena, const struct product *product, struct settings *settings,
    FILE *out, bool markdown);

#endif
