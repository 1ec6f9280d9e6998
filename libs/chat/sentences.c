#include "chat/sentences.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "chat/words.h"
#include "search/letters.h"

static const char *const abbreviations[] = {"approx", "e.g", "i.e", "vs", "mr", "mrs", "ms", "dr",
    "st", "ca", "etc", "incl", "excl", "min", "max", "sq", "km", "tel", "a.m", "p.m", "jan", "feb",
    "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", NULL};

static bool is_thai(const char *at)
{
    return letter_is_thai(letter_next(&at));
}

static const char *last_char(const char *begin, const char *at)
{
    do {
        at--;
    } while (at > begin && ((unsigned char)*at & 0xC0) == 0x80);
    return at;
}

/* Quotes, brackets and markers that close with the sentence. */
static const char *skip_closers(const char *at)
{
    for (;;) {
        const char *next = at + strspn(at, "\")'*_");
        const char *marker = words_skip_blanks(next);
        const size_t inside = *marker == '[' ? strspn(marker + 1, "0123456789, -") : 0;
        if (inside > 0 && marker[1 + inside] == ']') {
            next = marker + inside + 2;
        }
        if (next == at) {
            return at;
        }
        at = next;
    }
}

/* A full stop that ends nothing: of an abbreviation, of a number in a list, of a Thai month. */
static bool is_stop(const char *begin, const char *dot)
{
    if (*dot != '.') {
        return true;
    }
    const char *after = NULL;
    const char *digits = dot;
    while (digits > begin && words_digit(digits - 1, &after) >= 0) {
        digits--;
    }
    const char *line = words_back_blanks(begin, digits);
    const bool list_number = digits < dot && (line == begin || line[-1] == '\n');
    return !list_number && !(dot > begin && is_thai(last_char(begin, dot))) &&
           words_back_any(begin, dot, abbreviations) == NULL;
}

/* Whether the sentence ends here; then *out is behind what closes it. */
static bool ends_here(const char *begin, const char *at, const char **out)
{
    if (*at == '.' || *at == '!' || *at == '?') {
        const char *after = skip_closers(at + 1);
        const bool blank = *after == '\0' || letter_is_blank((unsigned char)*after);
        *out = after;
        return blank && is_stop(begin, at);
    }
    const char *next = words_skip_blanks(at);
    *out = next;
    return next > at && at > begin && is_thai(last_char(begin, at)) && is_thai(next);
}

size_t sentence_end(const char *text, size_t at)
{
    const char *begin = text + at, *end = NULL;
    for (const char *c = begin; *c != '\0';) {
        if (*c == '\n') {
            return (size_t)(c + 1 - text);
        }
        if (ends_here(begin, c, &end)) {
            end = words_skip_blanks(end);
            return (size_t)(end - text) + (*end == '\n');
        }
        letter_next(&c);
    }
    return strlen(text);
}
