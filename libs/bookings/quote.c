#include "bookings/quote.h"

#include <stddef.h>

#define FRIDAY 5
#define SATURDAY 6
#define PCT_ALL (100 * QUOTE_PCT_ONE)

const char *const quote_codes[] = {
    "night", "cleaning_fee", "extra_guest", "weekly_discount", "monthly_discount", "tax", NULL};
const char *const quote_labels[] = {
    "Nights", "Cleaning fee", "Extra guests", "Weekly discount", "Monthly discount", "Tax", NULL};

static bool covers(const struct quote_rule *rule, int64_t day)
{
    return rule->from <= day && day < rule->to;
}

static bool is_weekend(int64_t day)
{
    const int weekday = calendar_weekday(day);
    return weekday == FRIDAY || weekday == SATURDAY;
}

/* Takes over value if the rule sets it and no rule of a higher priority did. */
static void decide(int64_t *value, int64_t *decided_by, bool is_set, int64_t by, int64_t priority)
{
    if (is_set && priority >= *decided_by) {
        *value = by;
        *decided_by = priority;
    }
}

struct quote_day quote_day(const struct quote_rates *rates, int64_t day)
{
    const struct quote_plan *plan = &rates->plan;
    const unsigned weekday = 1U << calendar_weekday(day);
    int64_t by[3] = {INT64_MIN, INT64_MIN, INT64_MIN};
    struct quote_day out = {
        .price_minor = is_weekend(day) && plan->weekend_minor != QUOTE_NONE ? plan->weekend_minor
                                                                            : plan->base_minor,
        .min_nights = plan->min_nights,
        .max_nights = plan->max_nights,
    };
    for (int64_t i = 0; i < rates->count; i++) {
        const struct quote_rule *rule = &rates->rules[i];
        if (!covers(rule, day)) {
            continue;
        }
        decide(&out.price_minor, &by[0], rule->nightly_minor != QUOTE_NONE, rule->nightly_minor,
            rule->priority);
        decide(&out.min_nights, &by[1], rule->min_nights > 0, rule->min_nights, rule->priority);
        decide(&out.max_nights, &by[2], rule->max_nights > 0, rule->max_nights, rule->priority);
        /* Closed days add up: no rule opens what another closes. */
        out.no_arrival = out.no_arrival || (rule->no_arrival & weekday) != 0;
        out.no_departure = out.no_departure || (rule->no_departure & weekday) != 0;
    }
    return out;
}

/* False when it does not fit. Adds to the line of the same kind and unit, if there is one. */
static bool add_line(struct quote *quote, enum quote_code code, int64_t quantity, int64_t unit)
{
    struct quote_line *line = NULL;
    int64_t amount = 0;
    for (int i = 0; i < quote->count && line == NULL; i++) {
        if (quote->lines[i].code == code && quote->lines[i].unit_minor == unit) {
            line = &quote->lines[i];
        }
    }
    if (line == NULL) {
        line = &quote->lines[quote->count++];
        *line = (struct quote_line){.code = code, .unit_minor = unit};
    }
    line->quantity += quantity;
    return !__builtin_mul_overflow(unit, quantity, &amount) &&
           !__builtin_add_overflow(line->amount_minor, amount, &line->amount_minor) &&
           !__builtin_add_overflow(quote->total_minor, amount, &quote->total_minor);
}

/* Nearest, halves up. In two parts, so that no step is larger than the amount. */
static int64_t part_of(int64_t amount, int64_t pct)
{
    return amount / PCT_ALL * pct + (amount % PCT_ALL * pct + PCT_ALL / 2) / PCT_ALL;
}

static bool add_nights(struct quote *quote, const struct quote_rates *rates,
    const struct quote_stay *stay)
{
    for (int64_t day = stay->check_in; day < stay->check_out; day++) {
        if (!add_line(quote, QUOTE_NIGHT, 1, quote_day(rates, day).price_minor)) {
            return false;
        }
    }
    return true;
}

/* A month is never dearer for having no discount of its own. */
static bool add_discount(struct quote *quote, const struct quote_plan *plan, int64_t nights)
{
    const bool monthly =
        nights >= QUOTE_MONTH_NIGHTS && plan->monthly_discount >= plan->weekly_discount;
    const int64_t pct = monthly                       ? plan->monthly_discount
                        : nights >= QUOTE_WEEK_NIGHTS ? plan->weekly_discount
                                                      : 0;
    const int64_t off = part_of(quote->total_minor, pct);
    return off == 0 ||
           add_line(quote, monthly ? QUOTE_MONTHLY_DISCOUNT : QUOTE_WEEKLY_DISCOUNT, 1, -off);
}

static bool add_extra_guests(struct quote *quote, const struct quote_plan *plan,
    const struct quote_stay *stay)
{
    const int64_t extra = plan->extra_guest_from > 0 ? stay->guests - plan->extra_guest_from : 0;
    return extra <= 0 || plan->extra_guest_minor == 0 ||
           add_line(quote, QUOTE_EXTRA_GUEST, extra * (stay->check_out - stay->check_in),
               plan->extra_guest_minor);
}

enum quote_result quote_make(const struct quote_rates *rates, const struct quote_stay *stay,
    struct quote *out)
{
    const struct quote_plan *plan = &rates->plan;
    out->count = 0;
    out->total_minor = 0;
    bool fits = add_nights(out, rates, stay) &&
                add_discount(out, plan, stay->check_out - stay->check_in) &&
                add_extra_guests(out, plan, stay);
    if (fits && plan->cleaning_minor > 0) {
        fits = add_line(out, QUOTE_CLEANING_FEE, 1, plan->cleaning_minor);
    }
    if (fits && plan->tax > 0) {
        fits = add_line(out, QUOTE_TAX, 1, part_of(out->total_minor, plan->tax));
    }
    return fits ? QUOTE_OK : QUOTE_TOO_LARGE;
}
