#include "chat/sentences.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Sentences are separated by | in the second text; it is not in the first. */
static const char *const cases[] = {
    "", "One.", "One. |Two! |Three? |Four", "It costs 4.5 million. |Yes.",
    "It costs 1,234.50 THB [1]. |Yes [2].", "Yes. [1] |No. [2][3] |Well",
    "He said \"yes.\" |Then (no.) |Well.", "About approx. 4,500 THB, e.g. on 27 Nov. 2026. |Yes.",
    "First line\n|Second line.\n|\n|- Third\n|", "1. A villa. |It is big.\n|2. Another",
    "See example.com/a.b for v1.2. |Yes.", "Really?! |Yes... |No.",
    "วิลล่าราคา 4,500 บาทต่อคืน |มีสระว่ายน้ำ", "ว่าง 27 พ.ย. 2569 ค่ะ", "ราคา 4,500 บาท\n|มี 3 ห้อง",
    "**Bold.** |Then.", "| a | 5 THB |\n", /* a row of a table is one line */
};

START_TEST(sentences_end_where_people_end_them)
{
    for (size_t i = 0; i + 1 < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256], told[256];
        size_t len = 0, told_len = 0;
        for (const char *c = cases[i]; *c != '\0'; c++) {
            text[len] = *c;
            len += *c != '|';
        }
        text[len] = '\0';
        for (size_t at = 0; at < len;) {
            const size_t end = sentence_end(text, at);
            ck_assert_uint_gt(end, at);
            memcpy(told + told_len, text + at, end - at);
            told_len += end - at;
            told[told_len++] = '|';
            at = end;
        }
        /* The last one ends with the text. */
        const bool open = cases[i][0] != '\0' && cases[i][strlen(cases[i]) - 1] != '|';
        told[told_len - (open ? 1 : 0)] = '\0';
        ck_assert_msg(strcmp(told, cases[i]) == 0, "%s", told);
    }
    ck_assert_uint_eq(sentence_end(cases[sizeof(cases) / sizeof(cases[0]) - 1], 0), 14);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sentences");
    TCase *tcase = tcase_create("sentences");
    tcase_add_test(tcase, sentences_end_where_people_end_them);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
