/* auth/memo.h - what a worker remembers of sign-ins: verified tokens by their SHA-256, and principals by subject.
 * Bounded: four places a set; the one used longest ago gives way. Memory is taken as places fill.
 * Owns: its copies. Pure: never waits. */
#ifndef AUTH_MEMO_H
#define AUTH_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/principal.h"
#include "core/crypto.h"

#define MEMO_SUBJECT_BYTES 65
#define MEMO_EMAIL_BYTES 256
#define MEMO_NAME_BYTES 128

struct memo;
struct auth_claims;

struct memo *memo_new(void);
void memo_free(struct memo *memo);

/* Texts of *out belong to the memo: valid until the next wait. False: unknown or too old. */
bool memo_find_token(struct memo *memo, const uint8_t digest[CRYPTO_SHA256_LEN], int64_t now_s,
    struct auth_claims *out);
void memo_keep_token(struct memo *memo, const uint8_t digest[CRYPTO_SHA256_LEN],
    const struct auth_claims *claims, int64_t until_s, int64_t now_s);
void memo_forget_tokens(struct memo *memo);

struct memo_person {
    char subject[MEMO_SUBJECT_BYTES];
    struct principal principal;
    int64_t until_ns;       /* 0 = forgotten */
    int64_t email_asked_ns; /* Clerk was last asked for the e-mail; 0 = never */
    int64_t used_ns;
};
/* The place of this subject, made if there was none. */
struct memo_person *memo_person(struct memo *memo, const char *subject, int64_t now_ns);
void memo_forget_person(struct memo *memo, int64_t user_id);

#endif
