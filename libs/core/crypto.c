#include "core/crypto.h"

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "core/assert.h"

#define NO_DIGIT 64

static const char standard_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Looked up once: the library's one-shot functions search by name, under a lock, at every call. */
static const EVP_MD *sha256(void)
{
    static EVP_MD *found;
    if (found == NULL) {
        found = EVP_MD_fetch(/* ctx */ NULL, "SHA256", /* properties */ NULL);
        ASSERT(found != NULL);
    }
    return found;
}

void crypto_sha256(const void *data, size_t len, uint8_t out[CRYPTO_SHA256_LEN])
{
    ASSERT(EVP_Digest(data, len, out, /* out_len */ NULL, sha256(), /* engine */ NULL) == 1);
}

/* Made once, as above; it takes a new key at every call. */
static EVP_MAC_CTX *hmac_sha256(void)
{
    static EVP_MAC_CTX *kept;
    if (kept == NULL) {
        char digest[] = "SHA256";
        const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
        EVP_MAC *mac = EVP_MAC_fetch(/* ctx */ NULL, "HMAC", /* properties */ NULL);
        kept = EVP_MAC_CTX_new(mac);
        EVP_MAC_free(mac);
        ASSERT(kept != NULL && EVP_MAC_CTX_set_params(kept, params) == 1);
    }
    return kept;
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
    uint8_t out[CRYPTO_SHA256_LEN])
{
    EVP_MAC_CTX *ctx = hmac_sha256();
    size_t out_len = 0;
    ASSERT(EVP_MAC_init(ctx, key, key_len, /* params */ NULL) == 1 &&
           EVP_MAC_update(ctx, data, len) == 1 &&
           EVP_MAC_final(ctx, out, &out_len, CRYPTO_SHA256_LEN) == 1);
}

void crypto_random(void *out, size_t len)
{
    ASSERT(len <= INT_MAX && RAND_bytes(out, (int)len) == 1);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

/* ---- sealed: nonce, text, tag ---- */

enum { NONCE_LEN = 12, TAG_LEN = CRYPTO_SEAL_MORE - NONCE_LEN };

static EVP_CIPHER_CTX *begin_cipher(const struct crypto_seal *seal, const uint8_t *nonce,
    bool sealing)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;
    ASSERT(ctx != NULL && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), /* engine */ NULL, seal->key,
                              nonce, sealing) == 1);
    ASSERT(EVP_CipherUpdate(ctx, /* out */ NULL, &done, (const uint8_t *)seal->with,
               (int)strlen(seal->with)) == 1);
    return ctx;
}

void crypto_seal(const struct crypto_seal *seal, const void *data, size_t len, uint8_t *out)
{
    int done = 0;
    uint8_t *text = out + NONCE_LEN;
    ASSERT(len <= INT_MAX - CRYPTO_SEAL_MORE);
    crypto_random(out, NONCE_LEN);
    EVP_CIPHER_CTX *ctx = begin_cipher(seal, out, /* sealing */ true);
    ASSERT(EVP_CipherUpdate(ctx, text, &done, data, (int)len) == 1 &&
           EVP_CipherFinal_ex(ctx, text + len, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, text + len) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

bool crypto_unseal(const struct crypto_seal *seal, const uint8_t *sealed, size_t len, uint8_t *out)
{
    uint8_t tag[TAG_LEN];
    int done = 0;
    if (len < CRYPTO_SEAL_MORE || len > INT_MAX) {
        return false;
    }
    const size_t text_len = len - CRYPTO_SEAL_MORE;
    memcpy(tag, sealed + len - TAG_LEN, TAG_LEN);
    EVP_CIPHER_CTX *ctx = begin_cipher(seal, sealed, /* sealing */ false);
    const bool whole = EVP_CipherUpdate(ctx, out, &done, sealed + NONCE_LEN, (int)text_len) == 1 &&
                       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
                       EVP_CipherFinal_ex(ctx, out + text_len, &done) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return whole;
}

static inline void encode_group(const uint8_t bytes[3], const char *digits, char out[4])
{
    out[0] = digits[bytes[0] >> 2];
    out[1] = digits[(bytes[0] << 4 | bytes[1] >> 4) & 63];
    out[2] = digits[(bytes[1] << 2 | bytes[2] >> 6) & 63];
    out[3] = digits[bytes[2] & 63];
}

long crypto_base64_encode(const void *data, size_t len, bool url, char *out, size_t out_cap)
{
    const uint8_t *bytes = data;
    const char *digits = url ? url_digits : standard_digits;
    const size_t whole = len / 3, rest = len % 3;
    const size_t padding = rest > 0 ? 3 - rest : 0;
    const size_t out_len = (whole + (rest > 0)) * 4 - (url ? padding : 0);
    if (len > LONG_MAX / 2 || out_cap <= out_len) {
        return -1;
    }
    for (size_t i = 0; i < whole; i++) {
        encode_group(bytes + 3 * i, digits, out + 4 * i);
    }
    if (rest > 0) {
        uint8_t last[3] = {0};
        char group[4];
        memcpy(last, bytes + 3 * whole, rest);
        encode_group(last, digits, group);
        memset(group + 4 - padding, '=', padding);
        memcpy(out + 4 * whole, group, out_len - 4 * whole);
    }
    out[out_len] = '\0';
    return (long)out_len;
}

/* The value of every byte as a digit, or NO_DIGIT. */
static const uint8_t *values_of(bool url)
{
    static uint8_t tables[2][UCHAR_MAX + 1];
    uint8_t *values = tables[url];
    if (values['A'] == values['B']) { /* not made yet */
        memset(values, NO_DIGIT, sizeof(tables[url]));
        for (uint8_t i = 0; i < NO_DIGIT; i++) {
            values[(unsigned char)(url ? url_digits : standard_digits)[i]] = i;
        }
    }
    return values;
}

/* Four digits as 24 bits, the first digit on top; more than that where one is no digit. */
static inline uint32_t decode_group(const char text[4], const uint8_t *values)
{
    const uint32_t a = values[(unsigned char)text[0]];
    const uint32_t b = values[(unsigned char)text[1]];
    const uint32_t c = values[(unsigned char)text[2]];
    const uint32_t d = values[(unsigned char)text[3]];
    return (a << 18 | b << 12 | c << 6 | d) | ((a | b | c | d) & NO_DIGIT) << 18;
}

/* The last two or three digits. Left-over bits must be zero: one value has one spelling. */
static bool decode_rest(const char *text, size_t len, const uint8_t *values, uint8_t *out)
{
    char group[4] = "AAAA";
    memcpy(group, text, len);
    const uint32_t bits = decode_group(group, values);
    out[0] = (uint8_t)(bits >> 16);
    if (len == 3) {
        out[1] = (uint8_t)(bits >> 8);
    }
    return bits >> 24 == 0 && (bits & (len == 3 ? 0xff : 0xffff)) == 0;
}

static size_t without_padding(const char *text, size_t len)
{
    if (len == 0 || len % 4 != 0 || text[len - 1] != '=') {
        return len;
    }
    return text[len - 2] == '=' ? len - 2 : len - 1;
}

long crypto_base64_decode(const char *text, size_t len, bool url, uint8_t *out, size_t out_cap)
{
    len = url ? len : without_padding(text, len);
    const size_t out_len = len / 4 * 3 + len % 4 * 3 / 4;
    if (len % 4 == 1 || out_len > out_cap) {
        return -1;
    }
    const uint8_t *values = values_of(url);
    size_t at = 0;
    for (; len - at >= 4; at += 4) {
        const uint32_t bits = decode_group(text + at, values);
        if (bits >> 24 != 0) {
            return -1;
        }
        *out++ = (uint8_t)(bits >> 16);
        *out++ = (uint8_t)(bits >> 8);
        *out++ = (uint8_t)bits;
    }
    return at == len || decode_rest(text + at, len - at, values, out) ? (long)out_len : -1;
}

void crypto_hex(const void *data, size_t len, char *out)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        *out++ = "0123456789abcdef"[bytes[i] >> 4];
        *out++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *out = '\0';
}

void crypto_sha256_hex(const void *data, size_t len, size_t bytes, char *out)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    ASSERT(bytes <= sizeof(digest));
    crypto_sha256(data, len, digest);
    crypto_hex(digest, bytes, out);
}

void crypto_random_hex(size_t bytes, char *out)
{
    uint8_t random[CRYPTO_SHA256_LEN];
    ASSERT(bytes <= sizeof(random));
    crypto_random(random, bytes);
    crypto_hex(random, bytes, out);
}
