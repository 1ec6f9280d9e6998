#include "bookings/quote.h"

#include <check.h>
#include <stdlib.h>

#define FRIDAY_NIGHT 20784 /* 2026-11-27 */
#define ROUNDS 20000

static struct quote quote;

static struct quote_rates plain(int64_t base_minor)
{
    return (struct quote_rates){
        .plan = {.base_minor = base_minor,
            .weekend_minor = QUOTE_NONE,
            .min_nights = 1,
            .max_nights = 365},
    };
}

static const struct quote_line *line_of(enum quote_code code)
{
    for (int i = 0; i < quote.count; i++) {
        if (quote.lines[i].code == code) {
            return &quote.lines[i];
        }
    }
    return NULL;
}

static int64_t total(const struct quote_rates *rates, int64_t check_in, int64_t nights)
{
    const struct quote_stay stay = {check_in, check_in + nights, 2};
    ck_assert_int_eq(quote_make(rates, &stay, &quote), QUOTE_OK);
    return quote.total_minor;
}

START_TEST(nights_of_one_price_are_one_line)
{
    const struct quote_rates rates = plain(980000);
    ck_assert_int_eq(total(&rates, FRIDAY_NIGHT, 3), 2940000);
    ck_assert_int_eq(quote.count, 1);
    ck_assert_int_eq(quote.lines[0].quantity, 3);
    ck_assert_int_eq(quote.lines[0].unit_minor, 980000);
}
END_TEST

START_TEST(friday_and_saturday_are_the_weekend)
{
    struct quote_rates rates = plain(100);
    rates.plan.weekend_minor = 150;
    ck_assert_int_eq(total(&rates, FRIDAY_NIGHT, 2), 300);
    ck_assert_int_eq(total(&rates, FRIDAY_NIGHT - 1, 2), 250);
    ck_assert_int_eq(total(&rates, FRIDAY_NIGHT, 7), 2 * 150 + 5 * 100);
    rates.plan.weekend_minor = 0;
    ck_assert_int_eq(total(&rates, FRIDAY_NIGHT, 3), 100);
}
END_TEST

START_TEST(the_rule_of_the_highest_priority_decides)
{
    const struct quote_rule rules[] = {
        {.from = FRIDAY_NIGHT, .to = FRIDAY_NIGHT + 2, .nightly_minor = 300, .priority = 2},
        {.from = FRIDAY_NIGHT - 9, .to = FRIDAY_NIGHT + 9, .nightly_minor = 200, .min_nights = 4},
        {.from = FRIDAY_NIGHT + 1,
            .to = FRIDAY_NIGHT + 2,
            .nightly_minor = QUOTE_NONE,
            .max_nights = 5,
            .no_arrival = 1U << 6,
            .priority = 3},
    };
    struct quote_rates rates = plain(100);
    rates.plan.weekend_minor = 150;
    rates.rules = rules;
    rates.count = 3;
    ck_assert_int_eq(total(&rates, FRIDAY_NIGHT, 3), 300 + 300 + 200);
    ck_assert_int_eq(quote_day(&rates, FRIDAY_NIGHT + 9).price_minor, 100);
    const struct quote_day saturday = quote_day(&rates, FRIDAY_NIGHT + 1);
    ck_assert_int_eq(saturday.min_nights, 4);
    ck_assert_int_eq(saturday.max_nights, 5);
    ck_assert(saturday.no_arrival && !saturday.no_departure);
    ck_assert(!quote_day(&rates, FRIDAY_NIGHT).no_arrival);
}
END_TEST

START_TEST(everything_together)
{
    struct quote_rates rates = plain(10001);
    rates.plan.cleaning_minor = 5000;
    rates.plan.extra_guest_minor = 700;
    rates.plan.extra_guest_from = 2;
    rates.plan.weekly_discount = 12500; /* 12.5 % */
    rates.plan.tax = 7000;
    const struct quote_stay stay = {FRIDAY_NIGHT, FRIDAY_NIGHT + 7, 4};
    ck_assert_int_eq(quote_make(&rates, &stay, &quote), QUOTE_OK);
    ck_assert_int_eq(line_of(QUOTE_NIGHT)->amount_minor, 70007);
    ck_assert_int_eq(line_of(QUOTE_WEEKLY_DISCOUNT)->amount_minor, -8751); /* of 8750.875 */
    ck_assert_int_eq(line_of(QUOTE_EXTRA_GUEST)->quantity, 14);
    ck_assert_int_eq(line_of(QUOTE_EXTRA_GUEST)->amount_minor, 9800);
    ck_assert_int_eq(line_of(QUOTE_CLEANING_FEE)->amount_minor, 5000);
    ck_assert_int_eq(line_of(QUOTE_TAX)->amount_minor, 5324); /* of 5323.92 */
    ck_assert_int_eq(quote.total_minor, 70007 - 8751 + 9800 + 5000 + 5324);
}
END_TEST

START_TEST(halves_are_rounded_up)
{
    struct quote_rates rates = plain(50);
    rates.plan.tax = 1000; /* 1 % of 50 is a half */
    ck_assert_int_eq(total(&rates, FRIDAY_NIGHT, 1), 51);
    rates.plan.base_minor = 49;
    ck_assert_int_eq(total(&rates, FRIDAY_NIGHT, 1), 49);
}
END_TEST

START_TEST(discounts_begin_with_the_seventh_and_the_28th_night)
{
    struct quote_rates rates = plain(100);
    rates.plan.weekly_discount = 10000;
    rates.plan.monthly_discount = 20000;
    ck_assert_int_eq(total(&rates, 0, 6), 600);
    ck_assert_int_eq(total(&rates, 0, 7), 630);
    ck_assert_int_eq(total(&rates, 0, 27), 2430);
    ck_assert_int_eq(total(&rates, 0, 28), 2240);
    ck_assert_ptr_nonnull(line_of(QUOTE_MONTHLY_DISCOUNT));
    ck_assert_ptr_null(line_of(QUOTE_WEEKLY_DISCOUNT));
    rates.plan.monthly_discount = 0;
    ck_assert_int_eq(total(&rates, 0, 28), 2520);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    struct quote_rates rates = plain(INT64_MAX / 2);
    const struct quote_stay two = {0, 2, 1};
    const struct quote_stay three = {0, 3, 1};
    ck_assert_int_eq(quote_make(&rates, &two, &quote), QUOTE_OK);
    ck_assert_int_eq(quote_make(&rates, &three, &quote), QUOTE_TOO_LARGE);
    rates.plan.cleaning_minor = 2;
    ck_assert_int_eq(quote_make(&rates, &two, &quote), QUOTE_TOO_LARGE);
    rates = plain(INT64_MAX);
    ck_assert_int_eq(quote_make(&rates, &(struct quote_stay){0, 1, 1}, &quote), QUOTE_OK);
    rates.plan.tax = 1;
    ck_assert_int_eq(quote_make(&rates, &(struct quote_stay){0, 1, 1}, &quote), QUOTE_TOO_LARGE);
    rates = plain(0);
    rates.plan.extra_guest_minor = INT64_MAX;
    rates.plan.extra_guest_from = 1;
    ck_assert_int_eq(quote_make(&rates, &(struct quote_stay){0, 1, 2}, &quote), QUOTE_OK);
    ck_assert_int_eq(quote_make(&rates, &(struct quote_stay){0, 1, 3}, &quote), QUOTE_TOO_LARGE);
}
END_TEST

/* ---- whatever the rates are ---- */

static uint64_t chance_state = 20261127;

static int64_t chance(int64_t below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (int64_t)(chance_state % (uint64_t)below);
}

static struct quote_rates any_rates(struct quote_rule rules[], int64_t count)
{
    struct quote_rates rates = plain(chance(10000000));
    rates.plan.weekend_minor = chance(2) == 0 ? QUOTE_NONE : chance(10000000);
    rates.plan.cleaning_minor = chance(100000);
    rates.plan.extra_guest_minor = chance(100000);
    rates.plan.extra_guest_from = chance(4);
    rates.plan.tax = chance(100001);
    for (int64_t i = 0; i < count; i++) {
        const int64_t from = 20000 + chance(400);
        rules[i] = (struct quote_rule){.from = from,
            .to = from + 1 + chance(60),
            .nightly_minor = chance(3) == 0 ? QUOTE_NONE : chance(10000000),
            .priority = i};
    }
    rates.rules = rules;
    rates.count = count;
    return rates;
}

START_TEST(lines_add_up_and_discounts_never_raise)
{
    struct quote_rule rules[QUOTE_RULES_MAX];
    for (int round = 0; round < ROUNDS; round++) {
        struct quote_rates rates = any_rates(rules, chance(6));
        const int64_t check_in = 20000 + chance(300);
        const int64_t nights = 1 + chance(60);
        const int64_t full = total(&rates, check_in, nights);
        rates.plan.weekly_discount = chance(100001);
        rates.plan.monthly_discount = chance(100001);
        const int64_t reduced = total(&rates, check_in, nights);
        int64_t sum = 0;
        for (int i = 0; i < quote.count; i++) {
            const struct quote_line *line = &quote.lines[i];
            ck_assert_int_eq(line->amount_minor, line->quantity * line->unit_minor);
            sum += line->amount_minor;
        }
        ck_assert_int_eq(sum, quote.total_minor);
        ck_assert_int_le(reduced, full);
        ck_assert_int_ge(reduced, 0);
    }
}
END_TEST

/* A discount that begins may make the week cheaper than six nights; apart from that more nights never cost less. */
START_TEST(longer_is_never_cheaper)
{
    struct quote_rule rules[QUOTE_RULES_MAX];
    for (int round = 0; round < ROUNDS; round++) {
        struct quote_rates rates = any_rates(rules, chance(6));
        rates.plan.weekly_discount = chance(100001);
        rates.plan.monthly_discount = chance(100001);
        const int64_t check_in = 20000 + chance(300);
        const int64_t nights = 1 + chance(60);
        const int64_t shorter = total(&rates, check_in, nights);
        const int64_t longer = total(&rates, check_in, nights + 1);
        if (nights + 1 != QUOTE_WEEK_NIGHTS && nights + 1 != QUOTE_MONTH_NIGHTS) {
            ck_assert_int_ge(longer, shorter);
        }
    }
}
END_TEST

START_TEST(every_rule_may_have_a_price_of_its_own)
{
    struct quote_rule rules[QUOTE_RULES_MAX];
    struct quote_rates rates = plain(1);
    rates.plan.weekend_minor = 2;
    rates.plan.cleaning_minor = 1;
    rates.plan.extra_guest_minor = 1;
    rates.plan.extra_guest_from = 1;
    rates.plan.monthly_discount = 50000;
    rates.plan.tax = 10000;
    for (int64_t i = 0; i < QUOTE_RULES_MAX; i++) {
        rules[i] = (struct quote_rule){.from = i, .to = i + 1, .nightly_minor = 10 + i};
    }
    rates.rules = rules;
    rates.count = QUOTE_RULES_MAX;
    (void)total(&rates, 0, 365);
    ck_assert_int_eq(quote.count, QUOTE_LINES_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quote");
    TCase *tests = tcase_create("quote");
    tcase_add_test(tests, nights_of_one_price_are_one_line);
    tcase_add_test(tests, friday_and_saturday_are_the_weekend);
    tcase_add_test(tests, the_rule_of_the_highest_priority_decides);
    tcase_add_test(tests, everything_together);
    tcase_add_test(tests, halves_are_rounded_up);
    tcase_add_test(tests, discounts_begin_with_the_seventh_and_the_28th_night);
    tcase_add_test(tests, what_does_not_fit_is_refused);
    tcase_add_test(tests, lines_add_up_and_discounts_never_raise);
    tcase_add_test(tests, longer_is_never_cheaper);
    tcase_add_test(tests, every_rule_may_have_a_price_of_its_own);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
