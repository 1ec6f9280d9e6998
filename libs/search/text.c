#include "search/text.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/utf8.h"
#include "search/letters.h"
#include "search/stem.h"

/* Never longer than what the code point was read from: small letters are as long as their capitals, or shorter. */
static char *put(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

static bool ends_sentence(uint32_t c)
{
    switch (c) {
    case '.':
    case ',':
    case ';':
    case ':':
    case '?':
    case '!':
    case 0x2026:
    case 0x3002:
    case 0xFF01:
    case 0xFF0C:
    case 0xFF0E:
    case 0xFF1A:
    case 0xFF1B:
    case 0xFF1F:
        return true;
    default:
        return false;
    }
}

/* A dash between blanks joins two phrases, and would be read as "not". `next` is what follows it. */
static bool is_alone(uint32_t c, bool after_blank, const char *next)
{
    if (c != '-' || !after_blank) {
        return false;
    }
    const uint32_t following = letter_next(&next);
    return following == 0 || following == '-' || letter_is_blank(following) ||
           ends_sentence(following);
}

const char *search_normalise(struct arena *arena, const char *text)
{
    char *out = arena_alloc_raw(arena, 3 * strlen(text) + 1); /* a broken byte becomes three */
    char *to = out, *end = out; /* end: behind the last character kept */
    bool blank = false;
    for (uint32_t c = letter_next(&text); c != 0; c = letter_next(&text)) {
        if (letter_is_blank(c) || is_alone(c, blank || to == out, text)) {
            blank = to > out;
            continue;
        }
        if (blank) {
            *to++ = ' ';
            blank = false;
        }
        to = put(to, letter_lower(c));
        if (!ends_sentence(c)) {
            end = to;
        }
    }
    *end = '\0';
    return out;
}

#define STOP_WORD_MAX 16 /* longer than any of them */

/* Of what stands between two blanks the letters count: "it?", "don't". */
static bool is_stop_word(const char *word, size_t len)
{
    char letters[STOP_WORD_MAX];
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)word[i];
        const bool is_letter = c >= 'a' && c <= 'z';
        if (c >= 0x80 || (c >= '0' && c <= '9') || (is_letter && count == STOP_WORD_MAX)) {
            return false;
        }
        letters[count] = (char)c;
        count += is_letter;
    }
    return stem_is_stop_word(letters, count);
}

const char *search_content(struct arena *arena, const char *text)
{
    if (strchr(text, '"') != NULL) {
        return text;
    }
    char *out = arena_alloc_raw(arena, strlen(text) + 1);
    char *to = out;
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");
        if (!is_stop_word(text, len)) {
            *to = ' ';
            to += to > out;
            memcpy(to, text, len);
            to += len;
        }
        text += len + (text[len] == ' ');
    }
    *to = '\0';
    return out;
}

bool search_has_thai(const char *text)
{
    if (utf8_is_printable_ascii(text, strlen(text))) {
        return false;
    }
    for (uint32_t c = letter_next(&text); c != 0; c = letter_next(&text)) {
        if (letter_is_thai(c)) {
            return true;
        }
    }
    return false;
}

bool search_has_word(const char *text)
{
    for (uint32_t c = letter_next(&text); c != 0; c = letter_next(&text)) {
        const enum letter_class class = letter_class(c);
        if (class == LETTER_WORD || class == LETTER_RUN) {
            return true;
        }
    }
    return false;
}

const char *search_locale_of(const char *query, const char *fallback)
{
    if (search_has_thai(query)) {
        return "th";
    }
    return strcmp(fallback, "th") == 0 ? "en" : fallback;
}
