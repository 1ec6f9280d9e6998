#include "svc/wiring.h"

#include <string.h>

#include "audit/sql.h"
#include "bookings/sql.h"
#include "chat/chat.h"
#include "chat/ledger.h"
#include "chat/sql.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/embed.h"
#include "core/log.h"
#include "faq/faq.h"
#include "faq/sql.h"
#include "http/metrics.h"
#include "http/problem.h"
#include "inquiries/sql.h"
#include "jobs/jobs.h"
#include "jobs/sql.h"
#include "net/cache.h"
#include "net/client.h"
#include "net/fiber.h"
#include "net/loop.h"
#include "properties/finder.h"
#include "properties/sql.h"
#include "search/embedder.h"
#include "svc/job_kinds.h"
#include "svc/product.h"
#include "svc/settings.h"
#include "svc/shared.h"
#include "svc/sql.h"
#include "users/sql.h"
#include "users/users.h"

/* Every statement of the process; each library lists its own. */
static const struct db_stmt *const *const statements[] = {users_sql, properties_sql, bookings_sql,
    faq_sql, inquiries_sql, chat_sql, jobs_sql, audit_sql, svc_sql, NULL};

/* auth asks for the user behind verified claims; users answers. */
static err sign_in(struct ctx *ctx, void *arg, const struct auth_claims *claims, bool make_admin,
    struct auth_user *out)
{
    const struct user_sign_in who = {
        .clerk_user_id = claims->subject,
        .email = claims->email,
        .email_verified = claims->email_verified,
        .name = claims->name,
        .make_admin = make_admin,
    };
    struct user_identity user = {0};
    TRY(users_sign_in(ctx, arg, &who, &user));
    if (strcmp(user.status, "active") != 0) {
        return fail(ctx, ERR_UNAUTHENTICATED, "user is %s", user.status);
    }
    if (!role_parse(user.role, &out->principal.role)) {
        return fail(ctx, ERR_INTERNAL, "unknown role in users");
    }
    out->principal.user_id = user.id;
    out->email_known = user.email_known;
    return OK;
}

static bool has_replica(const struct services *services)
{
    return services->reads != services->db;
}

static struct health database_health(const void *arg)
{
    const struct db_state state = db_state(arg);
    return (struct health){state.connected, state.last_ms, state.since_us};
}

static struct health migrations_health(const void *arg)
{
    const struct shared *shared = arg;
    return (struct health){shared->schema_ok != 0, 0, shared->schema_since_us};
}

static struct health redis_health(const void *arg)
{
    const struct cache_state state = cache_state(arg);
    return (struct health){state.connected, state.last_ms, state.since_us};
}

static struct health jwks_health(const void *arg)
{
    const struct auth_state state = auth_state(arg);
    return (struct health){state.keys_ok, 0, state.since_us};
}

static struct health llm_health(const void *arg)
{
    const struct services *services = arg; /* the chat is opened last */
    return chat_health(services->chat);
}

/* Sub-commands share nothing and follow nobody's changes. */
static struct faq *open_faq(const struct wiring *wiring, struct log *log)
{
    const struct settings *settings = wiring->settings;
    struct shared *shared = wiring->shared;
    const struct faq_options options = {
        .config = &settings->faq,
        .search = &settings->search,
        .db = wiring->services.db,
        .cache = wiring->services.cache,
        .embedder = wiring->services.embedder,
        .loop = wiring->loop,
        .log = log,
        .version = shared == NULL ? NULL : &shared->faq_version,
        .started = shared == NULL ? NULL : &shared->schema_ok,
    };
    return faq_open(&options);
}

/* Only workers have guests. */
static void open_databases(struct wiring *wiring)
{
    const struct settings *settings = wiring->settings;
    struct services *services = &wiring->services;
    struct db_options options = {
        .config = &settings->db,
        .statements = statements,
        .application_name = settings->product.product_id,
        .workers = settings->workers,
        .before_commit = idempotency_before_commit,
    };
    services->db = db_open(wiring->loop, &options);
    services->reads = services->db;
    if (wiring->shared != NULL && *settings->db.database_read_url != '\0') {
        options.primary = services->db;
        options.product_id = settings->product.product_id;
        services->reads = db_open(wiring->loop, &options);
    }
}

void wiring_open(struct wiring *wiring, struct loop *loop, const struct settings *settings,
    struct shared *shared, struct log *log)
{
    *wiring = (struct wiring){.settings = settings, .shared = shared, .loop = loop};
    struct services *services = &wiring->services;
    services->settings = &settings->product;
    services->client = client_new(loop);
    services->cache = cache_open(loop, &settings->cache);
    open_databases(wiring);
    const struct auth_options auth = {
        .config = &settings->auth,
        .authorized_parties = settings->http.frontend_url,
        .users = {sign_in, services->db},
        .client = services->client,
        .cache = services->cache,
    };
    services->auth = auth_open(loop, &auth);
    wiring->ledger = ledger_open(services->db, loop, log);
    const struct embedder_options embedder = {
        .config = &settings->search,
        .client = services->client,
        .cache = services->cache,
        .loop = loop,
        .spent = ledger_note_vectors,
        .spent_arg = wiring->ledger,
    };
    services->embedder = embedder_open(&embedder);
    services->faq = open_faq(wiring, log);
    const struct finder_options finder = {
        .config = &settings->search,
        .db = services->db,
        .embedder = services->embedder,
        .loop = loop,
    };
    services->finder = finder_open(&finder);
    const struct health_check health[] = {
        {"database", true, database_health, services->db},
        {"migrations", true, migrations_health, shared},
        {"redis", false, redis_health, services->cache},
        {"jwks", false, jwks_health, services->auth},
        {"llm", false, llm_health, services},
        {has_replica(services) ? "replica" : NULL, false, database_health, services->reads},
        {0},
    };
    memcpy(wiring->health, health, sizeof(health));
    services->health = wiring->health;
}

/* A stream tells a failure as a reply would; its path is that of every question. */
static void print_problem(void *arg, const struct ctx *ctx, struct buf *out)
{
    const struct settings *settings = arg;
    const struct problem problem = problem_of(&ctx->error);
    const struct problem_place place = {settings->product.product_id, "/llm/chat"};
    problem_write(out, ctx, &problem, &place);
}

void wiring_open_chat(struct wiring *wiring, const struct product *product, struct log *log)
{
    const struct settings *settings = wiring->settings;
    const struct chat_options options = {
        .config = &settings->chat,
        .system_prompt = (const char *)product->prompts[0].data,
        .tools = product->tools,
        .suggestions = &settings->product.chat_suggestions,
        .own_sites = &settings->http.frontend_url,
        .db = wiring->services.db,
        .cache = wiring->services.cache,
        .client = wiring->services.client,
        .faq = wiring->services.faq,
        .loop = wiring->loop,
        .log = log,
        .print_problem = print_problem,
        .print_problem_arg = (void *)(uintptr_t)settings,
    };
    wiring->services.chat = chat_open(&options);
}

void wiring_run_jobs(struct wiring *wiring, struct log *log)
{
    const struct jobs_options options = {
        .kinds = job_kinds,
        .services = &wiring->services,
        .clock = &clock_system,
        .log = log,
        .ready = &wiring->shared->schema_ok,
    };
    wiring->jobs = jobs_open(wiring->loop, &options);
}

void wiring_close(struct wiring *wiring)
{
    jobs_close(wiring->jobs);
    chat_close(wiring->services.chat);
    finder_close(wiring->services.finder);
    faq_close(wiring->services.faq);
    embedder_close(wiring->services.embedder);
    ledger_close(wiring->ledger);
    auth_close(wiring->services.auth);
    if (has_replica(&wiring->services)) {
        db_close(wiring->services.reads);
    }
    db_close(wiring->services.db);
    cache_close(wiring->services.cache);
    client_free(wiring->services.client);
}

void wiring_signing_key(const struct settings *settings, uint8_t out[32])
{
    const struct auth_config *auth = &settings->auth;
    const char *parts[] = {
        auth->clerk_secret_key, auth->clerk_jwt_key, auth->clerk_publishable_key};
    uint8_t key[CRYPTO_SHA256_LEN] = {0};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *part = parts[i] == NULL ? "" : parts[i];
        crypto_hmac_sha256(key, sizeof(key), part, strlen(part), key);
    }
    const char *product = settings->product.product_id;
    crypto_hmac_sha256(key, sizeof(key), product, strlen(product), out);
}

struct http_options wiring_http(const struct product *product, const struct settings *settings,
    struct wiring *wiring)
{
    struct http_options options = {
        .config = &settings->http,
        .routes = product->routes,
        .features = settings->features,
        .product_id = product->id,
        .app_name = settings->app.app_name,
        .api_description = product->description,
        .app_version = product->version,
        .default_locale = settings->app.default_locale,
        .locales = &settings->app.supported_locales,
        .production = settings->environment != ENVIRONMENT_DEVELOPMENT,
        .clock = &clock_system,
        .workers = settings->workers,
        .connections_max = settings->http.max_connections,
    };
    if (wiring != NULL) {
        wiring_signing_key(settings, options.signing_key);
        options.services = &wiring->services;
        wiring->idempotency.db = wiring->services.db;
        crypto_hmac_sha256(options.signing_key, sizeof(options.signing_key), "idempotency",
            strlen("idempotency"), wiring->idempotency.key);
        options.idempotency = idempotency_store_of(&wiring->idempotency);
    }
    return options;
}

void wiring_publish(const struct wiring *wiring, struct metrics_page *page, int slot,
    struct log *log)
{
    const struct services *services = &wiring->services;
    const struct db_state db = db_state(services->db);
    const struct db_state replica =
        has_replica(services) ? db_state(services->reads) : (struct db_state){0};
    const struct cache_state cache = cache_state(wiring->services.cache);
    const struct auth_state auth = auth_state(wiring->services.auth);
    const struct jobs_state jobs = jobs_state(wiring->jobs);
    const struct faq_counts faq = faq_counts(wiring->services.faq);
    const struct chat_counts chat = chat_counts(wiring->services.chat);
    const struct {
        enum metric metric;
        int64_t value;
    } gauges[] = {
        {METRIC_DB_CONNECTIONS, db.connections},
        {METRIC_DB_WAITING, db.waiting},
        {METRIC_DB_IN_FLIGHT, db.in_flight},
        {METRIC_DB_QUERIES, (int64_t)db.queries},
        {METRIC_DB_ERRORS, (int64_t)db.errors},
        {METRIC_REPLICA_CONNECTIONS, replica.connections},
        {METRIC_REPLICA_QUERIES, (int64_t)replica.queries},
        {METRIC_REPLICA_MISSED, (int64_t)replica.missed},
        {METRIC_CACHE_HITS, (int64_t)cache.hits},
        {METRIC_CACHE_MISSES, (int64_t)cache.misses},
        {METRIC_CACHE_ERRORS, (int64_t)cache.errors},
        {METRIC_TOKEN_CACHE_HITS, (int64_t)auth.token_cache_hits},
        {METRIC_TOKENS_VERIFIED, (int64_t)auth.tokens_verified},
        {METRIC_TOKENS_REFUSED, (int64_t)auth.tokens_refused},
        {METRIC_JWKS_AGE_SECONDS, auth.keys_age_s},
        {METRIC_JOBS_DONE, (int64_t)jobs.done},
        {METRIC_JOBS_FAILED, (int64_t)jobs.failed},
        {METRIC_JOBS_GIVEN_UP, (int64_t)jobs.given_up},
        {METRIC_FAQ_SEARCHES, (int64_t)faq.searches},
        {METRIC_FAQ_KEPT, (int64_t)faq.kept},
        {METRIC_FAQ_SHARED, (int64_t)faq.shared},
        {METRIC_FAQ_COMPUTED, (int64_t)faq.computed},
        {METRIC_FAQ_DEGRADED, (int64_t)faq.degraded},
        {METRIC_FAQ_GAPS_DROPPED, (int64_t)faq.gaps_dropped},
        {METRIC_CHAT_ASKED, (int64_t)chat.asked},
        {METRIC_CHAT_REFUSED, (int64_t)chat.refused},
        {METRIC_CHAT_DEGRADED, (int64_t)chat.degraded},
        {METRIC_CHAT_FAILED, (int64_t)chat.failed},
        {METRIC_CHAT_RUNNING, chat.running},
        {METRIC_FIBERS_ALIVE, (int64_t)fiber_stats(wiring->loop).alive},
        {METRIC_LOG_DROPPED, (int64_t)log_dropped(log)},
        {METRIC_LOOP_LAG_US, loop_lag_max_ns(wiring->loop) / 1000},
        {METRIC_HEARTBEAT_US, clock_monotonic_ns(&clock_system) / 1000},
    };
    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
        metrics_set(page, slot, gauges[i].metric, gauges[i].value);
    }
}
