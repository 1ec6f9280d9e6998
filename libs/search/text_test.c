#include "search/text.h"

#include <check.h>
#include <stdlib.h>

#include "core/arena.h"

static const struct {
    const char *text, *normal;
} texts[] = {
    {"  How do I BOOK a\t property ?? ", "how do i book a property"},
    {"how do i book a property", "how do i book a property"},
    {"What's Ünïcode…", "what's ünïcode"},
    {"e.g. this", "e.g. this"},
    {"ยกเลิก การจอง", "ยกเลิก การจอง"},
    {"\xE3\x80\x80wide\xC2\xA0 blanks\xE3\x80\x82", "wide blanks"},
    {"?!.", ""},
    {" ", ""},
    {"", ""},
    {"\xFF", "\xEF\xBF\xBD"},
    {"\xFF\xFF\xFF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"🙂", "🙂"},
    {"c++", "c++"},
    {"villa - Phuket -- 3-bedroom -pool", "villa phuket 3-bedroom -pool"},
    {"- dogs -?", "dogs"},
    {"- -", ""},
};

START_TEST(questions_that_differ_in_form_only_become_equal)
{
    struct arena *arena = arena_new(NULL);
    const char *normal = search_normalise(arena, texts[_i].text);
    ck_assert_str_eq(normal, texts[_i].normal);
    ck_assert_str_eq(search_normalise(arena, normal), normal);
    arena_free(arena);
}
END_TEST

static const struct {
    const char *text, *content;
} contents[] = {
    {"villa with the pool", "villa pool"},
    {"is it of the and", ""},
    {"what is it? i don't know, the", ""},
    {"on-site parking -the -pool", "on-site parking -pool"},
    {"\"house of the sun\" in phuket", "\"house of the sun\" in phuket"},
    {"บ้าน in phuket", "บ้าน phuket"},
    {"3 or 4 bedrooms", "3 4 bedrooms"},
    {"& | !", "& | !"},
    {"abouttheabouttheabout a pneumonoultramicroscopic",
        "abouttheabouttheabout pneumonoultramicroscopic"},
    {"", ""},
};

START_TEST(stop_words_go_and_what_else_there_is_stays)
{
    struct arena *arena = arena_new(NULL);
    ck_assert_str_eq(search_content(arena, contents[_i].text), contents[_i].content);
    arena_free(arena);
}
END_TEST

START_TEST(punctuation_and_pictures_are_no_words)
{
    ck_assert(!search_has_word(""));
    ck_assert(!search_has_word(" ?! \xF0\x9F\x99\x82 - "));
    ck_assert(search_has_word("?a"));
    ck_assert(search_has_word("7"));
    ck_assert(search_has_word("\xE0\xB8\x81"));
}
END_TEST

static const struct {
    const char *query, *fallback, *locale;
} locales[] = {
    {"เช็คอินกี่โมง", "en", "th"},
    {"check-in กี่โมง", "en", "th"},
    {"check-in time", "en", "en"},
    {"check-in time", "th", "en"},
    {"check-in time", "de", "de"},
    {"Anreise für 2000 ฿", "de", "de"}, /* the sign of the currency is no Thai letter */
    {"", "th", "en"},
};

START_TEST(the_letters_of_a_query_choose_its_locale)
{
    ck_assert_str_eq(search_locale_of(locales[_i].query, locales[_i].fallback), locales[_i].locale);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tcase = tcase_create("text");
    tcase_add_loop_test(tcase, questions_that_differ_in_form_only_become_equal, 0, COUNT(texts));
    tcase_add_loop_test(tcase, stop_words_go_and_what_else_there_is_stays, 0, COUNT(contents));
    tcase_add_test(tcase, punctuation_and_pictures_are_no_words);
    tcase_add_loop_test(tcase, the_letters_of_a_query_choose_its_locale, 0, COUNT(locales));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
