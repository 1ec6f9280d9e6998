#include "chat/phrases.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(every_locale_says_everything)
{
    static const char *const locales[] = {"en", "th"};
    for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
        const struct phrases *say = phrases_of(locales[i]);
        ck_assert_str_eq(say->locale, locales[i]);
        ck_assert_str_ne(say->unknown, "");
        ck_assert_str_ne(say->no_listing, "");
        ck_assert_str_ne(say->greeting, "");
        ck_assert_str_ne(say->welcome, "");
        ck_assert_str_ne(say->one_listing, "");
        ck_assert_str_ne(say->listings.behind, "");
        ck_assert_str_ne(say->first_of.behind, "");
        ck_assert_str_ne(say->some, "");
        ck_assert_str_ne(say->close, "");
    }
}
END_TEST

START_TEST(english_is_the_last_resort)
{
    ck_assert_str_eq(phrases_of("fr")->locale, "en");
    ck_assert_str_eq(phrases_of("")->locale, "en");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("phrases");
    TCase *tests = tcase_create("phrases");
    tcase_add_test(tests, every_locale_says_everything);
    tcase_add_test(tests, english_is_the_last_resort);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
