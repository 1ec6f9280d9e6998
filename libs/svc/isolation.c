#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "auth/keys.h"
#include "auth/token.h"
#include "auth/webhook.h"
#include "bookings/token.h"
#include "config/config.h"
#include "config/env_file.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/services.h"
#include "db/db.h"
#include "db/migrate.h"
#include "db/url.h"
#include "net/cache.h"
#include "svc/commands.h"
#include "svc/product.h"
#include "svc/schema.h"
#include "svc/settings.h"
#include "svc/sql.h"
#include "svc/task.h"
#include "svc/wiring.h"

#define FAILED 1
#define CANARY_BYTES 32
#define CANARY_SECONDS 60
#define REDIS_TRIES 1000 /* questions to the database while the connection to Redis comes up */

struct side {
    const struct product *product;
    const struct settings *settings;
};

/* One direction: what is `from`'s, shown to `to`. */
struct crossing {
    struct ctx *ctx;
    struct log *log;
    struct side from, to;
    char canary[2 * CANARY_BYTES + 1]; /* in hex; the name of a key, and the hash of a session */
    int failures;
};

static void tell(struct crossing *c, bool refused, const char *what)
{
    printf("%s  %s -> %s  %s\n", refused ? "ok  " : "FAIL", c->from.product->id, c->to.product->id,
        what);
    c->failures += !refused;
}

static bool is_set(const char *text)
{
    return text != NULL && *text != '\0';
}

/* ---- what is signed ---- */

static const char *issuer_of(struct ctx *ctx, const struct side *side)
{
    return arena_printf(ctx->arena, "https://%s",
        auth_publishable_key_host(ctx, side->settings->auth.clerk_publishable_key));
}

/* Verified with the keys and rules that the side has in its settings. */
static bool takes_token(struct ctx *ctx, const struct side *side, const char *token)
{
    struct auth_key_set keys = {0};
    const char *pem = side->settings->auth.clerk_jwt_key;
    if (!is_set(pem) || !is_ok(keys_parse_pem(ctx, pem, &keys))) {
        return false;
    }
    const struct token_rules rules = {
        .issuer = issuer_of(ctx, side),
        .parties = &side->settings->http.frontend_url,
        .now_s = clock_wall_us(ctx->clock) / 1000000,
        .skew_s = 5,
    };
    struct auth_claims claims = {0};
    const err verified = token_verify(ctx, token, strlen(token), &keys.keys[0], &rules, &claims);
    keys_free(&keys);
    return is_ok(verified);
}

/* The token itself can be shown only where a key to sign it is: in development. */
static void check_token(struct crossing *c)
{
    struct ctx *ctx = c->ctx;
    tell(c, strcmp(issuer_of(ctx, &c->from), issuer_of(ctx, &c->to)) != 0,
        "issuers of tokens differ");
    const struct settings *from = c->from.settings;
    if (!is_set(from->app.clerk_dev_private_key) || !is_set(from->auth.clerk_jwt_key)) {
        return;
    }
    const struct token_new what = {
        .issuer = issuer_of(ctx, &c->from),
        .subject = "user_selftest",
        .party = from->http.frontend_url.items[0],
        .kid = "ins_selftest",
        .now_s = clock_wall_us(ctx->clock) / 1000000,
        .lifetime_s = CANARY_SECONDS,
    };
    const char *token = NULL;
    const bool made = is_ok(token_sign(ctx, from->app.clerk_dev_private_key, &what, &token)) &&
                      takes_token(ctx, &c->from, token);
    tell(c, made && !takes_token(ctx, &c->to, token), "a token is refused");
}

static bool is_in(const struct strs *list, const char *text)
{
    for (int64_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* What cannot be shown to anybody, and what a program cannot know to be another's. */
static void check_shared(struct crossing *c)
{
    const struct settings *from = c->from.settings;
    const struct settings *to = c->to.settings;
    const char *key = from->auth.clerk_secret_key;
    tell(c,
        !is_set(key) || to->auth.clerk_secret_key == NULL ||
            strcmp(key, to->auth.clerk_secret_key) != 0,
        "keys of Clerk's API differ");
    bool shared = false;
    for (int64_t i = 0; i < from->http.frontend_url.count; i++) {
        shared = shared || is_in(&to->http.frontend_url, from->http.frontend_url.items[i]);
    }
    tell(c, !shared, "origins of front ends differ");
}

static bool takes_webhook(struct ctx *ctx, const struct side *side,
    const struct webhook_headers *headers)
{
    return is_ok(webhook_verify(ctx, side->settings->auth.clerk_webhook_secret, headers, "{}", 2,
        clock_wall_us(ctx->clock) / 1000000));
}

static void check_webhook(struct crossing *c)
{
    struct ctx *ctx = c->ctx;
    struct webhook_headers headers = {.id = c->canary,
        .timestamp =
            arena_printf(ctx->arena, "%" PRId64, clock_wall_us(ctx->clock) / INT64_C(1000000))};
    const char *secret = c->from.settings->auth.clerk_webhook_secret;
    if (!is_set(secret)) {
        tell(c, true, "a webhook signature cannot be made: no secret is set");
        return;
    }
    const bool made = is_ok(webhook_sign(ctx, secret, &headers, "{}", 2, &headers.signature)) &&
                      takes_webhook(ctx, &c->from, &headers);
    tell(c, made && !takes_webhook(ctx, &c->to, &headers), "a webhook signature is refused");
}

static bool takes_quote(struct ctx *ctx, const struct quote_key *key, const char *text,
    const struct quote_claims *claims)
{
    struct quote_claims read = {0};
    return is_ok(quote_token_read(ctx, key, text, claims, &read));
}

static void check_signing_key(struct crossing *c)
{
    struct ctx *ctx = c->ctx;
    uint8_t ours[CRYPTO_SHA256_LEN];
    uint8_t theirs[CRYPTO_SHA256_LEN];
    wiring_signing_key(c->from.settings, ours);
    wiring_signing_key(c->to.settings, theirs);
    tell(c, !crypto_equal(ours, theirs, sizeof(ours)), "keys that sign cursors differ");
    const struct quote_key from = {ours, sizeof(ours), c->from.product->id};
    const struct quote_key to = {theirs, sizeof(theirs), c->to.product->id};
    const struct quote_claims claims = {
        .property_id = 1,
        .check_in = "2030-01-01",
        .check_out = "2030-01-02",
        .guests = 1,
        .total_minor = 1,
        .currency = "THB",
        .cancellation_policy = "strict",
        .lines = "",
        .expires_at = clock_wall_us(ctx->clock) + CANARY_SECONDS * INT64_C(1000000),
    };
    const char *text = NULL;
    const bool made = is_ok(quote_token_write(ctx, &from, &claims, &text)) &&
                      takes_quote(ctx, &from, text, &claims);
    tell(c, made && !takes_quote(ctx, &to, text, &claims), "a quote token is refused");
}

/* ---- Postgres and Redis ---- */

static err verify(struct crossing *c, const struct side *plan_of, const char *url)
{
    char owner_role[64];
    const struct migrate_plan plan = schema_plan(plan_of->product, owner_role);
    return migrate_verify(c->ctx, &(struct db_config){.database_url = url}, &plan);
}

static void check_database(struct crossing *c)
{
    const char *theirs = c->to.settings->db.database_url;
    const err as_ours = verify(c, &c->from, theirs);
    tell(c,
        as_ours.code == ERR_CONFLICT && strstr(c->ctx->error.text, "the database belongs") != NULL,
        "the database is refused by the program");
    const char *url = db_url_as_role_of(c->ctx->arena, theirs, c->from.settings->db.database_url);
    tell(c, verify(c, &c->to, url).code == ERR_UNAVAILABLE, "the database role may not connect");
}

/* Runs fn with the services of one side; false if it could not be done at all. */
static bool run_on(struct crossing *c, const struct side *side,
    err (*fn)(struct ctx *ctx, const struct services *services, void *arg))
{
    return is_ok(task_run(side->product, side->settings, c->log, fn, c));
}

static err find(struct ctx *ctx, const struct services *services, const struct crossing *c,
    int64_t *out)
{
    return db_count(ctx, services->db, &SQL_selftest_find, DB_ARGS(DB_TEXT(c->canary)), out);
}

static err wait_for_redis(struct ctx *ctx, const struct services *services,
    const struct crossing *c)
{
    int64_t count = 0;
    for (int i = 0; i < REDIS_TRIES && !cache_state(services->cache).connected; i++) {
        TRY(find(ctx, services, c, &count));
    }
    return cache_state(services->cache).connected
               ? OK
               : fail(ctx, ERR_UNAVAILABLE, "Redis cannot be reached");
}

static err plant(struct ctx *ctx, const struct services *services, void *arg)
{
    const struct crossing *c = arg;
    int64_t count = 0;
    TRY(db_exec(ctx, services->db, &SQL_selftest_plant, DB_ARGS(DB_TEXT(c->canary)), NULL));
    TRY(find(ctx, services, c, &count));
    TRY(wait_for_redis(ctx, services, c));
    TRY(cache_set(ctx, services->cache, c->canary, c->canary, strlen(c->canary),
        CANARY_SECONDS * INT64_C(1000)));
    return count == 1 ? OK : fail(ctx, ERR_INTERNAL, "the canary is not where it was put");
}

static err look(struct ctx *ctx, const struct services *services, void *arg)
{
    struct crossing *c = arg;
    int64_t count = 0;
    const char *value = NULL;
    size_t len = 0;
    TRY(find(ctx, services, c, &count));
    TRY(wait_for_redis(ctx, services, c));
    TRY(cache_get(ctx, services->cache, c->canary, &value, &len));
    tell(c, count == 0, "a guest session and its conversation are not found");
    tell(c, value == NULL, "a key in Redis is not found");
    return OK;
}

/* As the Redis user of `from`, with the prefix of `to`. */
static err intrude(struct ctx *ctx, const struct services *services, void *arg)
{
    struct crossing *c = arg;
    const char *value = NULL;
    size_t len = 0;
    TRY(wait_for_redis(ctx, services, c));
    const err read = cache_get(ctx, services->cache, c->canary, &value, &len);
    const bool reads = is_ok(read) || strstr(ctx->error.text, "NOPERM") == NULL;
    const err written = cache_set(ctx, services->cache, c->canary, c->canary, 1, /* ttl_ms */ 1000);
    const bool writes = is_ok(written) || strstr(ctx->error.text, "NOPERM") == NULL;
    tell(c, !reads && !writes, "the Redis user may not read or write");
    return OK;
}

static err clear_away(struct ctx *ctx, const struct services *services, void *arg)
{
    const struct crossing *c = arg;
    TRY(db_exec(ctx, services->db, &SQL_selftest_remove, DB_ARGS(DB_TEXT(c->canary)), NULL));
    TRY(wait_for_redis(ctx, services, c));
    return cache_delete(ctx, services->cache, c->canary);
}

static void check_canary(struct crossing *c)
{
    struct settings mixed = *c->from.settings;
    mixed.cache.redis_key_prefix = c->to.settings->cache.redis_key_prefix;
    const struct side intruder = {c->from.product, &mixed};
    const bool planted = run_on(c, &c->from, plant);
    const bool looked = planted && run_on(c, &c->to, look);
    const bool tried = looked && run_on(c, &intruder, intrude);
    const bool cleared = run_on(c, &c->from, clear_away);
    if (!planted || !looked || !tried || !cleared) {
        tell(c, false, "Postgres and Redis: could not be tried, see above");
    }
}

static int cross(const struct command *command, struct ctx *ctx, struct side from, struct side to)
{
    struct crossing c = {.ctx = ctx, .log = command->log, .from = from, .to = to};
    crypto_random_hex(CANARY_BYTES, c.canary);
    check_token(&c);
    check_shared(&c);
    check_webhook(&c);
    check_signing_key(&c);
    check_database(&c);
    check_canary(&c);
    return c.failures;
}

/* Another product, as far as its settings tell; what else it has, this program does not know. Only from the file: the
 * environment is ours. */
static bool load_other(const struct command *command, struct side *out)
{
    static const char *const nothing[] = {NULL};
    struct arena *arena = command->arena;
    struct env_vars vars = {0};
    const char *problem = command->other == NULL
                              ? "selftest isolation needs --other ENV-FILE of another product"
                              : env_vars_read(arena, nothing, command->other, &vars);
    const char *id = problem == NULL ? env_vars_get(&vars, "PRODUCT_ID") : NULL;
    if (!is_set(id) || strcmp(id, command->product->id) == 0) {
        fprintf(stderr, "%s\n",
            problem != NULL ? problem : "PRODUCT_ID in that file must name another product");
        return false;
    }
    struct product *product = ARENA_NEW(arena, struct product);
    *product = *command->product;
    product->id = id;
    product->redis_key_prefix = arena_printf(arena, "%s:", id);
    struct settings *settings = ARENA_NEW(arena, struct settings);
    struct config_report *report = ARENA_NEW(arena, struct config_report);
    const struct config_source source = {nothing, command->other};
    const bool loaded = settings_load(arena, product, &source, settings, report);
    for (int i = 0; i < report->problem_count; i++) {
        fprintf(stderr, "%s: %s\n", command->other, report->problems[i]);
    }
    *out = (struct side){product, settings};
    return loaded;
}

int command_selftest_isolation(const struct command *command)
{
    struct side other = {0};
    if (!load_other(command, &other)) {
        return command->other == NULL ? EX_USAGE : EX_CONFIG;
    }
    struct ctx ctx;
    ctx_init(&ctx, command->arena, &clock_system, command->log, /* timeout_ms */ 60000);
    const struct side ours = {command->product, command->settings};
    const int failures = cross(command, &ctx, ours, other) + cross(command, &ctx, other, ours);
    printf("%d failures\n", failures);
    return failures == 0 ? EX_OK : FAILED;
}
