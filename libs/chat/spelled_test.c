#include "chat/spelled.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    int64_t value;
    const char *rest;
} numbers[] = {
    {"one", 1, ""},
    {"One baht", 1, " baht"},
    {"twenty-five percent", 25, " percent"},
    {"five hundred", 500, ""},
    {"five hundred and thirty two", 532, ""},
    {"five hundred thousand baht", 500000, " baht"},
    {"one million two hundred thousand THB", 1200000, " THB"},
    {"nine and a half", 9, " and a half"},
    {"ten of them", 10, " of them"},
    {"หนึ่งบาท", 1, "บาท"},
    {"สามสิบ", 30, ""},
    {"ยี่สิบห้า", 25, ""},
    {"สี่พันห้าร้อยบาท", 4500, "บาท"},
    {"หนึ่งล้านสองแสน", 1200000, ""},
    {"สามแสนห้าหมื่น", 350000, ""},
};

START_TEST(words_make_numbers)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct number number;
        const char *rest = spelled_read(numbers[i].text, &number);
        ck_assert_msg(rest != NULL && strcmp(rest, numbers[i].rest) == 0, "%s", numbers[i].text);
        ck_assert_msg(number.value == numbers[i].value * NUMBER_SCALE, "%s", numbers[i].text);
    }
}
END_TEST

START_TEST(other_words_make_none)
{
    static const char *const texts[] = {"", "onewards", "oner", "millions of baht", "million", "a",
        "hundred", "ล้านบาท", "ร้อยละ", "7", "tent"};
    struct number number;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(spelled_read(texts[i], &number) == NULL, "%s", texts[i]);
    }
}
END_TEST

START_TEST(endless_words_are_no_trouble)
{
    char text[4000] = "one";
    struct number number;
    while (strlen(text) + 10 < sizeof(text)) {
        strncat(text, " billion", 9);
    }
    ck_assert_ptr_nonnull(spelled_read(text, &number));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spelled");
    TCase *tcase = tcase_create("spelled");
    tcase_add_test(tcase, words_make_numbers);
    tcase_add_test(tcase, other_words_make_none);
    tcase_add_test(tcase, endless_words_are_no_trouble);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
