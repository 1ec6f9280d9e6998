#include "http/admit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/auth.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"
#include "core/services.h"
#include "http/metrics.h"
#include "http/request.h"

static const char *header(const struct request *request, const char *name)
{
    return headers_value(&request->headers, name);
}

/* ---- rate ---- */

#define MINUTE_S 60

static err take(struct request *request, const char *key, const struct rate_limit *limit,
    int64_t *out_remaining)
{
    const struct http_options *options = &request->server->options;
    struct rate_verdict verdict;
    rate_take(&request->ctx, request->server->rate, key, limit, &verdict);
    *out_remaining = verdict.remaining;
    if (request->rate.limit == 0 || verdict.remaining < request->rate.remaining) {
        request->rate = verdict; /* of several limits the client sees the nearest */
    }
    if (verdict.allowed) {
        return OK;
    }
    request->rate = verdict;
    metrics_add(options->metrics, options->worker, METRIC_RATE_LIMITED, 1);
    return fail(&request->ctx, ERR_RATE_LIMITED, "over %" PRId64 " in %" PRId64 " s", limit->tokens,
        limit->window_s);
}

static err take_a_minute(struct request *request, const char *key, int64_t per_minute)
{
    const struct rate_limit limit = {per_minute, MINUTE_S};
    int64_t remaining = 0;
    return take(request, key, &limit, &remaining);
}

err call_take(struct call *call, const char *key, int64_t tokens, int64_t window_s,
    int64_t *out_remaining)
{
    const struct rate_limit limit = {tokens, window_s};
    return take(call->request, key, &limit, out_remaining);
}

int64_t call_left(struct call *call, const char *key, int64_t tokens, int64_t window_s)
{
    const struct rate_limit limit = {tokens, window_s};
    return rate_left(call->ctx, call->request->server->rate, key, &limit);
}

static err take_of_address(struct request *request, const char *kind, int64_t per_minute)
{
    char group[ADDRESS_LEN];
    char key[RATE_KEY_MAX];
    address_group(request->call.client_address, group);
    struct buf text = buf_over(key, sizeof(key));
    buf_str(&text, kind);
    buf_char(&text, ':');
    buf_str(&text, group);
    return take_a_minute(request, buf_text(&text), per_minute);
}

static err take_by_address(struct request *request)
{
    return take_of_address(request, "ip",
        request->server->options.config->rate_limit_guest_per_minute);
}

static err take_by_user(struct request *request)
{
    const struct http_config *config = request->server->options.config;
    const struct principal *principal = &request->call.principal;
    char key[RATE_KEY_MAX];
    struct buf text = buf_over(key, sizeof(key));
    buf_str(&text, "user:");
    buf_i64(&text, principal->user_id);
    return take_a_minute(request, buf_text(&text),
        role_includes(principal->role, ROLE_ADMIN) ? config->rate_limit_admin_per_minute
                                                   : config->rate_limit_user_per_minute);
}

static bool reads_token(const struct http_route *row)
{
    return row->auth == AUTH_PUBLIC || row->auth == AUTH_GUEST || row->auth == AUTH_USER;
}

err admit_rate_of_guests(struct request *request)
{
    const struct http_route *row = request->call.route;
    if (row->rate == RATE_FAQ_SEARCH) {
        return take_of_address(request, "faq",
            request->server->options.config->rate_limit_faq_search_per_minute);
    }
    const bool is_signed_in = reads_token(row) && header(request, "authorization") != NULL;
    return row->rate == RATE_OFF || is_signed_in ? OK : take_by_address(request);
}

/* ---- authentication ---- */

static bool is_internal(const struct request *request)
{
    const char *token = request->server->options.config->metrics_token;
    const char *sent = header(request, "authorization");
    if (token[0] != '\0' && sent != NULL && strncasecmp(sent, "bearer ", strlen("bearer ")) == 0) {
        const char *bearer = sent + strlen("bearer ");
        return strlen(bearer) == strlen(token) && crypto_equal(bearer, token, strlen(token));
    }
    /* A proxy on this host also comes from the loopback, but says for whom it speaks. */
    return request->conn != NULL && address_is_loopback(request->conn->peer) &&
           header(request, "x-forwarded-for") == NULL && header(request, "forwarded") == NULL;
}

static err authenticate_token(struct request *request, const char *authorization)
{
    struct auth *auth = request->call.services->auth;
    const bool limited = request->call.route->rate != RATE_OFF;
    const err result =
        auth_authenticate(&request->ctx, auth, authorization, &request->call.principal);
    if (is_ok(result)) {
        return limited ? take_by_user(request) : OK;
    }
    if (result.code != ERR_UNAUTHENTICATED || !limited) {
        return result;
    }
    const struct err_detail why = request->ctx.error;
    TRY(take_by_address(request)); /* guessing tokens is not free */
    request->ctx.error = why;
    return result;
}

err admit_authenticate(struct request *request)
{
    const struct http_route *row = request->call.route;
    const char *authorization = header(request, "authorization");
    if (row->auth == AUTH_INTERNAL) {
        return is_internal(request)
                   ? OK
                   : fail(&request->ctx, ERR_UNAUTHENTICATED, "neither local nor with the token");
    }
    if (!reads_token(row) || authorization == NULL) {
        return OK;
    }
    return authenticate_token(request, authorization);
}

err admit_authorise(struct request *request)
{
    static const char *const messages[] = {
        [ROLE_GUEST] = NULL,
        [ROLE_USER] = "Required role: user, agent, admin",
        [ROLE_AGENT] = "Required role: agent, admin",
        [ROLE_ADMIN] = "Admin access required",
    };
    const struct http_route *row = request->call.route;
    const enum role have = request->call.principal.role;
    if (row->auth != AUTH_USER) {
        return OK;
    }
    if (have == ROLE_GUEST) {
        return fail(&request->ctx, ERR_UNAUTHENTICATED, "nobody is signed in");
    }
    return role_includes(have, row->role)
               ? OK
               : fail_public(&request->ctx, ERR_FORBIDDEN, /* name= */ NULL, messages[row->role]);
}

/* ---- idempotency ---- */

/* The capability of a guest: that of the body goes before that of the header; NULL = none. What else is wrong with a body is told
 * when it is decoded. */
static const char *session_of(struct request *request)
{
    const struct shape *in = request->call.route->in;
    const struct field *member = NULL;
    const struct json *body = NULL;
    const char *session = NULL;
    if (in != NULL && field_find(in, "session_id", &member) >= 0 && request->body.len > 0) {
        if (is_ok(json_parse(&request->ctx, request->body.data, request->body.len, &body))) {
            session = json_text(json_get(body, "session_id"), /* out_len */ NULL);
        } else {
            err_clear(&request->ctx);
        }
    }
    return session != NULL ? session : header(request, "x-session-id");
}

/* Neither a capability nor an address stands in the database as it is. */
static const char *owner_of_key(struct request *request)
{
    const struct http_options *options = &request->server->options;
    const int64_t user_id = request->call.principal.user_id;
    if (user_id > 0) {
        return arena_printf(request->arena, "user:%" PRId64, user_id);
    }
    char hex[2 * CRYPTO_SHA256_LEN + 1];
    const char *session = session_of(request);
    if (session != NULL) {
        crypto_sha256_hex(session, strlen(session), CRYPTO_SHA256_LEN, hex);
        return arena_printf(request->arena, "session:%s", hex);
    }
    uint8_t mac[CRYPTO_SHA256_LEN];
    const char *address = request->call.client_address;
    crypto_hmac_sha256(options->signing_key, sizeof(options->signing_key), address, strlen(address),
        mac);
    crypto_hex(mac, sizeof(mac), hex);
    return arena_printf(request->arena, "guest:%.32s", hex);
}

static void replay(struct request *request, int status, const char *body)
{
    request->replayed = true;
    request->reply.status = status;
    request->reply.body = body;
    request->reply.body_len = body == NULL ? 0 : strlen(body);
    if (request->reply.body_len > 0) {
        reply_add(&request->reply, "Content-Type", "application/json");
    }
}

err admit_idempotency(struct request *request)
{
    const struct idempotency_store *store = &request->server->options.idempotency;
    const char *key = header(request, "idempotency-key");
    if (!request->call.route->idempotent || key == NULL || store->begin == NULL) {
        return OK;
    }
    if (!idempotency_key_is_valid(key)) {
        return fail_field(&request->ctx, "Idempotency-Key", CODE_VALIDATION_ERROR,
            "must be 8 to 64 visible ASCII characters");
    }
    uint8_t hash[CRYPTO_SHA256_LEN];
    int status = 0;
    const char *body = NULL;
    const char *owner = owner_of_key(request);
    crypto_sha256(request->body.data, request->body.len, hash);
    TRY(store->begin(&request->ctx, store->arg, owner, request->match.entry->name, key, hash,
        &status, &body));
    if (status == IDEMPOTENT_STREAM) {
        request->replayed = true;
        request->call.repeated = body;
    } else if (status > 0) {
        replay(request, status, body);
    } else {
        struct ctx_once *once = ARENA_NEW(request->arena, struct ctx_once);
        *once =
            (struct ctx_once){owner, request->match.entry->name, arena_strdup(request->arena, key)};
        request->ctx.once = once;
    }
    return OK;
}

void admit_idempotency_done(struct request *request)
{
    const struct idempotency_store *store = &request->server->options.idempotency;
    const struct reply *reply = &request->reply;
    const struct ctx_once *once = request->ctx.once;
    const bool streams = request->stream != NULL && reply->status < 300;
    const char *keep = request->call.keep;
    if (once == NULL || (streams && keep == NULL)) {
        return;
    }
    const struct err_detail why = request->ctx.error;
    const int finished = reply->status < 500 ? reply->status : 0;
    const int status = streams ? IDEMPOTENT_STREAM : finished;
    const char *body = streams ? keep : reply->body;
    const size_t len = streams ? strlen(keep) : reply->body_len;
    if (!is_ok(store->finish(&request->ctx, store->arg, once->principal, once->route, once->key,
            status, body, status == 0 ? 0 : len))) {
        /* The work is done and committed: the client gets its reply, a repeat of the key learns only that. */
        log_warn(&request->ctx, "http.reply_not_stored",
            LOG_STR("reason", request->ctx.error.text));
    }
    request->ctx.error = why;
}
