#include "auth/token.h"

#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "auth/keys.h"
#include "auth/members.h"
#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/limits.h"

#define NAME_MAX_BYTES 64
#define SIGNATURE_MAX_BYTES 512

/* Machine-to-machine tokens of Clerk are JWTs of the same keys, but not sessions. */
#define CATEGORY_MACHINE "cl_B7d4PD333AAA"

struct part {
    const char *text;
    size_t len;
};

static err refuse(struct ctx *ctx, const char *why)
{
    return fail(ctx, ERR_UNAUTHENTICATED, "token: %s", why);
}

/* Exactly three parts of the base64url alphabet, none of them empty. */
static bool split(const char *token, size_t len, struct part out[3])
{
    const char *const end = token + len;
    for (size_t i = 0; i < 3; i++) {
        const char *dot = memchr(token, '.', (size_t)(end - token));
        const char *stop = dot == NULL ? end : dot;
        if (stop == token || (dot == NULL) != (i == 2)) {
            return false;
        }
        out[i] = (struct part){token, (size_t)(stop - token)};
        token = stop + 1;
    }
    return true;
}

static err decode_object(struct ctx *ctx, const struct part *part, const struct members **out)
{
    char *text = arena_alloc_raw(ctx->arena, part->len);
    const long len =
        crypto_base64_decode(part->text, part->len, /* url */ true, (uint8_t *)text, part->len);
    if (len < 0) {
        return refuse(ctx, "not base64url");
    }
    struct members *members = arena_alloc_raw(ctx->arena, sizeof(*members));
    if (!members_read(ctx->arena, text, (size_t)len, members)) {
        return refuse(ctx, "not a JSON object");
    }
    *out = members;
    return OK;
}

/* NULL unless the member is text of 1 to NAME_MAX_BYTES printable ASCII characters. */
static const char *short_text(const struct members *object, const char *name)
{
    size_t len = 0;
    const char *text = members_text(object, name, &len);
    if (text == NULL || len == 0 || len > NAME_MAX_BYTES) {
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return NULL;
        }
    }
    return text;
}

err token_read_header(struct ctx *ctx, const char *token, size_t len, struct token_header *out)
{
    /* Members that point at other keys, or must be understood: we never follow one. */
    static const char *const forbidden[] = {
        "crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"};
    struct part parts[3];
    if (len > LIMIT_TOKEN_BYTES || !split(token, len, parts)) {
        return refuse(ctx, "not three parts of reasonable size");
    }
    const struct members *header = NULL;
    TRY(decode_object(ctx, &parts[0], &header));
    if (!members_equal(header, "alg", "RS256")) {
        return refuse(ctx, "alg is not RS256");
    }
    if (members_find(header, "typ") != NULL && !members_equal(header, "typ", "JWT")) {
        return refuse(ctx, "typ is not JWT");
    }
    if (members_equal(header, "cat", CATEGORY_MACHINE)) {
        return refuse(ctx, "a machine token");
    }
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (members_find(header, forbidden[i]) != NULL) {
            return refuse(ctx, "a header member that we do not follow");
        }
    }
    out->kid = short_text(header, "kid");
    return out->kid == NULL ? refuse(ctx, "no usable kid") : OK;
}

static err verify_signature(struct ctx *ctx, const char *token, const struct part *signature,
    const struct auth_key *key)
{
    uint8_t bytes[SIGNATURE_MAX_BYTES];
    const long len =
        crypto_base64_decode(signature->text, signature->len, /* url */ true, bytes, sizeof(bytes));
    if (len < 0) {
        return refuse(ctx, "signature is not base64url");
    }
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_sha256(token, (size_t)(signature->text - token) - 1, digest);
    const bool good = EVP_PKEY_verify(key->verify, bytes, (size_t)len, digest, sizeof(digest)) == 1;
    return good ? OK : refuse(ctx, "wrong signature");
}

/* nbf and iat: absent, or an integer not after now (with the skew). */
static bool is_past(const struct members *claims, const char *name, const struct token_rules *rules)
{
    int64_t at = 0;
    return members_find(claims, name) == NULL ||
           (members_i64(claims, name, &at) && at >= 0 && at <= rules->now_s + rules->skew_s);
}

static err check_times(struct ctx *ctx, const struct members *claims,
    const struct token_rules *rules, int64_t *out_exp)
{
    if (!members_i64(claims, "exp", out_exp)) {
        return refuse(ctx, "exp is not an integer");
    }
    if (*out_exp <= rules->now_s - rules->skew_s) {
        return refuse(ctx, "expired");
    }
    return is_past(claims, "nbf", rules) && is_past(claims, "iat", rules)
               ? OK
               : refuse(ctx, "not valid yet");
}

static bool is_listed(const char *text, const struct strs *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static err check_parties(struct ctx *ctx, const struct members *claims,
    const struct token_rules *rules)
{
    if (!members_equal(claims, "iss", rules->issuer)) {
        return refuse(ctx, "issued by somebody else");
    }
    const char *azp = members_text(claims, "azp", /* out_len */ NULL);
    if (members_find(claims, "azp") != NULL && (azp == NULL || !is_listed(azp, rules->parties))) {
        return refuse(ctx, "made for another front end");
    }
    if (members_find(claims, "sts") != NULL && !members_equal(claims, "sts", "active")) {
        return refuse(ctx, "session is pending");
    }
    return OK;
}

bool token_is_user_id(const char *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const size_t len = strlen(text);
    return len >= 1 && len <= NAME_MAX_BYTES && strspn(text, alphabet) == len &&
           strncmp(text, "mch_", 4) != 0;
}

/* Clerk's default token has neither e-mail nor name: they are custom claims where a product adds them. */
static void read_person(const struct members *claims, struct auth_claims *out)
{
    size_t len = 0;
    const char *email = members_text(claims, "email", &len);
    out->email = email != NULL && len > 0 && len <= 254 ? email : NULL;
    out->email_verified = false;
    if (out->email != NULL && !members_bool(claims, "email_verified", &out->email_verified)) {
        out->email_verified = false;
    }
    const char *name = members_text(claims, "name", &len);
    out->name = name != NULL && len > 0 && len <= 120 ? name : NULL;
}

err token_verify(struct ctx *ctx, const char *token, size_t len, const struct auth_key *key,
    const struct token_rules *rules, struct auth_claims *out)
{
    struct part parts[3];
    if (len > LIMIT_TOKEN_BYTES || !split(token, len, parts)) {
        return refuse(ctx, "not three parts of reasonable size");
    }
    TRY(verify_signature(ctx, token, &parts[2], key));
    const struct members *claims = NULL;
    TRY(decode_object(ctx, &parts[1], &claims));
    struct auth_claims found = {
        .subject = short_text(claims, "sub"), .session_id = short_text(claims, "sid")};
    TRY(check_times(ctx, claims, rules, &found.expires_at_s));
    TRY(check_parties(ctx, claims, rules));
    if (found.subject == NULL || !token_is_user_id(found.subject)) {
        return refuse(ctx, "sub is not a user id");
    }
    if (found.session_id == NULL) {
        return refuse(ctx, "no session (a template token)");
    }
    read_person(claims, &found);
    *out = found;
    return OK;
}

bool token_is_private_key(const char *pem)
{
    if (*pem == '\0') {
        return true;
    }
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    const bool good = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

static int add_claims(jwt_t *jwt, const struct token_new *what)
{
    int bad = jwt_add_header(jwt, "kid", what->kid);
    bad |= jwt_add_grant(jwt, "iss", what->issuer);
    bad |= jwt_add_grant(jwt, "sub", what->subject);
    bad |= jwt_add_grant(jwt, "sid", "sess_development");
    bad |= jwt_add_grant(jwt, "azp", what->party);
    bad |= jwt_add_grant_int(jwt, "iat", (long)what->now_s);
    bad |= jwt_add_grant_int(jwt, "nbf", (long)what->now_s);
    bad |= jwt_add_grant_int(jwt, "exp", (long)(what->now_s + what->lifetime_s));
    if (what->email != NULL) {
        bad |= jwt_add_grant(jwt, "email", what->email);
        bad |= jwt_add_grant_bool(jwt, "email_verified", 1);
    }
    return bad;
}

err token_sign(struct ctx *ctx, const char *private_key_pem, const struct token_new *what,
    const char **out)
{
    jwt_t *jwt = NULL;
    if (jwt_new(&jwt) != 0) {
        return fail(ctx, ERR_INTERNAL, "no memory for a token");
    }
    const int len = (int)strlen(private_key_pem);
    const int bad = add_claims(jwt, what) |
                    jwt_set_alg(jwt, JWT_ALG_RS256, (const uint8_t *)private_key_pem, len);
    char *text = bad != 0 ? NULL : jwt_encode_str(jwt);
    jwt_free(jwt);
    if (text == NULL) {
        return fail(ctx, ERR_INVALID, "cannot sign: is this the PEM of an RSA private key?");
    }
    *out = arena_strdup(ctx->arena, text);
    arena_defer(ctx->arena, free, text);
    return OK;
}
