#include "tools/question_numbers.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

#define NONE NUMBER_NONE
#define BAHT INT64_C(100)

struct price_case {
    const char *text;
    int64_t min, max;
    const char *currency;
};

static void check_prices(const struct price_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct question_numbers numbers;
        question_numbers(question_read(arena, cases[i].text), &numbers);
        ck_assert_msg(numbers.price_min == cases[i].min && numbers.price_max == cases[i].max,
            "%s: %lld to %lld", cases[i].text, (long long)numbers.price_min,
            (long long)numbers.price_max);
        const char *is = numbers.currency == NULL ? "-" : numbers.currency;
        const char *wanted = cases[i].currency == NULL ? "-" : cases[i].currency;
        ck_assert_msg(strcmp(is, wanted) == 0, "%s: in %s", cases[i].text, is);
    }
}
#define CHECK_PRICES(cases) check_prices(cases, sizeof(cases) / sizeof((cases)[0]))

START_TEST(prices_have_bounds)
{
    static const struct price_case cases[] = {
        {"under 10,000", NONE, 10000 * BAHT, NULL},
        {"below 5k", NONE, 5000 * BAHT, NULL},
        {"less than 3 million baht", NONE, 3000000 * BAHT, "THB"},
        {"less than 2.5 million", NONE, 2500000 * BAHT, NULL},
        {"between 2 and 4 million", 2000000 * BAHT, 4000000 * BAHT, NULL},
        {"2-4 million baht", 2000000 * BAHT, 4000000 * BAHT, "THB"},
        {"from 5,000 to 10,000 THB a night", 5000 * BAHT, 10000 * BAHT, "THB"},
        {"between $100 and $200", 100 * BAHT, 200 * BAHT, "USD"},
        {"max 200 usd", NONE, 200 * BAHT, "USD"},
        {"max. $200.50 per night", NONE, 20050, "USD"},
        {"10,000 baht or less", NONE, 10000 * BAHT, "THB"},
        {"at least 20 million baht", 20000000 * BAHT, NONE, "THB"},
        {"over 1,000,000", 1000000 * BAHT, NONE, NULL},
        {"5 million and up", 5000000 * BAHT, NONE, NULL},
        {"budget of 8000 baht", NONE, 8000 * BAHT, "THB"},
        {"for 8000 baht", NONE, 8000 * BAHT, "THB"},
        {"ten million baht", NONE, 10000000 * BAHT, "THB"},
        {"฿5,000", NONE, 5000 * BAHT, "THB"},
        {"< 3000 thb", NONE, 3000 * BAHT, "THB"},
        {"under 150 euros", NONE, 150 * BAHT, "EUR"},
    };
    CHECK_PRICES(cases);
}
END_TEST

START_TEST(thai_prices_have_bounds)
{
    static const struct price_case cases[] = {
        {"ไม่เกิน 10,000 บาท", NONE, 10000 * BAHT, "THB"},
        {"ราคาไม่เกิน ๑๕,๐๐๐ บาท", NONE, 15000 * BAHT, "THB"},
        {"ต่ำกว่า 5 ล้าน", NONE, 5000000 * BAHT, NULL},
        {"ต่ำกว่าห้าล้านบาท", NONE, 5000000 * BAHT, "THB"},
        {"งบ 2 หมื่น", NONE, 20000 * BAHT, NULL},
        {"ไม่เกินหนึ่งหมื่นห้าพันบาท", NONE, 15000 * BAHT, "THB"},
        {"ระหว่าง 2 ถึง 4 ล้านบาท", 2000000 * BAHT, 4000000 * BAHT, "THB"},
        {"10 ล้านขึ้นไป", 10000000 * BAHT, NONE, NULL},
        {"มากกว่า 1.5 ล้านบาท", 1500000 * BAHT, NONE, "THB"},
    };
    CHECK_PRICES(cases);
}
END_TEST

START_TEST(other_numbers_are_no_prices)
{
    static const struct price_case cases[] = {
        {"under 5", NONE, NONE, NULL},
        {"less than 500 m from the beach", NONE, NONE, NULL},
        {"within 10 minutes", NONE, NONE, NULL},
        {"3 bedrooms for 6 people", NONE, NONE, NULL},
        {"at least 120 sqm", NONE, NONE, NULL},
        {"under 200 square metres", NONE, NONE, NULL},
        {"on soi 2000", NONE, NONE, NULL},
        {"under 99999999999999999999 baht", NONE, NONE, NULL},
        {"under 999999999999 billion baht", NONE, NONE, NULL},
    };
    CHECK_PRICES(cases);
}
END_TEST

START_TEST(rooms_and_guests_are_counted)
{
    static const struct {
        const char *text;
        int64_t bedrooms_min, bedrooms_max, bathrooms_min, guests;
    } cases[] = {
        {"3 bedroom villa", 3, 3, NONE, NONE},
        {"two-bedroom condo", 2, 2, NONE, NONE},
        {"3br", 3, 3, NONE, NONE},
        {"4 bed 3 bath house", 4, 4, 3, NONE},
        {"at least 3 bedrooms", 3, NONE, NONE, NONE},
        {"3+ bedrooms", 3, NONE, NONE, NONE},
        {"3 or more bedrooms", 3, NONE, NONE, NONE},
        {"up to 2 bedrooms", NONE, 2, NONE, NONE},
        {"2-3 bedrooms", 2, 3, NONE, NONE},
        {"2 or 3 bedrooms", 2, 3, NONE, NONE},
        {"3 large bedrooms", 3, 3, NONE, NONE},
        {"bedrooms: 3", 3, 3, NONE, NONE},
        {"for 6 people", NONE, NONE, NONE, 6},
        {"sleeps 8", NONE, NONE, NONE, 8},
        {"2 adults and 3 children", NONE, NONE, NONE, 5},
        {"family of five", NONE, NONE, NONE, 5},
        {"3 bedrooms for 6 guests under 9000 baht", 3, 3, NONE, 6},
        {"3 ห้องนอน", 3, 3, NONE, NONE},
        {"สามห้องนอน", 3, 3, NONE, NONE},
        {"ห้องนอน 3 ห้อง", 3, 3, NONE, NONE},
        {"อย่างน้อย 4 ห้องนอน", 4, NONE, NONE, NONE},
        {"๒ ห้องนอน 2 ห้องน้ำ", 2, 2, 2, NONE},
        {"สำหรับ 6 คน", NONE, NONE, NONE, 6},
        {"6 คน 3 ห้องนอน", 3, 3, NONE, 6},
        {"1000 bedrooms", NONE, NONE, NONE, NONE},
        {"for 3 nights", NONE, NONE, NONE, NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct question_numbers numbers;
        question_numbers(question_read(arena, cases[i].text), &numbers);
        ck_assert_msg(numbers.bedrooms_min == cases[i].bedrooms_min &&
                          numbers.bedrooms_max == cases[i].bedrooms_max &&
                          numbers.bathrooms_min == cases[i].bathrooms_min &&
                          numbers.guests == cases[i].guests,
            "%s: %lld to %lld bedrooms, %lld bathrooms, %lld guests", cases[i].text,
            (long long)numbers.bedrooms_min, (long long)numbers.bedrooms_max,
            (long long)numbers.bathrooms_min, (long long)numbers.guests);
    }
}
END_TEST

START_TEST(percentages_and_periods_are_noted)
{
    struct question_numbers numbers;
    question_numbers(question_read(arena, "cap rate above 6.5%"), &numbers);
    ck_assert_int_eq(numbers.yield_min_micro, 6500000);
    ck_assert_int_eq(numbers.price_min, NONE);
    question_numbers(question_read(arena, "under 30,000 baht a month"), &numbers);
    ck_assert_str_eq(numbers.period, "month");
    question_numbers(question_read(arena, "ไม่เกิน 5,000 บาทต่อคืน"), &numbers);
    ck_assert_str_eq(numbers.period, "night");
    ck_assert_int_eq(numbers.price_max, 5000 * BAHT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("question_numbers");
    TCase *tests = tcase_create("question_numbers");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, prices_have_bounds);
    tcase_add_test(tests, thai_prices_have_bounds);
    tcase_add_test(tests, other_numbers_are_no_prices);
    tcase_add_test(tests, rooms_and_guests_are_counted);
    tcase_add_test(tests, percentages_and_periods_are_noted);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
