/* search/ideas.h - words that mean much the same, from thesaurus.txt: one idea a line. The table is made at build time
 * (ideas_make.c) and read only. An idea is known by the hash of the first word of its line. */
#ifndef SEARCH_IDEAS_H
#define SEARCH_IDEAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search/hash.h"

#define IDEA_WORDS_MAX 5    /* in a row */
#define IDEA_LETTERS_MAX 32 /* of a script without blanks */

/* Keys are made from the newest word or letter backwards, as a reader of running text meets them. */
uint64_t idea_word_key(const char *stem, size_t len);
static inline uint64_t idea_key_before(uint64_t key, uint64_t earlier)
{
    return hash_stir(hash_stir(key, 1), earlier); /* one step more: the order counts */
}

/* What the table knows of a key: the at-th idea, 0 = no more. IDEA_PART: letters that a longer word ends with. */
#define IDEA_PART 1U
uint32_t ideas_of(uint64_t key, int at);
/* The one known stem that the unknown one is a slip of: a letter missing, doubled, wrong or swapped with the next. NULL =
 * none. */
const char *ideas_correct(const char *stem, size_t len);
bool ideas_know_stem(const char *stem, size_t len);

/* ---- the table: generated ---- */

struct idea_slot {
    uint32_t tag;  /* upper half of the key */
    uint32_t idea; /* 0 = free */
};
struct spelling_slot {
    uint32_t tag;  /* of a stem, or of one with a letter missing */
    uint16_t stem; /* index + 1; 0 = free */
};
extern const struct idea_slot ideas_table[];
extern const uint32_t ideas_table_count; /* a power of two */
extern const struct spelling_slot spelling_table[];
extern const uint32_t spelling_table_count;
extern const char *const ideas_stems[];

#endif
