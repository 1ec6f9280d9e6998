#include "chat/extract.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/utf8.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

static const char text[] =
    "We welcome dogs. Breakfast is from 7 to 10 a.m. every day. The pool is open all year. "
    "Parking costs 3.50 a day. Bring towels to the pool.";

START_TEST(a_short_text_stays_whole)
{
    ck_assert_str_eq(extract_sentences(arena, text, "pool", sizeof(text)), text);
    ck_assert_str_eq(extract_sentences(arena, "", "pool", 10), "");
}
END_TEST

START_TEST(a_long_one_keeps_the_sentences_that_matter)
{
    ck_assert_str_eq(extract_sentences(arena, text, "What about the swimming pool?", 80),
        "We welcome dogs. The pool is open all year. Bring towels to the pool.");
    ck_assert_str_eq(extract_sentences(arena, text, "how much is parking", 45),
        "We welcome dogs. Parking costs 3.50 a day.");
}
END_TEST

START_TEST(no_sentence_is_ever_cut)
{
    ck_assert_str_eq(extract_sentences(arena, text, "pool", 3), "We welcome dogs.");
    for (size_t points = 1; points < sizeof(text); points++) {
        const char *part = extract_sentences(arena, text, "parking", points);
        const size_t len = strlen(part);
        ck_assert_int_eq(part[len - 1], '.');
        ck_assert_uint_le(len, points < 16 ? 16 : points);
    }
}
END_TEST

START_TEST(thai_is_cut_at_blanks_only)
{
    static const char thai[] = "ยกเลิกก่อนเช็คอินสามสิบวันขึ้นไปได้เงินคืนเต็มจำนวน "
                               "ระหว่างยี่สิบเก้าถึงสิบสี่วันคืนครึ่งหนึ่งของยอดทั้งหมด "
                               "น้อยกว่าสิบสี่วันไม่คืนเงินทุกกรณีตามนโยบายมาตรฐาน";
    const char *part = extract_sentences(arena, thai, "ไม่คืนเงินเมื่อไร", 60);
    ck_assert(utf8_is_valid(part, strlen(part)));
    ck_assert_uint_lt(strlen(part), strlen(thai));
    const char *at = strstr(thai, part);
    ck_assert_ptr_eq(at, thai);
    ck_assert_int_eq(thai[strlen(part)], ' ');
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("extract");
    TCase *tests = tcase_create("extract");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_short_text_stays_whole);
    tcase_add_test(tests, a_long_one_keeps_the_sentences_that_matter);
    tcase_add_test(tests, no_sentence_is_ever_cut);
    tcase_add_test(tests, thai_is_cut_at_blanks_only);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
