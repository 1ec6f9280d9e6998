/* search/terms.h - the terms of a text, as 64-bit hashes that are the same in every build and on every machine: words
 * without stop words, pairs of neighbouring words, character n-grams with marks at the edges of words, and the ideas
 * that words stand for (thesaurus.txt). Scripts that write no blanks between words (Thai) have n-grams over the whole run
 * of letters, and ideas. */
#ifndef SEARCH_TERMS_H
#define SEARCH_TERMS_H

#include <stdint.h>

struct weights;

enum term_kind {
    TERM_WORD,
    TERM_PAIR,
    TERM_GRAM3,
    TERM_GRAM4,
    TERM_GRAM5,
    TERM_IDEA,
    TERM_KINDS,
    TERM_STRANGE =
        TERM_KINDS, /* no term of its own: the word just reported is known to nobody; queries only */
};

/* Calls fn for every occurrence, in the order of the text. */
typedef void term_fn(void *arg, enum term_kind kind, uint64_t hash);
void terms_each(const char *text, term_fn *fn, void *arg);
/* Words, pairs and ideas only, at half the cost. */
void terms_each_word(const char *text, term_fn *fn, void *arg);
/* All terms of what people type: a word that neither the thesaurus nor the product's own texts know stands for the idea of
 * the word that it is one slip away from. weights NULL = as terms_each. */
void terms_each_of_query(const char *text, const struct weights *weights, term_fn *fn, void *arg);

/* Hash of a whole text, for one that has no terms. */
uint64_t terms_hash(const char *text);

#endif
