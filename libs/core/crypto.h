/* core/crypto.h - the few primitives the product needs, over OpenSSL. Never waits, never allocates for the
 * caller. Failures of the library itself (no memory, no entropy) abort: nothing safe can follow them. */
#ifndef CORE_CRYPTO_H
#define CORE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_SHA256_LEN 32

void crypto_sha256(const void *data, size_t len, uint8_t out[CRYPTO_SHA256_LEN]);
void crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
    uint8_t out[CRYPTO_SHA256_LEN]);
void crypto_random(void *out, size_t len);
/* Constant time for equal lengths. */
bool crypto_equal(const void *a, const void *b, size_t len);

/* AES-256-GCM with a random nonce: without the key nobody reads it or changes it unnoticed. `with` is not in it, but opens it: the
 * same text as when it was sealed. */
#define CRYPTO_SEAL_KEY_LEN 32
#define CRYPTO_SEAL_MORE 28 /* bytes that sealing adds */
struct crypto_seal {
    const uint8_t *key; /* CRYPTO_SEAL_KEY_LEN */
    const char *with;
};
/* out has room for len + CRYPTO_SEAL_MORE. */
void crypto_seal(const struct crypto_seal *seal, const void *data, size_t len, uint8_t *out);
/* out has room for len - CRYPTO_SEAL_MORE, its length then; false: not sealed so, or not as it was. */
bool crypto_unseal(const struct crypto_seal *seal, const uint8_t *sealed, size_t len, uint8_t *out);

/* Return the length, or -1 if out is too small (encoding also writes a NUL) or the text is not valid.
 * Decoding takes one spelling of each value only: no blanks, no left-over bits.
 * url: base64url without padding; otherwise standard base64 (decoding accepts missing padding). */
long crypto_base64_encode(const void *data, size_t len, bool url, char *out, size_t out_cap);
long crypto_base64_decode(const char *text, size_t len, bool url, uint8_t *out, size_t out_cap);

/* Lower-case hex; out needs 2 * len + 1 bytes. */
void crypto_hex(const void *data, size_t len, char *out);
/* The first bytes of the SHA-256, or random ones, as hex: out needs 2 * bytes + 1. At most CRYPTO_SHA256_LEN of them. */
void crypto_sha256_hex(const void *data, size_t len, size_t bytes, char *out);
void crypto_random_hex(size_t bytes, char *out);

#endif
