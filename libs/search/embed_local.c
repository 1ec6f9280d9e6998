#include "search/embed_local.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "search/embedder.h"
#include "search/terms.h"
#include "search/weights.h"

enum { COUNTS_KNOWN = 32 };
static const double weight_unit = 1024;

struct seen {
    uint64_t hash; /* 0 = free */
    uint32_t count;
    enum term_kind kind;
};

/* The different terms of a text with their counts: open addressing, in the order of their hashes. */
struct bag {
    struct arena *arena;
    const struct weights *excluding; /* NULL = all terms count */
    struct seen *slots;
    uint32_t count; /* slots in all, a power of two */
    uint32_t used;
};

static struct seen *find_slot(const struct bag *bag, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash >> 16) & (bag->count - 1);
    while (bag->slots[at].hash != 0 && bag->slots[at].hash != hash) {
        at = (at + 1) & (bag->count - 1);
    }
    return &bag->slots[at];
}

static void init_bag(struct bag *bag, struct arena *arena, uint32_t count)
{
    bag->arena = arena;
    bag->slots = ARENA_ARRAY(arena, struct seen, count);
    bag->count = count;
    bag->used = 0;
}

static void grow(struct bag *bag)
{
    const struct bag old = *bag;
    init_bag(bag, old.arena, old.count * 4);
    bag->used = old.used;
    for (uint32_t i = 0; i < old.count; i++) {
        if (old.slots[i].hash != 0) {
            *find_slot(bag, old.slots[i].hash) = old.slots[i];
        }
    }
}

static void count_term(void *arg, enum term_kind kind, uint64_t hash)
{
    struct bag *bag = arg;
    /* what no text has would only make the rest look smaller */
    if (kind == TERM_STRANGE || weights_exclude(bag->excluding, hash)) {
        return;
    }
    if (bag->used >= bag->count / 2) {
        grow(bag);
    }
    struct seen *slot = find_slot(bag, hash);
    if (slot->hash == 0) {
        *slot = (struct seen){hash, 0, kind};
        bag->used++;
    }
    slot->count++;
}

/* 1 + ln(count) in 1/1024; more than 32 count as 32. */
static int64_t log_count(uint32_t count)
{
    static const uint16_t logs[COUNTS_KNOWN] = {1024, 1734, 2149, 2444, 2672, 2859, 3017, 3153,
        3274, 3382, 3479, 3569, 3650, 3726, 3797, 3863, 3925, 3984, 4039, 4092, 4142, 4189, 4235,
        4278, 4320, 4360, 4399, 4436, 4472, 4507, 4540, 4573};
    return logs[(count < COUNTS_KNOWN ? count : COUNTS_KNOWN) - 1];
}

static void add_term(const struct seen *seen, const struct weights *weights, int64_t dims,
    int64_t *sums)
{
    static const int64_t kinds[TERM_KINDS] = {100, 100, 35, 50, 50, 400}; /* hundredths */
    const double telling = weights_of(weights, seen->hash);
    const int64_t value =
        kinds[seen->kind] * log_count(seen->count) * (int64_t)(telling * weight_unit + 0.5);
    int64_t *sum = &sums[seen->hash % (uint64_t)dims];
    *sum += seen->hash >> 63 ? -value : value;
}

/* False: nothing there, or all of it cancelled out. */
static bool normalise(const int64_t *sums, int64_t dims, float *out)
{
    double squares = 0;
    for (int64_t i = 0; i < dims; i++) {
        squares += (double)sums[i] * (double)sums[i];
    }
    const double length = sqrt(squares);
    for (int64_t i = 0; i < dims && length > 0; i++) {
        out[i] = (float)((double)sums[i] / length);
    }
    return length > 0;
}

static struct embedding embed(struct bag bag, const char *text, int64_t dims,
    const struct weights *weights)
{
    struct arena *arena = bag.arena;
    init_bag(&bag, arena, /* count */ 1024);
    terms_each_of_query(text, weights, count_term, &bag);
    int64_t *sums = ARENA_ARRAY(arena, int64_t, (size_t)dims);
    for (uint32_t i = 0; i < bag.count; i++) {
        if (bag.slots[i].hash != 0) {
            add_term(&bag.slots[i], weights, dims, sums);
        }
    }
    float *values = ARENA_ARRAY(arena, float, (size_t)dims);
    if (!normalise(sums, dims, values)) {
        values[terms_hash(text) % (uint64_t)dims] = 1; /* only signs: like nothing but itself */
    }
    return (struct embedding){values, dims};
}

struct embedding embed_local(struct arena *arena, const char *text, int64_t dims,
    const struct weights *weights)
{
    return embed((struct bag){.arena = arena, .excluding = weights}, text, dims, weights);
}

struct embedding embed_local_whole(struct arena *arena, const char *text, int64_t dims,
    const struct weights *weights)
{
    return embed((struct bag){.arena = arena}, text, dims, weights);
}
