/* search/gate.h - whether what was found answers the query at all. Looks at what each leg measured and at the words of
 * the items themselves, never at the fused score, which is a rank. Calibrated per provider: docs/search.md. */
#ifndef SEARCH_GATE_H
#define SEARCH_GATE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct weights;

struct evidence {
    bool has_cosine; /* false: no vector of the query, or the vector leg did not find the item */
    double cosine;
    bool has_declined; /* there are questions that the product knows and does not answer */
    double declined;   /* cosine of the nearest of them */
    double keyword; /* score of the keyword leg, 0 = it did not find the item; over 1 counts as 1 */
    bool strict;    /* the item has all words of the query */
    const char *text; /* question and answer of the item, or title and description; other phrasings
                         say what is asked, not what is answered */
};

/* In the arena; one query. weights NULL = all terms tell the same. min_similarity below 0 = the provider's own: a cosine for
 * a service; for local models how sure the item answers, 0..1. */
struct gate;
struct gate *gate_new(struct arena *arena, const char *model, const struct weights *weights,
    const char *query, double min_similarity);
/* Whether the item answers the query. Where one does, others may be shown beside it that say less: gate_keeps. */
bool gate_passes(const struct gate *gate, const struct evidence *evidence);
bool gate_keeps(const struct gate *gate, const struct evidence *evidence);

/* What the rule of local models weighs, beside the cosines. */
struct gate_reading {
    double length; /* ln(1 + length of the query in words, by its 3-grams) */
    double words,
        ideas; /* shares of the query's words and ideas, and of its ideas alone, that the text has */
    double unknown; /* share of its words that nobody knows; one is forgiven */
};
struct gate_reading gate_read(const struct gate *gate, const char *text);

/* The least cosine asked for, or the provider's own measure. */
double gate_min_similarity(const struct gate *gate);

/* Share of what the query says, by weight of its words and ideas, that occurs in the text: 0..1. */
double gate_share(const struct gate *gate, const char *text);

#endif
