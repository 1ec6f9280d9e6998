#include "search/gate.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "search/embedder.h"
#include "search/letters.h"
#include "search/terms.h"
#include "search/weights.h"

enum { SLOTS_FIRST = 64, STRANGE_LEAST = 2 };
#define GRAMS_PER_WORD 5.0

/* Calibrated as docs/search.md tells: how much each observation says, and how much is said by an answer. */
struct rule {
    double cosine, keyword, letters, length, ideas, words, unknown, declined, least;
    double beside; /* so much less is enough beside an answer */
};
static const struct rule plain_rule = {
    .cosine = 9.0, .length = 1.0, .ideas = 2.5, .words = 2.4, .least = 7.0, .beside = 3.0};
static const struct rule declining_rule = {.cosine = 14.5,
    .keyword = 2.6,
    .letters = 6.0,
    .length = 2.4,
    .words = 0.9,
    .unknown = -4.1,
    .declined = -10.8,
    .least = 7.7,
    .beside = 3.0};
#define REMOTE_SIMILARITY 0.30
#define LOCAL_SURE 0.5   /* what the logistic function makes of it */
#define WORDS_ALONE 0.36 /* share, when there is no vector */
#define IDEA_MASS 4.0F

struct term {
    uint64_t hash; /* 0 = free */
    float mass;
    bool is_idea;
    uint32_t seen_in; /* number of the last text that had it */
};

struct share {
    double words, ideas; /* mass; words counts the ideas too */
};

/* The words and ideas of the query; what changes while texts are looked at stands here too. */
struct terms {
    struct arena *arena;
    const struct weights *weights;
    struct term *slots;
    uint32_t count, used;    /* count: a power of two */
    uint32_t grams;          /* how long the query is */
    uint32_t words, strange; /* words of it, and those that nobody knows */
    uint32_t text;           /* number of the present one */
    struct share total, found;
};

struct gate {
    struct terms *terms;
    bool local, spaceless;
    double threshold;
};

static struct term *find_slot(const struct terms *terms, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash >> 16) & (terms->count - 1);
    while (terms->slots[at].hash != 0 && terms->slots[at].hash != hash) {
        at = (at + 1) & (terms->count - 1);
    }
    return &terms->slots[at];
}

static void grow(struct terms *terms)
{
    const struct terms old = *terms;
    terms->count *= 2;
    terms->slots = ARENA_ARRAY(terms->arena, struct term, terms->count);
    for (uint32_t i = 0; i < old.count; i++) {
        if (old.slots[i].hash != 0) {
            *find_slot(terms, old.slots[i].hash) = old.slots[i];
        }
    }
}

static void add_mass(struct share *share, const struct term *term)
{
    share->words += (double)term->mass;
    share->ideas += term->is_idea ? (double)term->mass : 0;
}

static void add_term(void *arg, enum term_kind kind, uint64_t hash)
{
    struct terms *terms = arg;
    terms->grams += kind == TERM_GRAM3;
    terms->words += kind == TERM_WORD;
    terms->strange += kind == TERM_STRANGE;
    if (kind != TERM_WORD && kind != TERM_IDEA) {
        return;
    }
    if (terms->used >= terms->count / 2) {
        grow(terms);
    }
    struct term *slot = find_slot(terms, hash);
    if (slot->hash == 0) {
        const float weight = kind == TERM_IDEA ? IDEA_MASS : 1;
        *slot = (struct term){
            hash, weight * (float)weights_of(terms->weights, hash), kind == TERM_IDEA, 0};
        add_mass(&terms->total, slot);
        terms->used++;
    }
}

static void find_term(void *arg, enum term_kind kind, uint64_t hash)
{
    struct terms *terms = arg;
    if (kind != TERM_WORD && kind != TERM_IDEA) {
        return;
    }
    struct term *slot = find_slot(terms, hash);
    if (slot->hash != 0 && slot->seen_in != terms->text) {
        slot->seen_in = terms->text;
        add_mass(&terms->found, slot);
    }
}

static bool is_spaceless(const char *text)
{
    uint32_t c = letter_next(&text);
    while (c != 0 && letter_class(c) != LETTER_RUN) {
        c = letter_next(&text);
    }
    return c != 0;
}

struct gate *gate_new(struct arena *arena, const char *model, const struct weights *weights,
    const char *query, double min_similarity)
{
    struct gate *gate = ARENA_NEW(arena, struct gate);
    gate->local = embedder_is_local(model);
    gate->spaceless = is_spaceless(query);
    gate->threshold = min_similarity >= 0 ? min_similarity
                      : gate->local       ? LOCAL_SURE
                                          : REMOTE_SIMILARITY;
    gate->terms = ARENA_NEW(arena, struct terms);
    gate->terms->arena = arena;
    gate->terms->weights = weights;
    gate->terms->count = SLOTS_FIRST;
    gate->terms->slots = ARENA_ARRAY(arena, struct term, SLOTS_FIRST);
    terms_each_of_query(query, weights, add_term, gate->terms);
    return gate;
}

static struct share share_of(const struct gate *gate, const char *text)
{
    struct terms *terms = gate->terms;
    terms->text++;
    terms->found = (struct share){0};
    terms_each_word(text, find_term, terms);
    const struct share *total = &terms->total, *found = &terms->found;
    return (struct share){total->words > 0 ? found->words / total->words : 0,
        total->ideas > 0 ? found->ideas / total->ideas : 0};
}

double gate_share(const struct gate *gate, const char *text)
{
    return share_of(gate, text).words;
}

static const struct rule *rule_for(const struct evidence *evidence)
{
    return evidence->has_declined ? &declining_rule : &plain_rule;
}

struct gate_reading gate_read(const struct gate *gate, const char *text)
{
    const struct terms *terms = gate->terms;
    const struct share share = share_of(gate, text);
    return (struct gate_reading){
        .length = log(1 + (double)terms->grams / GRAMS_PER_WORD),
        .words = share.words,
        .ideas = share.ideas,
        /* one word that nobody knows may be a name or a number */
        .unknown = terms->strange > 1 ? (terms->strange - 1.0) / terms->words : 0,
    };
}

/* What is said beyond the least that an answer says. The longer a question, the less of it one entry repeats: then a
 * smaller cosine says as much. */
static double local_evidence(const struct gate *gate, const struct evidence *evidence)
{
    const struct rule *rule = rule_for(evidence);
    struct gate_reading reading = gate_read(gate, evidence->text);
    if (evidence->strict) { /* also words that were taken for slips of others */
        reading.words =
            evidence->has_declined ? reading.words : 1; /* as each rule was calibrated */
        reading.unknown = 0;
    }
    /* without spaces the keyword leg compares letters, not words */
    const double by_words = gate->spaceless ? rule->letters : rule->keyword;
    return rule->cosine * evidence->cosine + by_words * fmin(evidence->keyword, 1) +
           rule->length * reading.length + rule->ideas * reading.ideas +
           rule->words * reading.words + rule->unknown * reading.unknown +
           rule->declined * evidence->declined - rule->least;
}

/* Most of its words occur nowhere in the product's texts, nor in the thesaurus: whatever the rest is like, this is about
 * something else. */
static bool is_strange(const struct gate *gate)
{
    return gate->terms->strange >= STRANGE_LEAST && 2 * gate->terms->strange >= gate->terms->words;
}

static bool is_like_declined(const struct evidence *evidence)
{
    return evidence->has_declined && evidence->declined > evidence->cosine;
}

static bool is_enough(const struct gate *gate, const struct evidence *evidence, bool beside)
{
    if (!evidence->has_cosine) {
        return evidence->strict || share_of(gate, evidence->text).words >= WORDS_ALONE;
    }
    if (!gate->local) {
        return evidence->strict ||
               (evidence->cosine >= gate->threshold && !is_like_declined(evidence));
    }
    const double less = beside ? rule_for(evidence)->beside : 0;
    const double sure = is_strange(gate) && !evidence->strict
                            ? 0
                            : 1 / (1 + exp(-less - local_evidence(gate, evidence)));
    return sure >= gate->threshold;
}

bool gate_passes(const struct gate *gate, const struct evidence *evidence)
{
    return is_enough(gate, evidence, /* beside */ false);
}

bool gate_keeps(const struct gate *gate, const struct evidence *evidence)
{
    return is_enough(gate, evidence, /* beside */ true);
}

double gate_min_similarity(const struct gate *gate)
{
    return gate->threshold;
}
