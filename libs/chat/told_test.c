#include "chat/told.h"

#include <check.h>
#include <stdlib.h>

static const struct {
    const char *text;
    int64_t units;
    bool told;
} texts[] = {
    {"A flat for 12,500,000 baht", 12500000, true},
    {"for THB 12.5M, please", 12500000, true},
    {"12.5 million", 12500000, true},
    {"12500000", 12500000, true},
    {"12.500.000 THB", 12500000, true},
    {"ราคา 12.5 ล้านบาท", 12500000, true},
    {"ราคา ๑๒,๕๐๐,๐๐๐ บาท", 12500000, true},
    {"ห้าล้านบาท", 5000000, true},
    {"I pay five million baht", 5000000, true},
    {"Five million five hundred thousand", 5500000, true},
    {"rent 45k", 45000, true},
    {"rent 540,000 a year", 45000, true},
    {"rent 500,000 a year", 41667, true},
    {"{\"price\":\"THB 5,000,000\"}", 5000000, true},
    {"costs 4999.50", 4999, false},
    {"A flat for 12,500,000 baht", 12000000, false},
    {"A flat for 12,500,000 baht", 125000, false},
    {"What would this bring me?", 5000000, false},
    {"three bedrooms, 50 m from the beach", 3000000, false},
    {"someone", 1, false},
    {"", 5000000, false},
    {"99999999999999999999", 5000000, false},
};

START_TEST(an_amount_is_found_however_it_is_written)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(told_amount(texts[i].text, texts[i].units * 100) == texts[i].told, "%s: %ld",
            texts[i].text, (long)texts[i].units);
    }
    ck_assert(told_amount("4,999.50", 499950));
    ck_assert(!told_amount("no end", INT64_MAX));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("told");
    TCase *tcase = tcase_create("told");
    tcase_add_test(tcase, an_amount_is_found_however_it_is_written);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
