#include "chat/figures.h"

#include <string.h>

#include "chat/money.h"
#include "chat/spelled.h"
#include "chat/words.h"
#include "core/arena.h"

enum {
    FIRST_CAP = 32,
    PRICE_MIN = 100, /* below, a number without a currency is more likely a count */
    BOUNDS_MAX = 20, /* the upper bound of a range is at most so many times the lower one */
};

struct reading {
    struct figures *out;
    const char *begin;
    bool knows; /* plain numbers count, and names of members tell what they are */
};

void figures_init(struct figures *figures, struct arena *arena)
{
    *figures = (struct figures){.arena = arena};
}

static struct figure *add(struct reading *reading, enum figure_kind kind, const char *from,
    const char *to)
{
    struct figures *figures = reading->out;
    if (figures->count == figures->cap) {
        const size_t cap = figures->cap == 0 ? FIRST_CAP : 2 * figures->cap;
        struct figure *items = ARENA_ARRAY(figures->arena, struct figure, cap);
        if (figures->count > 0) {
            memcpy(items, figures->items, figures->count * sizeof(*items));
        }
        figures->items = items;
        figures->cap = cap;
    }
    struct figure *figure = &figures->items[figures->count++];
    *figure = (struct figure){
        .kind = kind, .at = (size_t)(from - reading->begin), .len = (size_t)(to - from)};
    return figure;
}

static void add_number(struct reading *reading, enum figure_kind kind, const char *from,
    const char *to, const struct number *number)
{
    add(reading, kind, from, to)->number = *number;
}

static void add_price(struct reading *reading, const char *from, const char *to,
    const struct number *number, const char *currency)
{
    struct figure *figure = add(reading, FIGURE_PRICE, from, to);
    figure->number = *number;
    figure->currency = currency;
}

/* ---- names of members in JSON ---- */

/* The name before `"name":`, which ends at `at`; false: there is none. */
static bool member_before(const struct reading *reading, const char *at, const char **out,
    size_t *out_len)
{
    at = words_back_blanks(reading->begin, at);
    if (at - reading->begin < 3 || at[-1] != ':' || at[-2] != '"') {
        return false;
    }
    const char *end = at - 2;
    const char *start = end;
    while (start > reading->begin && start[-1] != '"') {
        start--;
    }
    *out = start;
    *out_len = (size_t)(end - start);
    return true;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    const size_t end_len = strlen(end);
    return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

/* A number in our own JSON; true: its name has told what it is. */
static bool take_member(struct reading *reading, const char *from, const char *to,
    const struct number *number)
{
    const char *name = NULL;
    size_t len = 0;
    if (!member_before(reading, from, &name, &len)) {
        return false;
    }
    if (ends_with(name, len, "_minor")) {
        struct number major = *number;
        major.value = number->value == NUMBER_TOO_BIG ? NUMBER_TOO_BIG : number->value / 100;
        add_number(reading, FIGURE_NUMBER, from, to, &major);
        return true;
    }
    if (ends_with(name, len, "_pct") || ends_with(name, len, "_percent")) {
        add_number(reading, FIGURE_PERCENT, from, to, number);
        return true;
    }
    return false;
}

/* ---- numbers ---- */

/* A number with what stands around it. */
struct amount {
    const char *from, *to; /* with its currency and its unit */
    struct number number;
    const char *currency;
    bool percent, rate;
};

/* What follows the digits: a factor, a per cent sign, a currency, "per night". */
static void read_behind(struct amount *amount)
{
    const char *after = amount->to, *currency = NULL;
    const int64_t factor = number_factor(amount->to, /* letters */ true, &after);
    const char *money = money_currency(words_skip_marks(after), &currency);
    const char *plain = NULL;
    const int64_t word_factor = number_factor(amount->to, /* letters */ false, &plain);
    const bool priced = money != NULL || amount->currency != NULL;
    number_scale(&amount->number, priced ? factor : word_factor); /* "50m" may be metres */
    amount->to = priced ? after : plain;
    if (money != NULL && amount->currency == NULL) {
        amount->currency = currency;
        amount->to = money;
    }
    const char *percent = amount->currency == NULL ? money_percent(amount->to) : NULL;
    amount->percent = percent != NULL;
    amount->to = percent != NULL ? percent : amount->to;
    amount->rate = money_is_rate(amount->to);
}

/* A number at `at`, its currency perhaps in front of it, which is told also when no number follows. */
static bool read_amount(const char *at, struct amount *out)
{
    *out = (struct amount){.from = at};
    const char *digits = money_currency(at, &out->currency);
    digits = digits == NULL ? at : words_skip_marks(digits);
    out->to = number_read(digits, &out->number);
    if (out->to == NULL) {
        return false;
    }
    read_behind(out);
    return true;
}

static bool has_unit(const struct amount *amount)
{
    return amount->currency != NULL || amount->percent || amount->rate;
}

/* "4,000-6,000 THB", "1-2 million", "5 to 10%": what is told once holds for both. */
static void share_unit(struct amount *low, const struct amount *high)
{
    if (low->number.factor == 1 && high->number.factor != 1) {
        number_scale(&low->number, high->number.factor);
    }
    low->currency = low->currency != NULL ? low->currency : high->currency;
    low->percent = low->percent || high->percent;
    low->rate = low->rate || high->rate;
}

static bool are_bounds(const struct amount *low, const struct amount *high)
{
    return low->number.value > 0 && high->number.value > low->number.value &&
           high->number.value / BOUNDS_MAX <= low->number.value;
}

static bool is_price(const struct reading *reading, const struct amount *amount)
{
    if (amount->percent) {
        return false;
    }
    return amount->currency != NULL || amount->rate ||
           (amount->number.value >= (int64_t)PRICE_MIN * NUMBER_SCALE &&
               money_is_priced(reading->begin, amount->from, amount->to));
}

static void take_amount(struct reading *reading, const struct amount *amount)
{
    if (amount->percent) {
        add_number(reading, FIGURE_PERCENT, amount->from, amount->to, &amount->number);
    } else if (is_price(reading, amount)) {
        add_price(reading, amount->from, amount->to, &amount->number, amount->currency);
    } else if (reading->knows && !take_member(reading, amount->from, amount->to, &amount->number)) {
        add_number(reading, FIGURE_NUMBER, amount->from, amount->to, &amount->number);
    }
}

/* One amount, or the two of a range; where it ends. */
static const char *take_amounts(struct reading *reading, struct amount *amount)
{
    struct amount high;
    const char *next = words_match_range(amount->to);
    if (next == NULL || !read_amount(next, &high)) {
        take_amount(reading, amount);
        return amount->to;
    }
    struct amount low = *amount;
    share_unit(&low, &high);
    const bool one = has_unit(&high) && are_bounds(&low, &high);
    take_amount(reading, one ? &low : amount);
    if (!one) {
        return amount->to;
    }
    take_amount(reading, &high);
    return high.to;
}

/* ---- one place in the text ---- */

static const char *take_date(struct reading *reading, const char *at)
{
    struct date dates[2];
    int count = 0;
    const char *end = date_read(at, dates, &count);
    for (int i = 0; end != NULL && i < count; i++) {
        add(reading, FIGURE_DATE, at, end)->date = dates[i];
    }
    return end;
}

/* A number in words counts with its currency or per cent only. */
static const char *take_spelled(struct reading *reading, const char *at)
{
    struct amount amount = {.from = at};
    amount.to = spelled_read(at, &amount.number);
    if (amount.to == NULL) {
        return NULL;
    }
    read_behind(&amount);
    if (amount.currency == NULL && !amount.percent) {
        return NULL;
    }
    take_amount(reading, &amount);
    return amount.to;
}

static const char *take_percent_word(struct reading *reading, const char *at)
{
    struct number number;
    const char *digits = money_percent_before(at);
    const char *end = digits == NULL ? NULL : number_read(digits, &number);
    end = end == NULL && digits != NULL ? spelled_read(digits, &number) : end;
    if (end != NULL) {
        add_number(reading, FIGURE_PERCENT, at, end, &number);
    }
    return end;
}

/* Nothing begins with a blank. A word may not begin inside of another one; a number is read whole, and may stand right behind a
 * word. */
static bool may_begin(const struct reading *reading, const char *at)
{
    return (unsigned char)*at > ' ' &&
           (at == reading->begin || !words_is_letter(*at) || !words_is_letter(at[-1]));
}

static const char *take_here(struct reading *reading, const char *at)
{
    struct amount amount;
    const char *end = take_percent_word(reading, at);
    end = end != NULL ? end : take_date(reading, at);
    end = end != NULL ? end : take_spelled(reading, at);
    if (end != NULL) {
        return end;
    }
    if (read_amount(at, &amount)) {
        return take_amounts(reading, &amount);
    }
    const char *currency = NULL;
    end = reading->knows && amount.currency != NULL ? money_currency(at, &currency) : NULL;
    if (end != NULL) {
        add(reading, FIGURE_CURRENCY, at, end)->currency = currency;
    }
    return end;
}

static void read_text(struct reading *reading)
{
    for (const char *at = reading->begin; *at != '\0';) {
        const char *end = may_begin(reading, at) ? take_here(reading, at) : NULL;
        if (end != NULL) {
            at = end;
            continue;
        }
        at++;
        while (((unsigned char)*at & 0xC0) == 0x80 ||
               (words_is_letter(*at) && words_is_letter(at[-1]))) { /* no place to begin */
            at++;
        }
    }
}

void figures_claim(struct figures *figures, const char *answer)
{
    read_text(&(struct reading){.out = figures, .begin = answer});
}

void figures_know(struct figures *figures, const char *text)
{
    read_text(&(struct reading){.out = figures, .begin = text, .knows = true});
}

/* ---- comparison ---- */

/* Rounded to the decimals that are shown, if any are: 6.52 backs "6.5%", not "7%". */
static bool rounds_to(const struct number *known, const struct number *claim)
{
    int64_t step = NUMBER_SCALE;
    for (int i = 0; i < claim->decimals; i++) {
        step /= 10;
    }
    return claim->decimals > 0 && known->value != NUMBER_TOO_BIG &&
           (known->value + step / 2) / step * step == claim->value;
}

static bool is_currency_known(const struct figures *known, const char *currency)
{
    bool any = false;
    for (size_t i = 0; i < known->count; i++) {
        const char *other = known->items[i].currency;
        any = any || other != NULL;
        if (other != NULL && money_same(other, currency)) {
            return true;
        }
    }
    return !any;
}

static bool backs_price(const struct figures *known, const struct figure *item,
    const struct figure *claim)
{
    if ((item->kind != FIGURE_PRICE && item->kind != FIGURE_NUMBER) ||
        item->number.value != claim->number.value || claim->number.value == NUMBER_TOO_BIG) {
        return false;
    }
    if (claim->currency == NULL) {
        return true;
    }
    return item->currency != NULL ? money_same(item->currency, claim->currency)
                                  : is_currency_known(known, claim->currency);
}

static bool backs(const struct figures *known, const struct figure *item,
    const struct figure *claim)
{
    switch (claim->kind) {
    case FIGURE_DATE:
        return item->kind == FIGURE_DATE && date_supports(&item->date, &claim->date);
    case FIGURE_PERCENT:
        return item->kind == FIGURE_PERCENT && claim->number.value != NUMBER_TOO_BIG &&
               (item->number.value == claim->number.value ||
                   rounds_to(&item->number, &claim->number));
    case FIGURE_PRICE:
        return backs_price(known, item, claim);
    case FIGURE_NUMBER:
    case FIGURE_CURRENCY:
        break;
    }
    return true;
}

bool figures_support(const struct figures *known, const struct figure *claim)
{
    for (size_t i = 0; i < known->count; i++) {
        if (backs(known, &known->items[i], claim)) {
            return true;
        }
    }
    return claim->kind == FIGURE_NUMBER || claim->kind == FIGURE_CURRENCY;
}
