#include "search/weights.h"

#include <math.h>
#include <stdbool.h>

#include "core/arena.h"
#include "search/terms.h"

enum { SLOTS_FIRST = 1 << 12, SLOTS_MAX = 1 << 20 };

struct slot {
    uint32_t term;      /* upper half of the hash; 0 = free */
    uint32_t documents; /* how many contain it */
    uint32_t last;      /* number of the last one that did, to count each once */
};

struct weights {
    struct arena *own;
    struct arena *arena; /* of the table: a larger table has a new one, and the old one goes */
    struct slot *slots;
    uint32_t count; /* slots in all, a power of two */
    uint32_t used;
    uint32_t documents;
    bool is_complete, is_cut; /* all was counted; some did not fit */
};

static void new_table(struct weights *weights, uint32_t count)
{
    weights->arena = arena_new(/* pool */ NULL);
    weights->slots = ARENA_ARRAY(weights->arena, struct slot, count);
    weights->count = count;
}

struct weights *weights_new(void)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct weights *weights = ARENA_NEW(arena, struct weights);
    weights->own = arena;
    new_table(weights, SLOTS_FIRST);
    return weights;
}

void weights_free(struct weights *weights)
{
    if (weights != NULL) {
        arena_free(weights->arena);
        arena_free(weights->own);
    }
}

/* The slot of the term, or the free one where it belongs; there always is a free one. */
static struct slot *find_slot(const struct weights *weights, uint32_t term)
{
    const uint32_t mask = weights->count - 1;
    uint32_t at = (term * 0x9E3779B1U) >> 7 & mask;
    while (weights->slots[at].term != 0 && weights->slots[at].term != term) {
        at = (at + 1) & mask;
    }
    return &weights->slots[at];
}

static uint32_t key_of(uint64_t term)
{
    const uint32_t key = (uint32_t)(term >> 32);
    return key != 0 ? key : 1;
}

static void grow(struct weights *weights)
{
    const struct weights old = *weights;
    new_table(weights, old.count * 2);
    for (uint32_t i = 0; i < old.count; i++) {
        if (old.slots[i].term != 0) {
            *find_slot(weights, old.slots[i].term) = old.slots[i];
        }
    }
    arena_free(old.arena);
}

static void count_term(void *arg, enum term_kind kind, uint64_t hash)
{
    (void)kind; /* is part of the hash */
    struct weights *weights = arg;
    struct slot *slot = find_slot(weights, key_of(hash));
    if (slot->term == 0) {
        const bool is_full = weights->used >= weights->count / 2;
        if (is_full && weights->count == SLOTS_MAX) {
            weights->is_cut = true;
            return;
        }
        if (is_full) {
            grow(weights);
            slot = find_slot(weights, key_of(hash));
        }
        slot->term = key_of(hash);
        weights->used++;
    }
    if (slot->last != weights->documents) {
        slot->last = weights->documents;
        slot->documents++;
    }
}

void weights_add(struct weights *weights, const char *document)
{
    weights->documents++;
    terms_each(document, count_term, weights);
}

double weights_of(const struct weights *weights, uint64_t term)
{
    if (weights == NULL || weights->documents == 0) {
        return 1;
    }
    const uint32_t in = find_slot(weights, key_of(term))->documents;
    return log(1 + weights->documents / (in + 0.5));
}

bool weights_know(const struct weights *weights, uint64_t term)
{
    return find_slot(weights, key_of(term))->term != 0;
}

void weights_set_complete(struct weights *weights, bool complete)
{
    weights->is_complete = complete;
}

bool weights_exclude(const struct weights *weights, uint64_t term)
{
    return weights != NULL && weights->is_complete && !weights->is_cut && weights->documents > 0 &&
           !weights_know(weights, term);
}
