/* search/stem.h - English words without their usual endings, so that "charges", "charged" and "charging" meet; and words
 * that say nothing about the subject. For words of small ASCII letters. */
#ifndef SEARCH_STEM_H
#define SEARCH_STEM_H

#include <stdbool.h>
#include <stddef.h>

/* Changes the word in place; the length that is left. */
size_t stem_cut(char *word, size_t len);
bool stem_is_stop_word(const char *word, size_t len);

#endif
