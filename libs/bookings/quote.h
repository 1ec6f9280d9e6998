/* bookings/quote.h - what a stay costs: rates, rules and dates in, lines and their sum out. Pure, in integer minor units.
 * Rounding: a percentage of an amount is rounded to the nearest minor unit, halves up, once for its line; nothing else rounds.
 *           Discounts are of the nights; the tax is of everything else together, discounts taken off.
 * Errors:   an amount that does not fit is QUOTE_TOO_LARGE, never a wrong one. */
#ifndef BOOKINGS_QUOTE_H
#define BOOKINGS_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "bookings/calendar.h"

#define QUOTE_RULES_MAX 100
#define QUOTE_LINES_MAX (QUOTE_RULES_MAX + 6) /* nights at each price, and one of each other kind */
#define QUOTE_WEEK_NIGHTS 7
#define QUOTE_MONTH_NIGHTS 28
#define QUOTE_PCT_ONE 1000 /* one per cent */
#define QUOTE_NONE (-1)    /* an amount that is not set */

struct quote_plan {
    int64_t base_minor, weekend_minor; /* weekend: nights of Friday and Saturday, or QUOTE_NONE */
    int64_t cleaning_minor, extra_guest_minor;
    int64_t extra_guest_from;                       /* so many guests are in the price; 0 = all */
    int64_t weekly_discount, monthly_discount, tax; /* thousandths of a per cent, up to 100 % */
    int64_t min_nights, max_nights;
};

/* Of two rules for a day the one with the higher priority decides, member by member where it sets them. */
struct quote_rule {
    int64_t from, to;                  /* days, half open */
    int64_t nightly_minor;             /* or QUOTE_NONE; comes before the weekend's price */
    int64_t min_nights, max_nights;    /* of stays that begin here; 0 = not set */
    unsigned no_arrival, no_departure; /* bit = weekday */
    int64_t priority;
};

struct quote_rates {
    struct quote_plan plan;
    const struct quote_rule *rules;
    int64_t count;
};

enum quote_code {
    QUOTE_NIGHT,
    QUOTE_CLEANING_FEE,
    QUOTE_EXTRA_GUEST,
    QUOTE_WEEKLY_DISCOUNT,
    QUOTE_MONTHLY_DISCOUNT,
    QUOTE_TAX,
};
extern const char *const quote_codes[];  /* NULL-terminated, by enum quote_code */
extern const char *const quote_labels[]; /* likewise */

struct quote_line {
    enum quote_code code;
    int64_t quantity, unit_minor,
        amount_minor; /* amount = quantity * unit, discounts are negative */
};
struct quote {
    struct quote_line lines[QUOTE_LINES_MAX];
    int count;
    int64_t total_minor;
};

struct quote_stay {
    int64_t check_in, check_out, guests;
};

enum quote_result { QUOTE_OK, QUOTE_TOO_LARGE };
/* The stay has 1 to CALENDAR_NIGHTS_MAX nights; out belongs into an arena. */
enum quote_result quote_make(const struct quote_rates *rates, const struct quote_stay *stay,
    struct quote *out);

/* What rates say about one day: for calendars, and for the two ends of a stay. */
struct quote_day {
    int64_t price_minor, min_nights, max_nights;
    bool no_arrival, no_departure;
};
struct quote_day quote_day(const struct quote_rates *rates, int64_t day);

#endif
