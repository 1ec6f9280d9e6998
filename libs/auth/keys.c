#include "auth/keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/json.h"

#define MODULUS_BITS_MIN 2048
#define MODULUS_BITS_MAX 4096
#define NUMBER_MAX_BYTES (MODULUS_BITS_MAX / 8 + 1)

void keys_free(struct auth_key_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        EVP_PKEY_CTX_free(set->keys[i].verify);
    }
    *set = (struct auth_key_set){0};
}

const struct auth_key *keys_find(const struct auth_key_set *set, const char *kid)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->keys[i].kid[0] == '\0' || strcmp(set->keys[i].kid, kid) == 0) {
            return &set->keys[i];
        }
    }
    return NULL;
}

/* Big-endian, base64url. NULL when it is not a number of a size that a key may have. */
static BIGNUM *read_number(const struct json *value)
{
    size_t len = 0;
    const char *text = json_text(value, &len);
    uint8_t bytes[NUMBER_MAX_BYTES];
    const long size =
        text == NULL ? -1 : crypto_base64_decode(text, len, /* url */ true, bytes, sizeof(bytes));
    return size <= 0 ? NULL : BN_bin2bn(bytes, (int)size, NULL);
}

static bool is_strong(const BIGNUM *n, const BIGNUM *e)
{
    const int bits = BN_num_bits(n);
    return bits >= MODULUS_BITS_MIN && bits <= MODULUS_BITS_MAX && BN_is_odd(n) && BN_is_odd(e) &&
           !BN_is_one(e) && BN_num_bits(e) <= 64;
}

static EVP_PKEY *make_rsa(const BIGNUM *n, const BIGNUM *e)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (builder != NULL && context != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(builder)) != NULL &&
        EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        pkey = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

static bool member_is(const struct json *object, const char *name, const char *wanted)
{
    const char *text = json_text(json_get(object, name), /* out_len */ NULL);
    return text != NULL && strcmp(text, wanted) == 0;
}

static bool absent_or(const struct json *object, const char *name, const char *wanted)
{
    return json_get(object, name) == NULL || member_is(object, name, wanted);
}

/* One JWK; NULL for anything we would not verify with. */
static EVP_PKEY *read_jwk(const struct json *jwk)
{
    if (!member_is(jwk, "kty", "RSA") || !absent_or(jwk, "alg", "RS256") ||
        !absent_or(jwk, "use", "sig")) {
        return NULL;
    }
    BIGNUM *n = read_number(json_get(jwk, "n"));
    BIGNUM *e = read_number(json_get(jwk, "e"));
    EVP_PKEY *pkey = n != NULL && e != NULL && is_strong(n, e) ? make_rsa(n, e) : NULL;
    BN_free(n);
    BN_free(e);
    return pkey;
}

/* Takes over the key; NULL if it cannot verify. */
static EVP_PKEY_CTX *make_verify_take(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *verify = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, /* engine */ NULL);
    if (verify != NULL && (EVP_PKEY_verify_init(verify) != 1 ||
                              EVP_PKEY_CTX_set_rsa_padding(verify, RSA_PKCS1_PADDING) != 1 ||
                              EVP_PKEY_CTX_set_signature_md(verify, EVP_sha256()) != 1)) {
        EVP_PKEY_CTX_free(verify);
        verify = NULL;
    }
    EVP_PKEY_free(pkey); /* the context holds on to it */
    return verify;
}

static void add_jwk(const struct json *jwk, struct auth_key_set *set)
{
    size_t len = 0;
    const char *kid = json_text(json_get(jwk, "kid"), &len);
    if (kid == NULL || len == 0 || len >= sizeof(set->keys[0].kid) || keys_find(set, kid) != NULL) {
        return; /* without a name it cannot be found; of two with one name the first counts */
    }
    EVP_PKEY_CTX *verify = make_verify_take(read_jwk(jwk));
    if (verify != NULL) {
        struct auth_key *key = &set->keys[set->count++];
        memcpy(key->kid, kid, len + 1);
        key->verify = verify;
    }
}

err keys_parse_jwks(struct ctx *ctx, const char *text, size_t len, struct auth_key_set *out)
{
    const struct json *root = NULL;
    const err parsed = json_parse(ctx, text, len, &root);
    const struct json *list = is_ok(parsed) ? json_get(root, "keys") : NULL;
    if (json_kind(list) != JSON_KIND_ARRAY) {
        return fail(ctx, ERR_UPSTREAM, "key set is not JSON with a list of keys");
    }
    struct auth_key_set set = {0};
    for (size_t i = 0; i < json_count(list) && set.count < LIMIT_JWKS_KEYS; i++) {
        add_jwk(json_at(list, i), &set);
    }
    if (set.count == 0) {
        return fail(ctx, ERR_UPSTREAM, "key set holds no usable key");
    }
    *out = set;
    return OK;
}

/* Clerk's dashboard copies the key with its frame lines, people paste it without, env files with \n. */
static const char *framed_pem(struct ctx *ctx, const char *text)
{
    char *pem = arena_alloc(ctx->arena, strlen(text) + 1);
    char *end = pem;
    for (const char *c = text; *c != '\0'; c++) {
        if (c[0] == '\\' && c[1] == 'n') {
            *end++ = '\n';
            c++;
        } else {
            *end++ = *c;
        }
    }
    if (strstr(pem, "-----BEGIN") != NULL) {
        return pem;
    }
    return arena_printf(ctx->arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
        pem);
}

err keys_parse_pem(struct ctx *ctx, const char *text, struct auth_key_set *out)
{
    const char *pem = framed_pem(ctx, text);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (pkey == NULL || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA ||
        EVP_PKEY_get_bits(pkey) < MODULUS_BITS_MIN) {
        EVP_PKEY_free(pkey);
        return fail(ctx, ERR_INVALID, "not a PEM public key of RSA with at least %d bits",
            MODULUS_BITS_MIN);
    }
    EVP_PKEY_CTX *verify = make_verify_take(pkey);
    if (verify == NULL) {
        return fail(ctx, ERR_INTERNAL, "a key that cannot verify");
    }
    *out = (struct auth_key_set){.keys = {{.verify = verify}}, .count = 1};
    return OK;
}
