/* search/terms.h - the terms of a text, as 64-bit hashes that are the same in every build and on every machine: words
 * without stop words, pairs of neighbouring words, and character n-grams with marks at the edges of words. Scripts that
 * write no blanks between words (Thai) have n-grams only, over the whole run of letters. */
#ifndef SEARCH_TERMS_H
#define SEARCH_TERMS_H

#include <stdint.h>

enum term_kind { TERM_WORD, TERM_PAIR, TERM_GRAM3, TERM_GRAM4, TERM_GRAM5, TERM_KINDS };

/* Calls fn for every occurrence, in the order of the text. */
typedef void term_fn(void *arg, enum term_kind kind, uint64_t hash);
void terms_each(const char *text, term_fn *fn, void *arg);

/* Hash of a whole text, for one that has no terms. */
uint64_t terms_hash(const char *text);

#endif
