/* api/system.c - what operators and front ends ask before anything else. */
#include <string.h>

#include "api/api.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"
#include "http/server.h"

struct root_out {
    const char *app, *product_id, *version;
};
static const struct field root_out_fields[] = {
    FIELD_STR(struct root_out, app, "Name of the product"),
    FIELD_STR(struct root_out, product_id, "Id of the product"),
    FIELD_STR(struct root_out, version, "Version of the API"),
};

static err root(struct call *call)
{
    const struct product_settings *settings = call->services->settings;
    struct root_out *out = call->out;
    out->app = settings->app_name;
    out->product_id = settings->product_id;
    out->version = settings->version;
    return OK;
}

struct health_out {
    const char *status, *product, *version;
    int64_t uptime_s;
};
static const struct field health_out_fields[] = {
    FIELD_STR(struct health_out, status, "Always ok"),
    FIELD_STR(struct health_out, product, "Id of the product"),
    FIELD_STR(struct health_out, version, "Version of the API"),
    FIELD_I64(struct health_out, uptime_s, "Seconds since the settings were loaded"),
};

static err health(struct call *call)
{
    const struct product_settings *settings = call->services->settings;
    struct health_out *out = call->out;
    out->status = "ok";
    out->product = settings->product_id;
    out->version = settings->version;
    out->uptime_s = (clock_wall_us(call->ctx->clock) - settings->started_us) / 1000000;
    return OK;
}

struct ready_check {
    bool ok;
    double ms;
    int64_t since;
};
static const struct field ready_check_fields[] = {
    FIELD_BOOL(struct ready_check, ok, "In order"),
    FIELD_F64(struct ready_check, ms, "Duration of the last answered call"),
    FIELD_TIME(struct ready_check, since, "Last change"),
};
struct ready_out {
    const char *status;
    const char *checks;
};
static const char *const ready_choices[] = {"ready", "degraded", "not_ready", NULL};
static const struct field ready_out_fields[] = {
    FIELD_ENUM(struct ready_out, status, "Only database and migrations can make it not_ready",
        .choices = ready_choices),
    FIELD_JSON(struct ready_out, checks, "One member a part: {ok, ms, since}"),
};

#define CHECKS_MAX_BYTES 4096

static err ready(struct call *call)
{
    struct ready_out *out = call->out;
    struct buf checks;
    buf_init(&checks, call->ctx->arena, 512, CHECKS_MAX_BYTES);
    out->status = "ready";
    for (const struct health_check *check = call->services->health; check->name != NULL; check++) {
        const struct health state = check->state(check->arg);
        const struct ready_check row = {state.ok, state.ms, state.since_us};
        buf_char(&checks, checks.len == 0 ? '{' : ',');
        json_write_string(&checks, check->name, strlen(check->name));
        buf_char(&checks, ':');
        field_encode(&checks, SHAPE(ready_check), &row);
        if (!state.ok && check->required) {
            out->status = "not_ready";
            call->status = 503;
        } else if (!state.ok && call->status != 503) {
            out->status = "degraded";
        }
    }
    buf_char(&checks, '}');
    size_t len = 0;
    return buf_finish(call->ctx, &checks, &out->checks, &len);
}

#define METRICS_MAX_BYTES 1048576

static err metrics(struct call *call)
{
    struct buf buf;
    buf_init(&buf, call->ctx->arena, 16384, METRICS_MAX_BYTES);
    http_server_metrics(call->server, &buf);
    call->raw_type = "text/plain; version=0.0.4; charset=utf-8";
    return buf_finish(call->ctx, &buf, &call->raw, &call->raw_len);
}

struct config_features {
    bool chat, faq, search, bookings, investment;
};
static const struct field config_features_fields[] = {
    FIELD_BOOL(struct config_features, chat, "Chat is on"),
    FIELD_BOOL(struct config_features, faq, "FAQ is on"),
    FIELD_BOOL(struct config_features, search, "Search is on"),
    FIELD_BOOL(struct config_features, bookings, "Bookings are on"),
    FIELD_BOOL(struct config_features, investment, "The investment calculator is on"),
};
struct config_chat {
    struct strs suggestions;
    int64_t max_message_chars;
    const char *disclaimer;
};
static const struct field config_chat_fields[] = {
    FIELD_STRS(struct config_chat, suggestions, "Questions to start with"),
    FIELD_I64(struct config_chat, max_message_chars, "Longest message"),
    FIELD_STR(struct config_chat, disclaimer, "Shown below the chat"),
};
struct config_colors {
    const char *primary, *accent;
};
static const struct field config_colors_fields[] = {
    FIELD_STR(struct config_colors, primary, "Main colour, #rrggbb"),
    FIELD_STR(struct config_colors, accent, "Second colour, #rrggbb"),
};
struct config_branding {
    const char *logo_url;
    const char *colors;
    const char *support_email;
};
static const struct field config_branding_fields[] = {
    FIELD_STR(struct config_branding, logo_url, "Logo", .nullable = true),
    FIELD_JSON(struct config_branding, colors, "Colours of the brand",
        .shape = SHAPE(config_colors)),
    FIELD_STR(struct config_branding, support_email, "Where people get help"),
};
struct config_out {
    const char *product_id, *app_name, *clerk_publishable_key, *default_locale;
    struct strs locales;
    const char *base_currency;
    struct strs currencies;
    struct config_features features;
    struct config_chat chat;
    struct config_branding branding;
};
static const struct field config_out_fields[] = {
    FIELD_STR(struct config_out, product_id, "Id of the product"),
    FIELD_STR(struct config_out, app_name, "Name of the product"),
    FIELD_STR(struct config_out, clerk_publishable_key, "For Clerk's front-end library"),
    FIELD_STR(struct config_out, default_locale, "Locale of last resort"),
    FIELD_STRS(struct config_out, locales, "Locales of texts"),
    FIELD_STR(struct config_out, base_currency, "Currency of price filters by default"),
    FIELD_STRS(struct config_out, currencies, "Currencies on offer"),
    FIELD_OBJ(struct config_out, features, config_features, "What is switched on",
        .shape = SHAPE(config_features)),
    FIELD_OBJ(struct config_out, chat, config_chat, "What the chat widget needs",
        .shape = SHAPE(config_chat)),
    FIELD_OBJ(struct config_out, branding, config_branding, "How the product looks",
        .shape = SHAPE(config_branding)),
};

#define CHAT_MESSAGE_MAX_CHARS 4000
#define COLORS_MAX_BYTES 256

static err config(struct call *call)
{
    const struct product_settings *settings = call->services->settings;
    const struct config_colors colors = {settings->color_primary, settings->color_accent};
    struct buf buf;
    buf_init(&buf, call->ctx->arena, COLORS_MAX_BYTES, COLORS_MAX_BYTES);
    field_encode(&buf, SHAPE(config_colors), &colors);
    const char *colors_text = NULL;
    size_t len = 0;
    TRY(buf_finish(call->ctx, &buf, &colors_text, &len));
    *(struct config_out *)call->out = (struct config_out){
        .product_id = settings->product_id,
        .app_name = settings->app_name,
        .clerk_publishable_key = settings->clerk_publishable_key,
        .default_locale = settings->default_locale,
        .locales = settings->locales,
        .base_currency = settings->base_currency,
        .currencies = settings->currencies,
        .features = {settings->chat, settings->faq, settings->search, settings->bookings,
            settings->investment},
        .chat = {settings->chat_suggestions, CHAT_MESSAGE_MAX_CHARS, settings->chat_disclaimer},
        .branding = {settings->logo_url, colors_text, settings->support_email},
    };
    return OK;
}

#define SYSTEM_ROW .tag = "System", .auth = AUTH_NONE, .rate = RATE_OFF

const struct http_route system_routes[] = {
    {ROOT_GET("/"), SYSTEM_ROW, .summary = "Which product this is", .out = SHAPE(root_out),
        .run = root},
    {ROOT_GET("/health"), SYSTEM_ROW, .summary = "Alive; touches nothing", .out = SHAPE(health_out),
        .run = health},
    {GET("/health"), SYSTEM_ROW, .summary = "Alive; touches nothing", .out = SHAPE(health_out),
        .run = health},
    {ROOT_GET("/ready"), SYSTEM_ROW, .summary = "Ready to serve, and what is missing",
        .out = SHAPE(ready_out), .errors = {ERR_UNAVAILABLE}, .run = ready},
    {GET("/ready"), SYSTEM_ROW, .summary = "Ready to serve, and what is missing",
        .out = SHAPE(ready_out), .errors = {ERR_UNAVAILABLE}, .run = ready},
    {ROOT_GET("/metrics"), .tag = "System", .auth = AUTH_INTERNAL, .rate = RATE_OFF,
        .summary = "Counters of all workers, as Prometheus text", .run = metrics},
    {GET("/config"), .tag = "System", .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT,
        .summary = "What a front end needs to know about the product",
        .cache_control = "public, max-age=300", .out = SHAPE(config_out), .run = config},
    {0},
};
