#include "search/gate.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "search/embedder.h"
#include "search/terms.h"
#include "search/weights.h"

enum { SLOTS_FIRST = 256 };
#define REMOTE_SIMILARITY 0.30
#define LOCAL_EVIDENCE 0.43
#define LOCAL_COSINE 0.5 /* part of the cosine in the evidence; the rest is the share */

struct gram {
    uint64_t hash; /* 0 = free */
    float mass;
    uint32_t seen_in; /* number of the last text that had it */
};

/* What changes while texts are looked at. */
struct grams {
    struct arena *arena;
    const struct weights *weights;
    struct gram *slots;
    uint32_t count, used; /* count: a power of two */
    uint32_t text;        /* number of the present one */
    double total, found;
};

struct gate {
    struct grams *grams;
    bool local;
    double threshold;
};

static struct gram *find_slot(const struct grams *grams, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash >> 16) & (grams->count - 1);
    while (grams->slots[at].hash != 0 && grams->slots[at].hash != hash) {
        at = (at + 1) & (grams->count - 1);
    }
    return &grams->slots[at];
}

static void grow(struct grams *grams)
{
    const struct grams old = *grams;
    grams->count *= 2;
    grams->slots = ARENA_ARRAY(grams->arena, struct gram, grams->count);
    for (uint32_t i = 0; i < old.count; i++) {
        if (old.slots[i].hash != 0) {
            *find_slot(grams, old.slots[i].hash) = old.slots[i];
        }
    }
}

static void add_gram(void *arg, enum term_kind kind, uint64_t hash)
{
    struct grams *grams = arg;
    if (kind < TERM_GRAM3) {
        return;
    }
    if (grams->used >= grams->count / 2) {
        grow(grams);
    }
    struct gram *slot = find_slot(grams, hash);
    if (slot->hash == 0) {
        *slot = (struct gram){hash, (float)weights_of(grams->weights, hash), 0};
        grams->total += (double)slot->mass;
        grams->used++;
    }
}

static void find_gram(void *arg, enum term_kind kind, uint64_t hash)
{
    struct grams *grams = arg;
    if (kind < TERM_GRAM3) {
        return;
    }
    struct gram *slot = find_slot(grams, hash);
    if (slot->hash != 0 && slot->seen_in != grams->text) {
        slot->seen_in = grams->text;
        grams->found += (double)slot->mass;
    }
}

struct gate *gate_new(struct arena *arena, const struct embedder *embedder, const char *model,
    const struct weights *weights, const char *query, double min_similarity)
{
    struct gate *gate = ARENA_NEW(arena, struct gate);
    (void)embedder;
    gate->local = embedder_is_local(model);
    gate->threshold = min_similarity >= 0 ? min_similarity
                      : gate->local       ? LOCAL_EVIDENCE
                                          : REMOTE_SIMILARITY;
    gate->grams = ARENA_NEW(arena, struct grams);
    gate->grams->arena = arena;
    gate->grams->weights = weights;
    gate->grams->count = SLOTS_FIRST;
    gate->grams->slots = ARENA_ARRAY(arena, struct gram, SLOTS_FIRST);
    terms_each(query, add_gram, gate->grams);
    return gate;
}

double gate_share(const struct gate *gate, const char *text)
{
    struct grams *grams = gate->grams;
    grams->text++;
    grams->found = 0;
    terms_each(text, find_gram, grams);
    return grams->total > 0 ? grams->found / grams->total : 0;
}

bool gate_passes(const struct gate *gate, const struct evidence *evidence)
{
    if (!gate->local && evidence->has_cosine) {
        return evidence->strict || evidence->cosine >= gate->threshold;
    }
    const double share = gate_share(gate, evidence->text);
    if (!evidence->has_cosine) {
        return share >= gate->threshold;
    }
    return (1 - LOCAL_COSINE) * share + LOCAL_COSINE * evidence->cosine >=
           gate->threshold * (1 - LOCAL_COSINE);
}

double gate_min_similarity(const struct gate *gate)
{
    return gate->threshold;
}
