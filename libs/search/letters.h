/* search/letters.h - code points as search sees them: case, accents and digits folded, and which of them make words.
 * No locale of the host is asked, so that the same text gives the same terms everywhere. */
#ifndef SEARCH_LETTERS_H
#define SEARCH_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

enum letter_class {
    LETTER_NONE, /* blank, punctuation, symbol: ends a word */
    LETTER_WORD, /* letter or digit of a script that writes blanks between words */
    LETTER_RUN, /* letter or mark of a script without them (Thai, Lao, Khmer, Burmese, Chinese, Japanese) */
    LETTER_JOIN, /* apostrophe, zero-width character: left out, the word goes on */
};

/* letter_next where the text is not ASCII. */
uint32_t letter_next_wide(const char **at);
/* The code point at *at, which moves behind it; 0 at the end. What is not UTF-8 reads as U+FFFD, a byte each. */
static inline uint32_t letter_next(const char **at)
{
    const unsigned char byte = (unsigned char)**at;
    if (byte >= 0x80) {
        return letter_next_wide(at);
    }
    *at += byte != 0; /* most of them, by far */
    return byte;
}
/* letter_lower for what is not ASCII. */
uint32_t letter_lower_wide(uint32_t c);
/* Small letter of a capital one (Latin, Greek, Cyrillic, full-width), else c. */
static inline uint32_t letter_lower(uint32_t c)
{
    return c >= 0x80 ? letter_lower_wide(c) : c - 'A' <= 'Z' - 'A' ? c + ('a' - 'A') : c;
}
/* Small letter without accent; digits of Thai and full-width ones become 0-9. */
uint32_t letter_fold(uint32_t c);
enum letter_class letter_class(uint32_t c);
bool letter_is_thai(uint32_t c);
/* letter_is_blank for what is not ASCII. */
bool letter_is_wide_blank(uint32_t c);
/* White space and control characters. */
static inline bool letter_is_blank(uint32_t c)
{
    return c <= ' ' || (c > '~' && letter_is_wide_blank(c));
}

#endif
