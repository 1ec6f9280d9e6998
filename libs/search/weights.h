/* search/weights.h - how telling a term is: its inverse document frequency over the product's own texts. Weighs the
 * query only, so stored vectors stay as they are when the texts change.
 * Owns: one table of counts, at most 12 MB; what does not fit counts as never seen. */
#ifndef SEARCH_WEIGHTS_H
#define SEARCH_WEIGHTS_H

#include <stdbool.h>
#include <stdint.h>

struct weights;

struct weights *weights_new(void);
void weights_free(struct weights *weights);
/* Counts the terms of one more text. Costs about 10 us for 1000 letters: a caller with thousands of texts yields
 * between them. */
void weights_add(struct weights *weights, const char *document);

/* Whether every text that is searched was counted: then a term that none has is in none of the stored vectors either.
 * False at first, and again when the texts have changed. */
void weights_set_complete(struct weights *weights, bool complete);

/* Whether any of the texts has it. */
bool weights_know(const struct weights *weights, uint64_t term);
/* Whether it is certain that no text has it: never while weights are not complete, nor when something did not fit. */
bool weights_exclude(const struct weights *weights, uint64_t term);
/* Over 0; 1 for every term when weights is NULL or empty. */
double weights_of(const struct weights *weights, uint64_t term);

#endif
