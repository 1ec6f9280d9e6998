#include "core/crypto.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "core/assert.h"

static const char standard_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void crypto_sha256(const void *data, size_t len, uint8_t out[CRYPTO_SHA256_LEN])
{
    ASSERT(SHA256(data, len, out) != NULL);
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
    uint8_t out[CRYPTO_SHA256_LEN])
{
    ASSERT(key_len <= INT_MAX);
    ASSERT(HMAC(EVP_sha256(), key, (int)key_len, data, len, out, NULL) != NULL);
}

void crypto_random(void *out, size_t len)
{
    ASSERT(len <= INT_MAX && RAND_bytes(out, (int)len) == 1);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

/* The four digits of up to three bytes, '=' for what they do not fill. */
static void encode_group(const uint8_t *bytes, size_t len, const char *digits, char out[4])
{
    unsigned bits = (unsigned)bytes[0] << 16;
    bits |= len > 1 ? (unsigned)bytes[1] << 8 : 0;
    bits |= len > 2 ? (unsigned)bytes[2] : 0;
    for (size_t i = 0; i < 4; i++) {
        out[i] = i <= len ? digits[bits >> (18 - 6 * i) & 63] : '=';
    }
}

long crypto_base64_encode(const void *data, size_t len, bool url, char *out, size_t out_cap)
{
    const uint8_t *bytes = data;
    const size_t padding = (3 - len % 3) % 3;
    const size_t out_len = (len + padding) / 3 * 4 - (url ? padding : 0);
    if (len > LONG_MAX / 2 || out_cap <= out_len) {
        return -1;
    }
    for (size_t i = 0, at = 0; i < len; i += 3, at += 4) {
        char group[4];
        encode_group(bytes + i, len - i < 3 ? len - i : 3, url ? url_digits : standard_digits,
            group);
        memcpy(out + at, group, out_len - at < 4 ? out_len - at : 4);
    }
    out[out_len] = '\0';
    return (long)out_len;
}

static int digit_value(char c, bool url)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (url ? '-' : '+')) {
        return 62;
    }
    return c == (url ? '_' : '/') ? 63 : -1;
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
    unsigned bits = 0;
    unsigned bit_count = 0;
    uint8_t *to = out;
    for (size_t i = 0; i < len; i++) {
        const int value = digit_value(text[i], url);
        if (value < 0) {
            return -1;
        }
        bits = (bits << 6 | (unsigned)value) & 0xfff;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            *to++ = (uint8_t)(bits >> bit_count);
        }
    }
    /* Left-over bits must be zero: one value has one spelling. */
    return (bits & ((1U << bit_count) - 1)) == 0 ? (long)out_len : -1;
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
