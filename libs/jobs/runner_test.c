#include <check.h>

#include "jobs/jobs.h"

START_TEST(the_waiting_time_grows_fourfold)
{
    ck_assert_int_eq(jobs_backoff_ms(1, 0), 4000);
    ck_assert_int_eq(jobs_backoff_ms(1, UINT8_MAX), 6000);
    ck_assert_int_eq(jobs_backoff_ms(2, UINT8_MAX), 24000);
    ck_assert_int_eq(jobs_backoff_ms(4, 0), 256000);
}
END_TEST

START_TEST(it_never_passes_about_an_hour)
{
    ck_assert_int_eq(jobs_backoff_ms(9, 0), 2880000);
    ck_assert_int_eq(jobs_backoff_ms(INT64_MAX, UINT8_MAX), 4320000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jobs/runner");
    TCase *tests = tcase_create("back-off");
    tcase_add_test(tests, the_waiting_time_grows_fourfold);
    tcase_add_test(tests, it_never_passes_about_an_hour);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
