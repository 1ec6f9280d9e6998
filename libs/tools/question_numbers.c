#include "tools/question_numbers.h"

#include <stddef.h>

#define MINOR_MICRO (QUESTION_MICRO / 100) /* of one minor unit */
#define PLAIN_PRICE_MIN                                                                            \
    (100 * QUESTION_MICRO) /* less is no price unless a currency or a scale stands with it */
#define COUNT_MAX 50       /* rooms or guests */

/* A number with all that belongs to it. */
struct amount {
    size_t from, to; /* words */
    int64_t micro;   /* scales multiplied in; -1 = too large */
    int64_t scale;   /* the last one; 1 = none */
    const char *currency, *period;
};

enum bound { BOUND_NONE, BOUND_MIN, BOUND_MAX };

static const struct question_word *word_at(const struct question *question, size_t at)
{
    static const struct question_word none = {.kind = QUESTION_OTHER};
    return at < question->count ? &question->words[at] : &none;
}

static int64_t multiply(int64_t a, int64_t b)
{
    int64_t product = 0;
    return a < 0 || __builtin_mul_overflow(a, b, &product) ? -1 : product;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum = 0;
    return a < 0 || b < 0 || __builtin_add_overflow(a, b, &sum) ? -1 : sum;
}

/* "500 m" are metres unless they are money. */
static bool is_metres(const struct question *question, size_t at, int64_t micro)
{
    const struct question_word *word = word_at(question, at);
    return word->len == 1 && *word->text == 'm' && micro >= PLAIN_PRICE_MIN &&
           !question_is(question, at + 1, QUESTION_CURRENCY);
}

/* One number and the scales behind it: "5", "2.5 million", "ten thousand". */
static int64_t read_scaled(const struct question *question, size_t *at, int64_t *out_scale)
{
    int64_t micro = word_at(question, *at)->number;
    *out_scale = 1;
    for (++*at; question_is(question, *at, QUESTION_SCALE) && !is_metres(question, *at, micro);
         ++*at) {
        const int64_t factor = word_at(question, *at)->number;
        *out_scale = *out_scale < factor ? factor : *out_scale;
        micro = multiply(micro, factor);
    }
    return micro;
}

/* Thai adds them up: a ten thousand and five thousands are fifteen thousand. */
static void read_amount(const struct question *question, size_t at, struct amount *out)
{
    *out = (struct amount){.from = at};
    if (at > 0 && question_is(question, at - 1, QUESTION_CURRENCY)) {
        out->currency = question->words[at - 1].value;
        out->from = at - 1;
    }
    out->micro = read_scaled(question, &at, &out->scale);
    while (out->scale > 1 && question_is(question, at, QUESTION_NUMBER) &&
           question_is(question, at + 1, QUESTION_SCALE) &&
           word_at(question, at + 1)->number < out->scale) {
        out->micro = add(out->micro, read_scaled(question, &at, &out->scale));
    }
    if (question_is(question, at, QUESTION_CURRENCY)) {
        out->currency = question->words[at++].value;
    }
    if (question_is(question, at, QUESTION_PERIOD)) {
        out->period = question->words[at++].value;
    }
    out->to = at;
}

static size_t behind_stops(const struct question *question, size_t at)
{
    while (question_is(question, at, QUESTION_STOP) || question_is(question, at, QUESTION_OF)) {
        at++;
    }
    return at;
}

/* The word before, over words that say nothing: "a maximum price of 5000". */
static size_t before_stops(const struct question *question, size_t at)
{
    while (at > 0 && (question_is(question, at - 1, QUESTION_STOP) ||
                         question_is(question, at - 1, QUESTION_OF))) {
        at--;
    }
    return at;
}

static enum bound bound_of(const struct question *question, const struct amount *amount)
{
    const size_t before = before_stops(question, amount->from);
    const enum question_kind behind = word_at(question, amount->to)->kind;
    if (behind == QUESTION_OR_LESS) {
        return BOUND_MAX;
    }
    if (behind == QUESTION_OR_MORE) {
        return BOUND_MIN;
    }
    if (before > 0 && question_is(question, before - 1, QUESTION_BELOW)) {
        return BOUND_MAX;
    }
    return before > 0 && question_is(question, before - 1, QUESTION_ABOVE) ? BOUND_MIN : BOUND_NONE;
}

static bool can_count(enum question_kind kind)
{
    return kind == QUESTION_BEDROOM || kind == QUESTION_BATHROOM || kind == QUESTION_GUEST;
}

/* Over "or more" and one adjective: "3 or more double bedrooms". */
static enum question_kind kind_behind(const struct question *question, const struct amount *amount)
{
    size_t at = behind_stops(question, amount->to);
    if (question_is(question, at, QUESTION_OR_MORE) ||
        question_is(question, at, QUESTION_OR_LESS)) {
        at++;
    }
    const enum question_kind kind = word_at(question, at)->kind;
    const enum question_kind after = word_at(question, at + 1)->kind;
    return kind == QUESTION_OTHER && can_count(after) ? after : kind;
}

/* Over "at least": "bedrooms: at least 3". */
static enum question_kind kind_before(const struct question *question, const struct amount *amount)
{
    size_t at = before_stops(question, amount->from);
    while (at > 0 && (question_is(question, at - 1, QUESTION_ABOVE) ||
                         question_is(question, at - 1, QUESTION_BELOW))) {
        at--;
    }
    return at > 0 ? question->words[at - 1].kind : QUESTION_OTHER;
}

/* What the number counts: the word behind it, or else the one before. */
static enum question_kind counted(const struct question *question, const struct amount *amount)
{
    const enum question_kind behind = kind_behind(question, amount);
    const enum question_kind before = kind_before(question, amount);
    const bool plain = amount->currency == NULL && amount->scale == 1;
    return !can_count(behind) && behind != QUESTION_PERCENT && plain && can_count(before) ? before
                                                                                          : behind;
}

static bool is_count(const struct amount *amount)
{
    return amount->micro >= 0 && amount->micro % QUESTION_MICRO == 0 &&
           amount->micro <= COUNT_MAX * QUESTION_MICRO && amount->scale == 1;
}

static void set_bedrooms(struct question_numbers *out, int64_t count, enum bound bound)
{
    if (bound != BOUND_MAX) {
        out->bedrooms_min = count;
    }
    if (bound != BOUND_MIN) {
        out->bedrooms_max = count;
    }
}

static void set_price(struct question_numbers *out, const struct amount *amount, enum bound bound)
{
    if (amount->micro < 0) {
        return;
    }
    *(bound == BOUND_MIN ? &out->price_min : &out->price_max) = amount->micro / MINOR_MICRO;
    out->currency = amount->currency != NULL ? amount->currency : out->currency;
    out->period = amount->period != NULL ? amount->period : out->period;
}

static bool is_price(const struct question *question, const struct amount *amount)
{
    if (amount->currency != NULL) {
        return true;
    }
    const enum question_kind next = word_at(question, amount->to)->kind;
    const bool large = amount->scale >= 1000 || amount->micro >= PLAIN_PRICE_MIN;
    return large && next != QUESTION_UNIT && next != QUESTION_SCALE && next != QUESTION_PERCENT &&
           (amount->scale >= 1000 || bound_of(question, amount) != BOUND_NONE);
}

/* False: it counts something else, or is a price. */
static bool take_count(const struct question *question, const struct amount *amount,
    struct question_numbers *out)
{
    const enum question_kind what = counted(question, amount);
    if (what == QUESTION_PERCENT) {
        out->yield_min_micro = amount->micro; /* whether it is a yield, other words tell */
        return true;
    }
    if (!is_count(amount)) {
        return false;
    }
    const int64_t count = amount->micro / QUESTION_MICRO;
    if (what == QUESTION_BEDROOM) {
        set_bedrooms(out, count, bound_of(question, amount));
    } else if (what == QUESTION_BATHROOM) {
        out->bathrooms_min = count;
    } else if (what == QUESTION_GUEST) {
        out->guests = out->guests == NUMBER_NONE ? count : out->guests + count;
    } else {
        return false;
    }
    return true;
}

/* The number behind a "to". */
static bool read_second(const struct question *question, const struct amount *first,
    struct amount *out)
{
    size_t at = first->to + 1;
    at += question_is(question, at, QUESTION_CURRENCY) ? 1 : 0;
    if (!question_is(question, first->to, QUESTION_TO) ||
        !question_is(question, at, QUESTION_NUMBER)) {
        return false;
    }
    read_amount(question, at, out);
    return true;
}

/* "2-3 bedrooms", "4 to 6 guests". */
static bool take_counts(const struct question *question, const struct amount *first,
    const struct amount *second, struct question_numbers *out)
{
    const enum question_kind what = counted(question, second);
    if (!is_count(first) || !is_count(second)) {
        return false;
    }
    if (what == QUESTION_BEDROOM) {
        out->bedrooms_min = first->micro / QUESTION_MICRO;
        out->bedrooms_max = second->micro / QUESTION_MICRO;
    } else if (what == QUESTION_GUEST) {
        out->guests = second->micro / QUESTION_MICRO;
    }
    return what == QUESTION_BEDROOM || what == QUESTION_GUEST;
}

/* "2 to 4 million": the scale is that of both. */
static bool take_prices(const struct question *question, const struct amount *first,
    const struct amount *second, struct question_numbers *out)
{
    struct amount low = *first;
    if (low.scale == 1 && second->scale > 1 && low.micro < second->micro / second->scale) {
        low.micro = multiply(low.micro, second->scale);
    }
    const bool price = is_price(question, second) || second->micro >= PLAIN_PRICE_MIN;
    if (!price || low.micro < 0 || low.micro > second->micro ||
        question_is(question, second->to, QUESTION_UNIT)) {
        return false;
    }
    set_price(out, &low, BOUND_MIN);
    set_price(out, second, BOUND_MAX);
    return true;
}

/* How many words the range takes up; 0: the number at `at` stands alone. */
static size_t take_range(const struct question *question, const struct amount *first,
    struct question_numbers *out)
{
    struct amount second;
    if (!read_second(question, first, &second) ||
        (!take_counts(question, first, &second, out) &&
            !take_prices(question, first, &second, out))) {
        return 0;
    }
    return second.to - first->from;
}

void question_numbers(const struct question *question, struct question_numbers *out)
{
    *out = (struct question_numbers){NUMBER_NONE, NUMBER_NONE, NULL, NULL, NUMBER_NONE, NUMBER_NONE,
        NUMBER_NONE, NUMBER_NONE, NUMBER_NONE};
    for (size_t at = 0; at < question->count;) {
        if (question->words[at].kind != QUESTION_NUMBER) {
            if (question->words[at].kind == QUESTION_PERIOD) {
                out->period = question->words[at].value;
            }
            at++;
            continue;
        }
        struct amount amount;
        read_amount(question, at, &amount);
        const size_t words = take_range(question, &amount, out);
        if (words > 0) {
            at = amount.from + words;
            continue;
        }
        if (!take_count(question, &amount, out) && is_price(question, &amount)) {
            set_price(out, &amount, bound_of(question, &amount));
        }
        at = amount.to;
    }
}
