#include "search/stem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Words of one row meet. */
static const char *const families[][5] = {
    {"charge", "charges", "charged", "charging"},
    {"cancel", "cancels", "cancelled", "cancelling"},
    {"booking", "bookings", "booked", "book"},
    {"tax", "taxes", "taxed"},
    {"party", "parties"},
    {"refund", "refunds", "refunded"},
    {"bus"},
    {"glass", "glasses"},
    {"a"},
    {"is"},
};

START_TEST(the_usual_forms_of_a_word_meet)
{
    char first[32] = "";
    for (int i = 0; i < 5 && families[_i][i] != NULL; i++) {
        char word[32];
        strncpy(word, families[_i][i], sizeof(word) - 1);
        word[sizeof(word) - 1] = '\0';
        word[stem_cut(word, strlen(word))] = '\0';
        if (i == 0) {
            strncpy(first, word, sizeof(first) - 1);
        }
        ck_assert_str_eq(word, first);
        ck_assert_uint_gt(strlen(word), 0);
    }
}
END_TEST

static const struct {
    const char *word;
    bool is_stop_word;
} words[] = {{"a", true}, {"the", true}, {"your", true}, {"whats", true}, {"th", false},
    {"pool", false}, {"they", true}, {"theyx", false}, {"zzz", false}, {"", false},
    {"about", true}};

START_TEST(stop_words_are_known)
{
    ck_assert(stem_is_stop_word(words[_i].word, strlen(words[_i].word)) == words[_i].is_stop_word);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("stem");
    TCase *tcase = tcase_create("stem");
    tcase_add_loop_test(tcase, the_usual_forms_of_a_word_meet, 0, COUNT(families));
    tcase_add_loop_test(tcase, stop_words_are_known, 0, COUNT(words));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
