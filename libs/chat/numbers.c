#include "chat/numbers.h"

#include <stddef.h>

#include "chat/words.h"

enum { GROUP = 3, GROUPS_MAX = 8, DECIMALS_MAX = 4 };

static const char *const blank_groups[] = {" ", "\u00a0", "\u2009", "\u202f", NULL};
static const char *const comma_groups[] = {",", NULL};
static const char *const dot_groups[] = {".", NULL};

static int64_t add_digit(int64_t value, int digit)
{
    int64_t more = 0;
    if (value == NUMBER_TOO_BIG || __builtin_mul_overflow(value, 10, &more) ||
        __builtin_add_overflow(more, digit, &more)) {
        return NUMBER_TOO_BIG;
    }
    return more;
}

static const char *read_digits(const char *at, int64_t *value, size_t *out_count)
{
    const char *after = at;
    *out_count = 0;
    for (int digit = words_digit(at, &after); digit >= 0; digit = words_digit(at, &after)) {
        *value = add_digit(*value, digit);
        at = after;
        ++*out_count;
    }
    return at;
}

/* Groups of exactly three digits, each behind the separator; how many. */
static size_t read_groups(const char **at, const char *const *separators, int64_t *value)
{
    size_t groups = 0;
    while (groups < GROUPS_MAX) {
        const char *after = words_match_any(*at, separators, /* out_index */ NULL);
        int64_t longer = *value;
        size_t count = 0;
        const char *end = after == NULL ? NULL : read_digits(after, &longer, &count);
        if (count != GROUP) {
            break;
        }
        *at = end;
        *value = longer;
        groups++;
    }
    return groups;
}

static const char *read_decimals(const char *at, struct number *out)
{
    const char *after = at + 1;
    int64_t ignored = 0;
    size_t count = 0;
    if (*at != '.' || words_digit(after, &after) < 0) {
        return at;
    }
    const char *end = read_digits(at + 1, &ignored, &count);
    after = at + 1;
    for (size_t i = 0; i < DECIMALS_MAX && i < count; i++) {
        out->value = add_digit(out->value, words_digit(after, &after));
    }
    out->decimals = count < DECIMALS_MAX ? (int)count : DECIMALS_MAX;
    return end;
}

const char *number_read(const char *at, struct number *out)
{
    *out = (struct number){.factor = 1};
    size_t count = 0;
    at = read_digits(at, &out->value, &count);
    if (count == 0) {
        return NULL;
    }
    if (count <= GROUP && read_groups(&at, comma_groups, &out->value) == 0 &&
        read_groups(&at, blank_groups, &out->value) == 0) {
        /* One group behind a dot is a decimal fraction, several are none. */
        const char *dotted = at;
        int64_t value = out->value;
        if (read_groups(&dotted, dot_groups, &value) > 1) {
            at = dotted;
            out->value = value;
        }
    }
    at = read_decimals(at, out);
    for (int i = out->decimals; i < DECIMALS_MAX; i++) {
        out->value = add_digit(out->value, 0);
    }
    return at;
}

void number_scale(struct number *number, int64_t factor)
{
    if (number->value == NUMBER_TOO_BIG ||
        __builtin_mul_overflow(number->value, factor, &number->value)) {
        number->value = NUMBER_TOO_BIG;
    }
    number->factor = factor;
}

int64_t number_factor(const char *at, bool letters, const char **out_after)
{
    static const char *const words[] = {"million", "millions", "mln", "mn", "billion", "bn",
        "thousand", "ล้าน", "แสน", "หมื่น", "พัน", NULL};
    static const int64_t factors[] = {1000000, 1000000, 1000000, 1000000, 1000000000, 1000000000,
        1000, 1000000, 100000, 10000, 1000};
    static const char *const short_words[] = {"k", "m", "b", NULL};
    static const int64_t short_factors[] = {1000, 1000000, 1000000000};
    size_t i = 0;
    const char *after = words_match_any(words_skip_marks(at), words, &i);
    if (after != NULL) {
        *out_after = after;
        return factors[i];
    }
    after = letters ? words_match_any(at, short_words, &i) : NULL;
    *out_after = after != NULL ? after : at;
    return after != NULL ? short_factors[i] : 1;
}
