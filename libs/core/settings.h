/* core/settings.h - what the product's settings say to handlers: a read-only view that svc fills once. */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;

struct product_settings {
    const char *product_id;
    const char *app_name;
    const char *version;
    const char *clerk_publishable_key;
    const char *clerk_webhook_secret; /* secret; "" = the webhook route answers 503 */
    const char *default_locale;
    struct strs locales;
    const char *base_currency;
    struct strs currencies;
    bool chat, faq, search, bookings, investment;
    int64_t hold_minutes;   /* for which a booking is kept until it is confirmed */
    int64_t holds_per_user; /* at a time */
    const char *site_url;   /* of the front end, without a slash at its end; "" = none */
    const char *logo_url, *support_email, *color_primary, *color_accent;
    const char *chat_disclaimer;
    struct strs chat_suggestions;
    int64_t started_us; /* wall clock */
};

/* Locales and currencies are among those of the product. */
bool settings_has(const struct strs *list, const char *value);
/* NULL is fine. ERR_INVALID about the field when the product does not offer the value. */
err settings_one_of(struct ctx *ctx, const char *field, const char *value, const struct strs *list);

#endif
