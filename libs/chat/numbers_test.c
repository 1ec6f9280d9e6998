#include "chat/numbers.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    double value;
    const char *rest;
} numbers[] = {
    {"0", 0, ""},
    {"7 nights", 7, " nights"},
    {"1234.5", 1234.5, ""},
    {"1,234.50", 1234.5, ""},
    {"1,234,567", 1234567, ""},
    {"12 000", 12000, ""},
    {"12\u00a0000 THB", 12000, " THB"},
    {"1\u202f234\u202f567", 1234567, ""},
    {"4.500.000", 4500000, ""},
    {"4.500", 4.5, ""},
    {"12,5", 12, ",5"},
    {"1,2345", 1, ",2345"},
    {"2026 400", 2026, " 400"},
    {"5.", 5, "."},
    {"5. Next", 5, ". Next"},
    {"0.12345", 0.1234, ""},
    {"\u0e51\u0e52,\u0e53\u0e54\u0e55", 12345, ""},
    {"\u0e53\u0e50%", 30, "%"},
    {"\uff11\uff12", 12, ""},
};

START_TEST(numbers_are_read_as_people_write_them)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct number number;
        const char *rest = number_read(numbers[i].text, &number);
        ck_assert_msg(rest != NULL && strcmp(rest, numbers[i].rest) == 0, "%s: %s", numbers[i].text,
            rest);
        ck_assert_msg((double)number.value == numbers[i].value * NUMBER_SCALE, "%s: %f",
            numbers[i].text, (double)number.value / NUMBER_SCALE);
    }
    struct number number;
    ck_assert_ptr_null(number_read("x", &number));
    ck_assert_ptr_null(number_read("", &number));
    ck_assert_ptr_null(number_read(".5", &number));
}
END_TEST

START_TEST(what_does_not_fit_equals_nothing)
{
    struct number number;
    ck_assert_str_eq(number_read("99999999999999999999 x", &number), " x");
    ck_assert_int_eq(number.value, NUMBER_TOO_BIG);
    ck_assert_str_eq(number_read("900000000000000", &number), "");
    ck_assert_int_gt(number.value, 0);
    number_scale(&number, 1000000);
    ck_assert_int_eq(number.value, NUMBER_TOO_BIG);
    number_scale(&number, 1);
    ck_assert_int_eq(number.value, NUMBER_TOO_BIG);
}
END_TEST

static const struct {
    const char *text;
    bool letters;
    int64_t factor;
} factors[] = {
    {" million baht", false, 1000000},
    {" Million", false, 1000000},
    {"million", false, 1000000},
    {" bn", false, 1000000000},
    {" \u0e25\u0e49\u0e32\u0e19\u0e1a\u0e32\u0e17", false, 1000000},
    {"\u0e41\u0e2a\u0e19", false, 100000},
    {"M", true, 1000000},
    {"k", true, 1000},
    {"M", false, 1},
    {"km", true, 1},
    {" m", true, 1},
    {" millionaires", true, 1},
    {"", true, 1},
};

START_TEST(a_word_behind_a_number_multiplies_it)
{
    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        const char *rest = NULL;
        ck_assert_msg(number_factor(factors[i].text, factors[i].letters, &rest) ==
                          factors[i].factor,
            "%s", factors[i].text);
        ck_assert((rest == factors[i].text) == (factors[i].factor == 1));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("numbers");
    TCase *tcase = tcase_create("numbers");
    tcase_add_test(tcase, numbers_are_read_as_people_write_them);
    tcase_add_test(tcase, what_does_not_fit_equals_nothing);
    tcase_add_test(tcase, a_word_behind_a_number_multiplies_it);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
