#include "core/utf8.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

START_TEST(well_formed_text_is_valid_and_counted)
{
    const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"", 0},
        {"plain text that is longer than eight bytes", 42},
        {"\x7f", 1},
        {"\xc2\x80\xdf\xbf", 2},
        {"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 4},
        {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 2},
        {"สวัสดี", 6},
        {"12345678ö12345678", 17},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert(utf8_is_valid(cases[i].text, strlen(cases[i].text)));
        ck_assert_uint_eq(utf8_length(cases[i].text, strlen(cases[i].text)), cases[i].length);
    }
}
END_TEST

/* Each alone and behind enough plain text that the fast path has begun. */
START_TEST(malformed_text_is_refused)
{
    const char *const cases[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x7f",
        "\xc2\xc0",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe1\x80",
        "\xe1\x80\x7f",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf1\x80\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64] = "0123456789abcdef";
        strncat(text, cases[i], 8);
        ck_assert_msg(!utf8_is_valid(cases[i], strlen(cases[i])), "case %zu", i);
        ck_assert_msg(!utf8_is_valid(text, strlen(text)), "case %zu behind text", i);
    }
}
END_TEST

START_TEST(nul_is_refused_wherever_it_stands)
{
    char text[100]; /* more than is looked at in one go */
    for (size_t len = 1; len <= sizeof(text); len++) {
        for (size_t at = 0; at < len; at++) {
            memset(text, 'x', sizeof(text));
            ck_assert(utf8_is_valid(text, len));
            text[at] = '\0';
            ck_assert(!utf8_is_valid(text, len));
        }
    }
}
END_TEST

START_TEST(printable_ascii_is_told_from_everything_else)
{
    char text[40];
    for (size_t at = 0; at < sizeof(text); at++) {
        for (int byte = 0; byte < 256; byte++) {
            memset(text, 'x', sizeof(text));
            text[at] = (char)byte;
            ck_assert(utf8_is_printable_ascii(text, sizeof(text)) ==
                      (byte >= 0x20 && byte <= 0x7e));
        }
    }
    ck_assert(utf8_is_printable_ascii("", 0));
}
END_TEST

static size_t encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    const size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len; i-- > 1; point >>= 6) {
        out[i] = (char)(0x80 | (point & 0x3f));
    }
    out[0] = (char)((0xf00U >> len & 0xf0) | point);
    return len;
}

START_TEST(every_code_point_is_valid_except_surrogates)
{
    for (uint32_t point = 1; point < 0x120000; point++) {
        char text[4];
        const size_t len = encode(point, text);
        const bool wanted = (point < 0xd800 || point > 0xdfff) && point <= 0x10ffff;
        if (utf8_is_valid(text, len) != wanted) {
            ck_abort_msg("U+%04X", point);
        }
    }
}
END_TEST

START_TEST(cutting_splits_no_code_point)
{
    const char *text = "aö€😀"; /* 1 + 2 + 3 + 4 bytes */
    const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t max = 0; max < sizeof(wanted) / sizeof(wanted[0]); max++) {
        ck_assert_uint_eq(utf8_cut(text, strlen(text), max), wanted[max]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.utf8");
    TCase *tests = tcase_create("utf8");
    tcase_add_test(tests, well_formed_text_is_valid_and_counted);
    tcase_add_test(tests, malformed_text_is_refused);
    tcase_add_test(tests, nul_is_refused_wherever_it_stands);
    tcase_add_test(tests, printable_ascii_is_told_from_everything_else);
    tcase_add_test(tests, every_code_point_is_valid_except_surrogates);
    tcase_add_test(tests, cutting_splits_no_code_point);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
