#include "core/lru.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/crypto.h"

#define BUCKETS_FIRST 64
#define SHARE_MAX 4 /* one value takes at most this part of all */
#define HASH_PRIME 0x100000001b3U

struct entry {
    struct entry *next_in_bucket;
    struct entry *newer, *older;
    uint64_t hash;
    size_t len, bytes;
    const char *key;                   /* behind the value */
    alignas(max_align_t) char value[]; /* then the key */
};

struct lru {
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
    uint64_t seed;       /* so that nobody outside can aim at a bucket */
    struct entry *newest, *oldest;
    size_t max_bytes;
    struct lru_state state;
};

struct lru *lru_new(size_t max_bytes)
{
    struct lru *lru = calloc(1, sizeof(*lru));
    ASSERT(lru != NULL);
    lru->max_bytes = max_bytes;
    crypto_random(&lru->seed, sizeof(lru->seed));
    lru->bucket_count = BUCKETS_FIRST;
    lru->buckets = calloc(lru->bucket_count, sizeof(*lru->buckets));
    ASSERT(lru->buckets != NULL);
    return lru;
}

void lru_free(struct lru *lru)
{
    if (lru != NULL) {
        lru_clear(lru);
        free(lru->buckets);
        free(lru);
    }
}

static uint64_t hash_of(const struct lru *lru, const char *key)
{
    uint64_t hash = lru->seed;
    for (; *key != '\0'; key++) {
        hash = (hash ^ (unsigned char)*key) * HASH_PRIME;
    }
    return hash ^ hash >> 32;
}

static struct entry **link_to(const struct lru *lru, uint64_t hash, const char *key)
{
    struct entry **link = &lru->buckets[hash & (lru->bucket_count - 1)];
    while (*link != NULL && ((*link)->hash != hash || strcmp((*link)->key, key) != 0)) {
        link = &(*link)->next_in_bucket;
    }
    return link;
}

static void unlink_age(struct lru *lru, struct entry *entry)
{
    *(entry->newer == NULL ? &lru->newest : &entry->newer->older) = entry->older;
    *(entry->older == NULL ? &lru->oldest : &entry->older->newer) = entry->newer;
}

static void link_newest(struct lru *lru, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = lru->newest;
    *(lru->newest == NULL ? &lru->oldest : &lru->newest->newer) = entry;
    lru->newest = entry;
}

static void drop(struct lru *lru, struct entry *entry)
{
    *link_to(lru, entry->hash, entry->key) = entry->next_in_bucket;
    unlink_age(lru, entry);
    lru->state.entries--;
    lru->state.bytes -= entry->bytes;
    free(entry);
}

void *lru_get(struct lru *lru, const char *key, size_t *out_len)
{
    struct entry *entry = *link_to(lru, hash_of(lru, key), key);
    if (entry == NULL) {
        return NULL;
    }
    if (entry != lru->newest) {
        unlink_age(lru, entry);
        link_newest(lru, entry);
    }
    *out_len = entry->len;
    return entry->value;
}

static void grow(struct lru *lru)
{
    const size_t count = lru->bucket_count * 2;
    struct entry **buckets = calloc(count, sizeof(*buckets));
    ASSERT(buckets != NULL);
    for (struct entry *entry = lru->newest; entry != NULL; entry = entry->older) {
        struct entry **bucket = &buckets[entry->hash & (count - 1)];
        entry->next_in_bucket = *bucket;
        *bucket = entry;
    }
    free(lru->buckets);
    lru->buckets = buckets;
    lru->bucket_count = count;
}

void *lru_room(struct lru *lru, const char *key, size_t len)
{
    const uint64_t hash = hash_of(lru, key);
    struct entry *former = *link_to(lru, hash, key);
    if (former != NULL) {
        drop(lru, former);
    }
    const size_t key_bytes = strlen(key) + 1;
    const size_t bytes = sizeof(struct entry) + len + key_bytes;
    if (bytes > lru->max_bytes / SHARE_MAX) {
        return NULL;
    }
    while (lru->state.bytes + bytes > lru->max_bytes) {
        drop(lru, lru->oldest);
        lru->state.evicted++;
    }
    if (lru->state.entries == lru->bucket_count) {
        grow(lru);
    }
    struct entry *entry = malloc(bytes);
    ASSERT(entry != NULL);
    char *key_copy = entry->value + len;
    memcpy(key_copy, key, key_bytes);
    entry->hash = hash;
    entry->len = len;
    entry->bytes = bytes;
    entry->key = key_copy;
    struct entry **bucket = &lru->buckets[hash & (lru->bucket_count - 1)];
    entry->next_in_bucket = *bucket;
    *bucket = entry;
    link_newest(lru, entry);
    lru->state.entries++;
    lru->state.bytes += bytes;
    return entry->value;
}

void lru_put(struct lru *lru, const char *key, const void *value, size_t len)
{
    void *room = lru_room(lru, key, len);
    if (room != NULL) {
        memcpy(room, value, len);
    }
}

void lru_clear(struct lru *lru)
{
    while (lru->oldest != NULL) {
        drop(lru, lru->oldest);
    }
}

struct lru_state lru_state(const struct lru *lru)
{
    return lru->state;
}
