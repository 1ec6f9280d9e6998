#include "chat/words.h"

#include <string.h>

#include "search/letters.h"

static const char *const ranges[] = {"-", "\u2013", "\u2014", "~", "to", "until", "ถึง", NULL};

/* Line ends are no blanks here. */
static bool is_blank(uint32_t c, bool marks)
{
    return (c != 0 && c != '\n' && c != '\r' && letter_is_blank(c)) ||
           (marks && (c == '*' || c == '_' || c == '`'));
}

static const char *skip(const char *at, bool marks)
{
    for (const char *next = at; is_blank(letter_next(&next), marks);) {
        at = next;
    }
    return at;
}

const char *words_skip_blanks(const char *at)
{
    return skip(at, /* marks */ false);
}

const char *words_skip_marks(const char *at)
{
    return skip(at, /* marks */ true);
}

static const char *step_back(const char *begin, const char *at)
{
    do {
        at--;
    } while (at > begin && ((unsigned char)*at & 0xC0) == 0x80);
    return at;
}

static const char *back(const char *begin, const char *at, bool marks)
{
    while (at > begin) {
        const char *before = step_back(begin, at);
        const char *next = before;
        if (!is_blank(letter_next(&next), marks)) {
            return at;
        }
        at = before;
    }
    return at;
}

const char *words_back_blanks(const char *begin, const char *at)
{
    return back(begin, at, /* marks */ false);
}

const char *words_back_marks(const char *begin, const char *at)
{
    return back(begin, at, /* marks */ true);
}

bool words_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool equals(const char *at, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] == '\0' || lower(at[i]) != lower(word[i])) {
            return false;
        }
    }
    return true;
}

const char *words_match_whole(const char *at, const char *word)
{
    size_t len = 0;
    for (; word[len] != '\0'; len++) {
        if (lower(at[len]) != lower(word[len])) {
            return NULL; /* also where the text ends */
        }
    }
    return words_is_letter(word[len - 1]) && words_is_letter(at[len]) ? NULL : at + len;
}

const char *words_match_any(const char *at, const char *const *words, size_t *out_index)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        const char *after = words_match(at, words[i]);
        if (after != NULL) {
            if (out_index != NULL) {
                *out_index = i;
            }
            return after;
        }
    }
    return NULL;
}

const char *words_back_any(const char *begin, const char *at, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        const size_t len = strlen(words[i]);
        if ((size_t)(at - begin) < len || !equals(at - len, words[i], len)) {
            continue;
        }
        const char *start = at - len;
        if (start == begin || !words_is_letter(*start) || !words_is_letter(start[-1])) {
            return start;
        }
    }
    return NULL;
}

int words_digit(const char *at, const char **out_after)
{
    const char *next = at;
    const uint32_t c = letter_fold(letter_next(&next));
    *out_after = next;
    return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
}

size_t words_integer(const char *at, size_t max, int *out_value, const char **out_after)
{
    const char *after = at;
    size_t count = 0;
    *out_value = 0;
    *out_after = at;
    for (int digit = words_digit(at, &after); digit >= 0 && count < max;
         digit = words_digit(*out_after, &after)) {
        *out_value = *out_value * 10 + digit;
        *out_after = after;
        count++;
    }
    return count;
}

const char *words_match_range(const char *at)
{
    const char *after = words_match_any(words_skip_marks(at), ranges, /* out_index */ NULL);
    return after == NULL ? NULL : words_skip_marks(after);
}
