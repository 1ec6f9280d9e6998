/* chat/words.h - small steps through text that may be English or Thai. Text is valid UTF-8 and ends with a NUL.
 * A function that matches returns where the text goes on, or NULL. */
#ifndef CHAT_WORDS_H
#define CHAT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_CASE_BIT 0x20U
#define WORDS_THREE_BYTES 0xE0 /* first byte of a character of three or more */

/* Behind blanks, but not behind a line end. */
const char *words_skip_blanks(const char *at);
/* The same, and behind what makes text bold or code. */
const char *words_skip_marks(const char *at);
/* Before such blanks, or blanks and marks, going back; not before begin. */
const char *words_back_blanks(const char *begin, const char *at);
const char *words_back_marks(const char *begin, const char *at);

/* Where the first letters are alike. */
const char *words_match_whole(const char *at, const char *word);
/* ASCII letters without regard to case. `word` of ASCII letters is matched whole: no letter may follow. */
static inline const char *words_match(const char *at, const char *word)
{
    /* Lists are gone through for every place of a text, and nearly all words end here; in Thai the first two bytes tell little. */
    const unsigned char first = (unsigned char)*at, differs = first ^ (unsigned char)*word;
    const bool alike = (differs & ~WORDS_CASE_BIT) == 0 &&
                       (first < WORDS_THREE_BYTES || (at[1] == word[1] && at[2] == word[2]));
    return alike ? words_match_whole(at, word) : NULL;
}
/* The first of a list that ends with NULL; its index goes to *out_index unless that is NULL. */
const char *words_match_any(const char *at, const char *const *words, size_t *out_index);
/* The same for what stands before at; whole words of ASCII letters again. Where it begins, or NULL. */
const char *words_back_any(const char *begin, const char *at, const char *const *words);

bool words_is_letter(char c); /* ASCII */
/* Digits of any script that search knows; -1 = none. */
int words_digit(const char *at, const char **out_after);
/* Digits without anything between; how many, at most max are read. */
size_t words_integer(const char *at, size_t max, int *out_value, const char **out_after);

/* A dash, "to" or its Thai word between two bounds, blanks around it. */
const char *words_match_range(const char *at);

#endif
