#include "chat/spelled.h"

#include <stdbool.h>
#include <stddef.h>

#include "chat/words.h"

enum { WORDS_MAX = 16, HUNDRED = 100 };

static const struct {
    const char *text;
    int64_t value;
    enum { ADDS, SCALES_DIGIT, SCALES_ALL } kind; /* "five", "hundred", "thousand" */
} words[] = {
    {"one", 1, ADDS},
    {"two", 2, ADDS},
    {"three", 3, ADDS},
    {"four", 4, ADDS},
    {"five", 5, ADDS},
    {"six", 6, ADDS},
    {"seven", 7, ADDS},
    {"eight", 8, ADDS},
    {"nine", 9, ADDS},
    {"ten", 10, ADDS},
    {"eleven", 11, ADDS},
    {"twelve", 12, ADDS},
    {"thirteen", 13, ADDS},
    {"fourteen", 14, ADDS},
    {"fifteen", 15, ADDS},
    {"sixteen", 16, ADDS},
    {"seventeen", 17, ADDS},
    {"eighteen", 18, ADDS},
    {"nineteen", 19, ADDS},
    {"twenty", 20, ADDS},
    {"thirty", 30, ADDS},
    {"forty", 40, ADDS},
    {"fifty", 50, ADDS},
    {"sixty", 60, ADDS},
    {"seventy", 70, ADDS},
    {"eighty", 80, ADDS},
    {"ninety", 90, ADDS},
    {"hundred", HUNDRED, SCALES_DIGIT},
    {"thousand", 1000, SCALES_ALL},
    {"million", 1000000, SCALES_ALL},
    {"billion", 1000000000, SCALES_ALL},
    {"หนึ่ง", 1, ADDS},
    {"เอ็ด", 1, ADDS},
    {"สอง", 2, ADDS},
    {"ยี่", 2, ADDS},
    {"สาม", 3, ADDS},
    {"สี่", 4, ADDS},
    {"ห้า", 5, ADDS},
    {"หก", 6, ADDS},
    {"เจ็ด", 7, ADDS},
    {"แปด", 8, ADDS},
    {"เก้า", 9, ADDS},
    {"สิบ", 10, SCALES_DIGIT},
    {"ร้อย", HUNDRED, SCALES_DIGIT},
    {"พัน", 1000, SCALES_DIGIT},
    {"หมื่น", 10000, SCALES_DIGIT},
    {"แสน", 100000, SCALES_DIGIT},
    {"ล้าน", 1000000, SCALES_ALL},
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* Index of the word at `at`, -1 = none. */
static int match(const char *at, const char **out_after)
{
    for (int i = 0; i < WORDS; i++) {
        const char *after = words_match(at, words[i].text);
        if (after != NULL) {
            *out_after = after;
            return i;
        }
    }
    return -1;
}

struct sum {
    int64_t total, part,
        digit; /* of what is said: whole, since the last thousand, not scaled yet */
};

static int64_t times(int64_t a, int64_t b)
{
    int64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) || product > INT64_MAX / 2 ? INT64_MAX / 4
                                                                             : product;
}

static void add(struct sum *sum, int i)
{
    const int64_t digit = sum->digit > 0 ? sum->digit : 1;
    switch (words[i].kind) {
    case ADDS:
        sum->digit += words[i].value;
        break;
    case SCALES_DIGIT:
        sum->part += digit * words[i].value;
        sum->digit = 0;
        break;
    case SCALES_ALL:
        sum->total += times(sum->part > 0 ? sum->part + sum->digit : digit, words[i].value);
        sum->part = 0;
        sum->digit = 0;
        break;
    }
}

static const char *skip_joint(const char *at)
{
    const char *next = words_skip_blanks(at);
    next += *next == '-';
    const char *and_word = words_match(next, "and");
    return words_skip_blanks(and_word != NULL ? and_word : next);
}

const char *spelled_read(const char *at, struct number *out)
{
    const char *end = NULL, *next = at;
    struct sum sum = {0};
    int i = match(at, &next);
    if (i < 0 || words[i].kind != ADDS) {
        return NULL;
    }
    for (int count = 0; i >= 0 && count < WORDS_MAX; count++) {
        add(&sum, i);
        end = next;
        i = match(skip_joint(end), &next);
    }
    *out = (struct number){.value = sum.total + sum.part + sum.digit, .factor = 1};
    number_scale(out, NUMBER_SCALE);
    out->factor = 1;
    return end;
}
