#include "bookings/calendar.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static int64_t day_of(const char *text)
{
    int64_t day = 0;
    ck_assert_msg(calendar_read(text, &day), "%s", text);
    return day;
}

START_TEST(days_count_from_1970)
{
    ck_assert_int_eq(day_of("1970-01-01"), 0);
    ck_assert_int_eq(day_of("1970-01-02"), 1);
    ck_assert_int_eq(day_of("1969-12-31"), -1);
    ck_assert_int_eq(day_of("2026-11-27"), 20784);
}
END_TEST

START_TEST(leap_days_are_days)
{
    ck_assert_int_eq(day_of("2028-03-01") - day_of("2028-02-28"), 2);
    ck_assert_int_eq(day_of("2027-03-01") - day_of("2027-02-28"), 1);
    ck_assert_int_eq(day_of("2028-02-29") - day_of("2024-02-29"), 1461);
    ck_assert_int_eq(day_of("2100-03-01") - day_of("2100-02-28"), 1);
}
END_TEST

START_TEST(what_is_no_day_is_refused)
{
    const char *wrong[] = {"", "2027-02-29", "2100-02-29", "2026-13-01", "2026-00-01", "2026-01-32",
        "2026-1-1", "2026-01-01 ", " 2026-01-01", "2026/01/01", "20260101", "2026-01-0x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t day = 7;
        ck_assert_msg(!calendar_read(wrong[i], &day), "%s", wrong[i]);
        ck_assert_int_eq(day, 7);
    }
}
END_TEST

/* Also over the nights on which clocks change somewhere: a night is one night. */
START_TEST(days_follow_each_other)
{
    char before[CALENDAR_DATE_LEN + 1];
    char text[CALENDAR_DATE_LEN + 1];
    int weekday = calendar_weekday(day_of("1999-12-31"));
    ck_assert_int_eq(weekday, 5);
    calendar_write(day_of("1999-12-31"), before);
    for (int64_t day = day_of("2000-01-01"); day < day_of("2040-01-01"); day++) {
        calendar_write(day, text);
        ck_assert_int_eq(day_of(text), day);
        ck_assert_int_gt(strcmp(text, before), 0);
        weekday = (weekday + 1) % 7;
        ck_assert_int_eq(calendar_weekday(day), weekday);
        memcpy(before, text, sizeof(text));
    }
    ck_assert_int_eq(calendar_weekday(day_of("1969-12-28")), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calendar");
    TCase *tests = tcase_create("calendar");
    tcase_add_test(tests, days_count_from_1970);
    tcase_add_test(tests, leap_days_are_days);
    tcase_add_test(tests, what_is_no_day_is_refused);
    tcase_add_test(tests, days_follow_each_other);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
