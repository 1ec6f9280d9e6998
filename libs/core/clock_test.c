#include "core/clock.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, int64_t *out)
{
    return clock_parse(text, strlen(text), out);
}

START_TEST(instants_are_written_in_utc_with_milliseconds)
{
    const struct {
        int64_t wall_us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1709210096789999, "2024-02-29T12:34:56.789Z"},
        {951782400000000, "2000-02-29T00:00:00.000Z"},
        {-62167219200000000, "0000-01-01T00:00:00.000Z"},
        {253402300799999999, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[CLOCK_RFC3339_LEN + 1];
        clock_format(cases[i].wall_us, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(clients_and_postgres_are_understood)
{
    const struct {
        const char *text;
        int64_t wall_us;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-02-29T12:34:56.789Z", 1709210096789000},
        {"2024-02-29 12:34:56.789123+00", 1709210096789123},
        {"2024-02-29 12:34:56.7+00", 1709210096700000},
        {"2024-02-29T19:34:56.789+07:00", 1709210096789000},
        {"2024-02-29T07:04:56-05:30", 1709210096000000},
        {"1970-01-01 00:00:00-00", 0},
        {"0000-01-01T00:00:00Z", -62167219200000000},
        {"9999-12-31T23:59:59.999999Z", 253402300799999999},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t wall_us = 1;
        ck_assert_msg(parse(cases[i].text, &wall_us), "%s", cases[i].text);
        ck_assert_int_eq(wall_us, cases[i].wall_us);
    }
}
END_TEST

START_TEST(other_text_is_no_instant)
{
    const char *const cases[] = {
        "",
        "2024",
        "2024-02-29",
        "2024-02-29T12:34:56",
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00.1234567Z",
        "2024-01-01T00:00:00Zx",
        "2024-01-01t00:00:00Z",
        "2024-01-01T00:00:00+",
        "2024-01-01T00:00:00+1",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+01:60",
        "2024-01-01T00:00:00+01:",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "-024-01-01T00:00:00Z",
        "2024-1-01T00:00:00Z",
        "infinity",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t wall_us = 77;
        ck_assert_msg(!parse(cases[i], &wall_us), "%s", cases[i]);
        ck_assert_int_eq(wall_us, 77);
    }
}
END_TEST

START_TEST(every_day_of_ten_thousand_years_round_trips)
{
    for (int64_t day = -719528; day <= 2932896; day++) {
        const int64_t noon_us = (day * 86400 + 43200) * 1000000;
        char text[CLOCK_RFC3339_LEN + 1];
        int64_t back = 0;
        clock_format(noon_us, text);
        if (!parse(text, &back) || back != noon_us) {
            ck_abort_msg("%s", text);
        }
    }
}
END_TEST

START_TEST(dates_are_those_of_the_calendar)
{
    const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"2024-02-29", true},
        {"2023-02-29", false},
        {"1900-02-29", false},
        {"2000-02-29", true},
        {"2024-04-31", false},
        {"2024-12-31", true},
        {"0000-01-01", true},
        {"2024-1-1", false},
        {"2024-01-01T", false},
        {"", false},
        {"2024/01/01", false},
        {"20240101", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(clock_is_date(cases[i].text, strlen(cases[i].text)) == cases[i].valid, "%s",
            cases[i].text);
    }
}
END_TEST

START_TEST(the_system_clock_runs)
{
    const int64_t start = clock_monotonic_ns(&clock_system);
    ck_assert_int_ge(clock_monotonic_ns(&clock_system), start);
    ck_assert_int_gt(clock_wall_us(&clock_system), INT64_C(1700000000) * 1000000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.clock");
    TCase *tests = tcase_create("clock");
    tcase_add_test(tests, instants_are_written_in_utc_with_milliseconds);
    tcase_add_test(tests, clients_and_postgres_are_understood);
    tcase_add_test(tests, other_text_is_no_instant);
    tcase_add_test(tests, every_day_of_ten_thousand_years_round_trips);
    tcase_add_test(tests, dates_are_those_of_the_calendar);
    tcase_add_test(tests, the_system_clock_runs);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
