#include "auth/memo.h"

#include <string.h>

#include "auth/auth.h"
#include "core/arena.h"
#include "core/limits.h"

#define WAYS 4
#define SETS (LIMIT_TOKEN_CACHE_ENTRIES / WAYS)

/* What a look-up reads of a token that is not the one: kept apart, so that four of them are two cache lines. */
struct token_mark {
    uint64_t tag;    /* beginning of the digest */
    int64_t until_s; /* 0 = free */
    int64_t used_s;
};
struct token_entry {
    uint8_t digest[CRYPTO_SHA256_LEN];
    int64_t expires_at_s;
    bool email_verified;
    char subject[MEMO_SUBJECT_BYTES];
    char session_id[MEMO_SUBJECT_BYTES];
    char email[MEMO_EMAIL_BYTES]; /* "" = NULL */
    char name[MEMO_NAME_BYTES];   /* "" = NULL */
};
struct token_set {
    struct token_mark marks[WAYS];
    struct token_entry ways[WAYS];
};
struct person_set {
    struct memo_person ways[WAYS];
};

struct memo {
    struct arena *arena;
    struct token_set *tokens[SETS];
    struct person_set *people[SETS];
};

struct memo *memo_new(void)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct memo *memo = ARENA_NEW(arena, struct memo);
    memo->arena = arena;
    return memo;
}

void memo_free(struct memo *memo)
{
    if (memo != NULL) {
        arena_free(memo->arena);
    }
}

static struct token_set *token_set(struct memo *memo, const uint8_t digest[CRYPTO_SHA256_LEN])
{
    const size_t at = ((size_t)digest[0] | (size_t)digest[1] << 8) % SETS;
    if (memo->tokens[at] == NULL) {
        memo->tokens[at] = ARENA_NEW(memo->arena, struct token_set);
    }
    return memo->tokens[at];
}

static const char *or_null(const char *text)
{
    return *text == '\0' ? NULL : text;
}

static uint64_t tag_of(const uint8_t digest[CRYPTO_SHA256_LEN])
{
    uint64_t tag;
    memcpy(&tag, digest, sizeof(tag));
    return tag;
}

bool memo_find_token(struct memo *memo, const uint8_t digest[CRYPTO_SHA256_LEN], int64_t now_s,
    struct auth_claims *out)
{
    struct token_set *set = token_set(memo, digest);
    for (size_t i = 0; i < WAYS; i++) {
        const struct token_entry *entry = &set->ways[i];
        struct token_mark *mark = &set->marks[i];
        if (mark->until_s > now_s && mark->tag == tag_of(digest) &&
            crypto_equal(entry->digest, digest, CRYPTO_SHA256_LEN)) {
            mark->used_s = now_s;
            *out = (struct auth_claims){
                .subject = entry->subject,
                .session_id = entry->session_id,
                .email = or_null(entry->email),
                .email_verified = entry->email_verified,
                .name = or_null(entry->name),
                .expires_at_s = entry->expires_at_s,
            };
            return true;
        }
    }
    return false;
}

/* Claims are bounded when they are read; a longer text would only miss the memo. */
static bool copy(char *to, size_t cap, const char *text)
{
    const size_t len = text == NULL ? 0 : strlen(text);
    if (len >= cap) {
        return false;
    }
    memcpy(to, text == NULL ? "" : text, len + 1);
    return true;
}

void memo_keep_token(struct memo *memo, const uint8_t digest[CRYPTO_SHA256_LEN],
    const struct auth_claims *claims, int64_t until_s, int64_t now_s)
{
    struct token_set *set = token_set(memo, digest);
    size_t oldest = 0;
    for (size_t i = 1; i < WAYS; i++) {
        oldest = set->marks[i].used_s < set->marks[oldest].used_s ? i : oldest;
    }
    struct token_entry *victim = &set->ways[oldest];
    struct token_mark *mark = &set->marks[oldest];
    *mark = (struct token_mark){.tag = tag_of(digest), .used_s = now_s};
    memcpy(victim->digest, digest, CRYPTO_SHA256_LEN);
    victim->expires_at_s = claims->expires_at_s;
    victim->email_verified = claims->email_verified;
    if (copy(victim->subject, sizeof(victim->subject), claims->subject) &&
        copy(victim->session_id, sizeof(victim->session_id), claims->session_id) &&
        copy(victim->email, sizeof(victim->email), claims->email) &&
        copy(victim->name, sizeof(victim->name), claims->name)) {
        mark->until_s = until_s;
    }
}

void memo_forget_tokens(struct memo *memo)
{
    for (size_t i = 0; i < SETS; i++) {
        for (size_t way = 0; memo->tokens[i] != NULL && way < WAYS; way++) {
            memo->tokens[i]->marks[way].until_s = 0;
        }
    }
}

struct memo_person *memo_person(struct memo *memo, const char *subject, int64_t now_ns)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_sha256(subject, strlen(subject), digest);
    const size_t at = ((size_t)digest[0] | (size_t)digest[1] << 8) % SETS;
    if (memo->people[at] == NULL) {
        memo->people[at] = ARENA_NEW(memo->arena, struct person_set);
    }
    struct memo_person *oldest = &memo->people[at]->ways[0];
    for (size_t i = 0; i < WAYS; i++) {
        struct memo_person *person = &memo->people[at]->ways[i];
        if (strcmp(person->subject, subject) == 0) {
            person->used_ns = now_ns;
            return person;
        }
        if (person->used_ns < oldest->used_ns) {
            oldest = person;
        }
    }
    *oldest = (struct memo_person){.used_ns = now_ns};
    (void)copy(oldest->subject, sizeof(oldest->subject), subject);
    return oldest;
}

void memo_forget_person(struct memo *memo, int64_t user_id)
{
    for (size_t i = 0; i < SETS; i++) {
        for (size_t way = 0; memo->people[i] != NULL && way < WAYS; way++) {
            struct memo_person *person = &memo->people[i]->ways[way];
            if (person->principal.user_id == user_id) {
                person->until_ns = 0;
            }
        }
    }
}
