#include "auth/auth.h"

#include <string.h>
#include <strings.h>

#include "auth/clerk.h"
#include "auth/key_source.h"
#include "auth/memo.h"
#include "auth/token.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/limits.h"

#define SKEW_S 5
#define TOKEN_MEMO_S 60
#define EMAIL_ASK_NS (3600 * INT64_C(1000000000))

struct auth {
    struct arena *arena;
    struct auth_options options;
    const char *issuer;
    struct key_source *keys;
    struct memo *memo;
    uint64_t generation; /* of the keys that the memo was filled with */
    char header[256];    /* of the last token whose header was accepted, as it was sent */
    size_t header_len;
    char header_kid[65];
    uint64_t verified, hits, refused;
};

struct auth *auth_open(struct loop *loop, const struct auth_options *options)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct auth *auth = ARENA_NEW(arena, struct auth);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 0);
    const char *host = auth_publishable_key_host(&ctx, options->config->clerk_publishable_key);
    const char *url = options->config->clerk_jwks_url;
    auth->arena = arena;
    auth->options = *options;
    auth->issuer = arena_printf(arena, "https://%s", host);
    auth->memo = memo_new();
    const struct key_source_options keys = {
        .pem = options->config->clerk_jwt_key,
        .url = url != NULL && *url != '\0'
                   ? url
                   : arena_printf(arena, "%s/.well-known/jwks.json", auth->issuer),
        .client = options->client,
        .cache = options->cache,
    };
    auth->keys = key_source_open(loop, &keys);
    return auth;
}

void auth_close(struct auth *auth)
{
    if (auth != NULL) {
        key_source_close(auth->keys);
        memo_free(auth->memo);
        arena_free(auth->arena);
    }
}

/* ---- token ---- */

/* "Bearer <token>", the scheme in any case, one space, nothing else. */
static bool read_bearer(const char *authorization, const char **out_token, size_t *out_len)
{
    static const char scheme[] = "Bearer ";
    if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0) {
        return false;
    }
    *out_token = authorization + sizeof(scheme) - 1;
    *out_len = strlen(*out_token);
    return *out_len > 0;
}

/* All tokens of one key begin with the same bytes: what was accepted once need not be read again. Their number of
 * parts is checked with the rest (token_verify). */
static err read_header(struct ctx *ctx, struct auth *auth, const char *token, size_t len,
    struct token_header *out)
{
    const char *dot = memchr(token, '.', len);
    const size_t header_len = dot == NULL ? 0 : (size_t)(dot - token);
    if (header_len > 0 && header_len == auth->header_len && len <= LIMIT_TOKEN_BYTES &&
        crypto_equal(token, auth->header, header_len)) {
        out->kid = arena_strdup(ctx->arena, auth->header_kid);
        return OK;
    }
    TRY(token_read_header(ctx, token, len, out));
    if (header_len <= sizeof(auth->header) && strlen(out->kid) < sizeof(auth->header_kid)) {
        memcpy(auth->header, token, header_len);
        memcpy(auth->header_kid, out->kid, strlen(out->kid) + 1);
        auth->header_len = header_len;
    }
    return OK;
}

static err verify(struct ctx *ctx, struct auth *auth, const char *token, size_t len,
    struct auth_claims *out)
{
    struct token_header header;
    const struct auth_key *key = NULL;
    TRY(read_header(ctx, auth, token, len, &header));
    TRY(key_source_find(ctx, auth->keys, header.kid, &key));
    const struct token_rules rules = {
        .issuer = auth->issuer,
        .parties = &auth->options.authorized_parties,
        .now_s = clock_wall_us(ctx->clock) / 1000000,
        .skew_s = SKEW_S,
    };
    const uint64_t generation = key_source_state(auth->keys).generation;
    const err result = token_verify(ctx, token, len, key, &rules, out);
    auth->verified++;
    if (is_ok(result) || !key_source_refetch(ctx, auth->keys) ||
        key_source_state(auth->keys).generation == generation) {
        return result;
    }
    err_clear(ctx); /* judged by a key that is no longer there */
    TRY(key_source_find(ctx, auth->keys, header.kid, &key));
    return token_verify(ctx, token, len, key, &rules, out);
}

static err claims_of(struct ctx *ctx, struct auth *auth, const char *token, size_t len,
    struct auth_claims *out)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    const int64_t now_s = clock_wall_us(ctx->clock) / 1000000;
    const uint64_t generation = key_source_state(auth->keys).generation;
    if (generation != auth->generation) {
        memo_forget_tokens(auth->memo);
        auth->generation = generation;
    }
    crypto_sha256(token, len, digest);
    if (memo_find_token(auth->memo, digest, now_s, out)) {
        auth->hits++;
        return OK;
    }
    TRY(verify(ctx, auth, token, len, out));
    const int64_t left_s = out->expires_at_s - now_s; /* exp may be the highest number there is */
    memo_keep_token(auth->memo, digest, out,
        now_s + (left_s < TOKEN_MEMO_S - SKEW_S ? left_s + SKEW_S : TOKEN_MEMO_S), now_s);
    return OK;
}

/* ---- person ---- */

static bool is_in(const struct strs *list, const char *text)
{
    for (int64_t i = 0; text != NULL && i < list->count; i++) {
        if (strcasecmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_first_admin(const struct auth *auth, const struct auth_claims *claims)
{
    const struct auth_config *config = auth->options.config;
    return is_in(&config->admin_clerk_ids, claims->subject) ||
           (claims->email_verified && is_in(&config->admin_emails, claims->email));
}

static err sign_in(struct ctx *ctx, struct auth *auth, const struct auth_claims *claims,
    struct auth_user *out)
{
    const struct auth_users *users = &auth->options.users;
    return users->sign_in(ctx, users->arg, claims, is_first_admin(auth, claims), out);
}

/* Clerk's default token has no e-mail: it is asked for once, when neither token nor database know it. */
static err complete_email(struct ctx *ctx, struct auth *auth, struct auth_claims *claims,
    struct auth_user *user)
{
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    struct memo_person *person = memo_person(auth->memo, claims->subject, now_ns);
    const bool asked =
        person->email_asked_ns != 0 && now_ns - person->email_asked_ns < EMAIL_ASK_NS;
    if (user->email_known || asked || !clerk_can_be_asked(auth->options.config)) {
        return OK;
    }
    person->email_asked_ns = now_ns;
    if (!is_ok(clerk_read_person(ctx, auth->options.client, auth->options.config, claims))) {
        err_clear(ctx); /* the e-mail stays unknown until a webhook or a later sign-in tells it */
        return OK;
    }
    return sign_in(ctx, auth, claims, user);
}

static err find_person(struct ctx *ctx, struct auth *auth, const struct auth_claims *found,
    struct principal *out)
{
    struct memo_person *person =
        memo_person(auth->memo, found->subject, clock_monotonic_ns(ctx->clock));
    if (person->until_ns > clock_monotonic_ns(ctx->clock)) {
        *out = person->principal;
        return OK;
    }
    struct auth_claims claims = *found; /* texts of the memo may go while we wait */
    claims.subject = arena_strdup(ctx->arena, found->subject);
    claims.session_id = arena_strdup(ctx->arena, found->session_id);
    claims.email = arena_copy(ctx->arena, found->email);
    claims.name = arena_copy(ctx->arena, found->name);
    struct auth_user user = {0};
    TRY(sign_in(ctx, auth, &claims, &user));
    TRY(complete_email(ctx, auth, &claims, &user));
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    person =
        memo_person(auth->memo, claims.subject, now_ns); /* its place may have moved meanwhile */
    person->principal = user.principal;
    person->until_ns = now_ns + LIMIT_PRINCIPAL_CACHE_MS * INT64_C(1000000);
    *out = user.principal;
    return OK;
}

static err authenticate(struct ctx *ctx, struct auth *auth, const char *authorization,
    struct principal *out)
{
    const char *token = NULL;
    size_t len = 0;
    struct auth_claims claims = {0};
    if (!read_bearer(authorization, &token, &len)) {
        return fail(ctx, ERR_UNAUTHENTICATED, "no bearer token");
    }
    TRY(claims_of(ctx, auth, token, len, &claims));
    return find_person(ctx, auth, &claims, out);
}

err auth_authenticate(struct ctx *ctx, struct auth *auth, const char *authorization,
    struct principal *out)
{
    if (authorization == NULL) {
        *out = (struct principal){0};
        return OK;
    }
    const err result = authenticate(ctx, auth, authorization, out);
    auth->refused += result.code == ERR_UNAUTHENTICATED;
    return result; /* what the client reads is the fixed sentence of the code; the reason goes to the log */
}

void auth_forget(struct auth *auth, int64_t user_id)
{
    memo_forget_person(auth->memo, user_id);
}

struct auth_state auth_state(const struct auth *auth)
{
    const struct key_source_state keys = key_source_state(auth->keys);
    return (struct auth_state){
        .keys_ok = keys.ok,
        .keys_age_s = keys.age_s,
        .since_us = keys.since_us,
        .tokens_verified = auth->verified,
        .token_cache_hits = auth->hits,
        .tokens_refused = auth->refused,
    };
}
