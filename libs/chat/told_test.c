#include "chat/told.h"

#include <check.h>
#include <stdlib.h>

static const struct {
    const char *text;
    int64_t units;
    bool told;
    bool a_month;
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
    {"rent 45k", 45000, true, .a_month = true},
    {"rent 540,000 a year", 45000, true, .a_month = true},
    {"rent 500,000 a year", 41667, true, .a_month = true},
    {"rent 500,000 a year", 41600, false, .a_month = true},
    {"a night of 540,000", 45000, false},
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
        const struct told_amount amount = {texts[i].units * 100, texts[i].a_month};
        ck_assert_msg(told_in(texts[i].text, &amount) == texts[i].told, "%s: %ld", texts[i].text,
            (long)texts[i].units);
    }
    ck_assert(told_in("4,999.50", &(struct told_amount){.minor = 499950}));
    ck_assert(!told_in("no end", &(struct told_amount){INT64_MAX, true}));
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
