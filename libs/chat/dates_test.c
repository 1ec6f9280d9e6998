#include "chat/dates.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *dates, *rest; /* dates as y-m-d, NULL = none */
} cases[] = {
    {"2026-11-27", "2026-11-27", ""},
    {"2026-11-27T10:00:00Z", "2026-11-27", "T10:00:00Z"},
    {"2026/11/7", "2026-11-7", ""},
    {"2569-11-27", "2026-11-27", ""},
    {"27/11/2026", "2026-11-27", ""},
    {"11/27/2026", "2026-11-27", ""},
    {"27.11.2026.", "2026-11-27", "."},
    {"27-11-2569", "2026-11-27", ""},
    {"27/11/26", "2026-11-27", ""},
    {"27/11/69", "2026-11-27", ""},
    {"27 November 2026", "2026-11-27", ""},
    {"27th of November, 2026", "2026-11-27", ""},
    {"27 Nov", "0-11-27", ""},
    {"27 Nov. 2026", "2026-11-27", ""},
    {"27-Nov-2026", "2026-11-27", ""},
    {"1st Sept 2026", "2026-9-1", ""},
    {"27 NOVEMBER", "0-11-27", ""},
    {"27\u201330 November 2026", "2026-11-27 2026-11-30", ""},
    {"27 to 30 November", "0-11-27 0-11-30", ""},
    {"27 and 28 November", "0-11-27 0-11-28", ""},
    {"November 27, 2026", "2026-11-27", ""},
    {"November 27 is free", "0-11-27", " is free"},
    {"Nov 27-30, 2026", "2026-11-27 2026-11-30", ""},
    {"November 2026", "2026-11-0", ""},
    {"November, 2026", "2026-11-0", ""},
    {"May 5 is free", "0-5-5", " is free"},
    {"May 5, 2026", "2026-5-5", ""},
    {"\u0e52\u0e57 \u0e1e\u0e24\u0e28\u0e08\u0e34\u0e01\u0e32\u0e22\u0e19 \u0e52\u0e55\u0e56\u0e59",
        "2026-11-27", ""},
    {"27 \u0e1e.\u0e22. 2569", "2026-11-27", ""},
    {"27 \u0e1e.\u0e22. 69", "2026-11-27", ""},
    {"27 \u0e1e.\u0e22. \u0e1e.\u0e28. 2569", "2026-11-27", ""},
    {"27-30 \u0e1e\u0e24\u0e28\u0e08\u0e34\u0e01\u0e32\u0e22\u0e19", "0-11-27 0-11-30", ""},
    {"\u0e1e\u0e24\u0e28\u0e08\u0e34\u0e01\u0e32\u0e22\u0e19 2569", "2026-11-0", ""},
    {"27", NULL, NULL},
    {"27 nights", NULL, NULL},
    {"1 may stay", NULL, NULL},
    {"3 march past", NULL, NULL},
    {"May 2 people come?", NULL, NULL},
    {"May", NULL, NULL},
    {"March on", NULL, NULL},
    {"Marching 5", NULL, NULL},
    {"32 November", NULL, NULL},
    {"0 November", NULL, NULL},
    {"2026-13-27", NULL, NULL},
    {"2026-11-270", NULL, NULL},
    {"13/13/2026", NULL, NULL},
    {"24/7", NULL, NULL},
    {"1.2.3", NULL, NULL},
    {"4,500", NULL, NULL},
    {"November 4,500", NULL, NULL},
    {"081-234-5678", NULL, NULL},
};

START_TEST(dates_are_read_as_people_write_them)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct date dates[2];
        int count = 0;
        const char *rest = date_read(cases[i].text, dates, &count);
        if (cases[i].dates == NULL) {
            ck_assert_msg(rest == NULL, "%s", cases[i].text);
            continue;
        }
        ck_assert_msg(rest != NULL, "%s", cases[i].text);
        char told[64] = "";
        for (int d = 0; d < count; d++) {
            const size_t len = strlen(told);
            snprintf(told + len, sizeof(told) - len, "%s%d-%d-%d", d > 0 ? " " : "", dates[d].year,
                dates[d].month, dates[d].day);
        }
        ck_assert_msg(strcmp(told, cases[i].dates) == 0, "%s: %s", cases[i].text, told);
        ck_assert_msg(strcmp(rest, cases[i].rest) == 0, "%s: %s", cases[i].text, rest);
    }
}
END_TEST

static const struct {
    const char *known, *claim;
    bool supports;
} pairs[] = {
    {"2026-11-27", "27 November 2026", true},
    {"2026-11-27", "November 27", true},
    {"2026-11-27", "November 2026", true},
    {"2026-11-27", "28 November 2026", false},
    {"2026-11-27", "27 November 2027", false},
    {"2026-11-27", "27 October 2026", false},
    {"27 November", "27 November 2026", true},
    {"November 2026", "27 November 2026", false},
    {"2026-04-03", "03/04/2026", true},
    {"2026-04-03", "04/03/2026", true},
    {"2026-04-03", "05/03/2026", false},
    {"03/04/2026", "4 March 2026", true},
};

START_TEST(a_claim_needs_all_it_tells)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct date known[2], claim[2];
        int count = 0;
        ck_assert_ptr_nonnull(date_read(pairs[i].known, known, &count));
        ck_assert_ptr_nonnull(date_read(pairs[i].claim, claim, &count));
        ck_assert_msg(date_supports(&known[0], &claim[0]) == pairs[i].supports, "%s | %s",
            pairs[i].known, pairs[i].claim);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dates");
    TCase *tcase = tcase_create("dates");
    tcase_add_test(tcase, dates_are_read_as_people_write_them);
    tcase_add_test(tcase, a_claim_needs_all_it_tells);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
