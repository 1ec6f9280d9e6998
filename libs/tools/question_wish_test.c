#include "tools/question_wish.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "properties/finder.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

static struct property_place stays[] = {
    {"short_stay", "Phuket", "Phuket", "Rawai"},
    {"short_stay", "Bangkok", "Bangkok", "Sathon"},
};
static struct property_place homes[] = {
    {"sale", "Phuket", "Phuket", "Rawai"},
    {"lease", "Bangkok", "Bangkok", "Sathon"},
};

static struct question_wish wish_of(const char *text, struct property_place *places)
{
    const struct list list = {places, 2};
    struct question_wish wish;
    question_wish_among(arena, text, &list, &wish);
    return wish;
}

struct asked_case {
    const char *text;
    enum chat_asked asked;
    bool only;
};

static void check_asked(const struct asked_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct question_wish wish = wish_of(cases[i].text, stays);
        ck_assert_msg(wish.asked == cases[i].asked && wish.only == cases[i].only, "%s: %d%s",
            cases[i].text, (int)wish.asked, wish.only ? " only" : "");
    }
}
#define CHECK_ASKED(cases) check_asked(cases, sizeof(cases) / sizeof((cases)[0]))

START_TEST(searches_are_told)
{
    static const struct asked_case cases[] = {
        {"villa with a pool in Phuket under 15,000 baht", CHAT_ASKED_CLEARLY, true},
        {"Show me villas", CHAT_ASKED_CLEARLY, true},
        {"I am looking for a 3 bedroom house", CHAT_ASKED_CLEARLY, true},
        {"Can you find me a condo in Bangkok?", CHAT_ASKED_CLEARLY, true},
        {"Which villas in Phuket have a pool?", CHAT_ASKED_CLEARLY, true},
        {"Which villas in Phuket are freehold?", CHAT_ASKED_CLEARLY, true},
        {"Is there a villa with a pool in Phuket?", CHAT_ASKED_CLEARLY, true},
        {"Do you have any condos in Bangkok?", CHAT_ASKED_CLEARLY, true},
        {"condo in Bangkok under 10 million baht", CHAT_ASKED_CLEARLY, true},
        {"3 bedrooms in Phuket", CHAT_ASKED_CLEARLY, true},
        {"villa with a pool", CHAT_ASKED_CLEARLY, true},
        {"price of villas in Phuket", CHAT_ASKED_CLEARLY, true},
        {"วิลล่าพร้อมสระในภูเก็ต ราคาไม่เกิน 15,000 บาท", CHAT_ASKED_CLEARLY, true},
        {"หาคอนโดในกรุงเทพ", CHAT_ASKED_CLEARLY, true},
        {"กำลังหาบ้าน 3 ห้องนอน", CHAT_ASKED_CLEARLY, true},
        {"มีวิลล่าในภูเก็ตไหม", CHAT_ASKED_CLEARLY, true},
        {"Show me the cheapest place in Bangkok", CHAT_ASKED_CLEARLY, true},
        {"accommodation with a gym", CHAT_ASKED_CLEARLY, true},
        {"quiet garden bungalow in Phuket", CHAT_ASKED_CLEARLY, true},
        /* perhaps */
        {"romantic xylophone villa in Phuket", CHAT_ASKED_PERHAPS, false},
        {"villa in Bali", CHAT_ASKED_PERHAPS, false},
        {"Which houses accept animals?", CHAT_ASKED_PERHAPS, false},
        {"Premium for protecting a ten million baht villa", CHAT_ASKED_NOT, false},
        {"Purchase of a 10 million baht resale apartment, hidden extras", CHAT_ASKED_PERHAPS,
            false},
        {"Are there homes suitable for wheelchair users?", CHAT_ASKED_PERHAPS, false},
        {"How much is a villa in Phuket?", CHAT_ASKED_PERHAPS, false},
        {"Show me villas in Phuket, and how do I pay?", CHAT_ASKED_PERHAPS, false},
    };
    CHECK_ASKED(cases);
}
END_TEST

START_TEST(other_questions_are_told)
{
    static const struct asked_case cases[] = {
        {"What is the weather in Phuket?", CHAT_ASKED_NOT, false},
        {"What is the weather tomorrow?", CHAT_ASKED_NOT, false},
        {"Is the pool heated in winter?", CHAT_ASKED_NOT, false},
        {"What is the cancellation policy?", CHAT_ASKED_NOT, false},
        {"Can foreigners own land?", CHAT_ASKED_NOT, false},
        {"Can foreigners own a villa in Phuket?", CHAT_ASKED_NOT, false},
        {"Is there parking at the property?", CHAT_ASKED_NOT, false},
        {"Do I need a visa to visit Thailand?", CHAT_ASKED_NOT, false},
        {"Where can I find my booking confirmation?", CHAT_ASKED_NOT, false},
        {"I want to cancel my villa in Phuket", CHAT_ASKED_NOT, false},
        {"How do I list my property?", CHAT_ASKED_NOT, false},
        {"What are property taxes in Thailand?", CHAT_ASKED_NOT, false},
        {"How do I book a property?", CHAT_ASKED_NOT, false},
        {"What time is check-in?", CHAT_ASKED_NOT, false},
        {"Can you recommend a good seafood restaurant in Phuket?", CHAT_ASKED_NOT, false},
        {"Can you suggest an interior designer for a penthouse?", CHAT_ASKED_NOT, false},
        {"I can't find my passport, I think it is in the villa", CHAT_ASKED_NOT, false},
        {"Is there a bubble in Bangkok apartments?", CHAT_ASKED_NOT, false},
        {"แถวภูเก็ตมีร้านอาหารทะเลอร่อย ๆ แนะนำไหม", CHAT_ASKED_NOT, false},
        {"hello", CHAT_ASKED_NOT, false},
        {"", CHAT_ASKED_NOT, false},
        {"นโยบายการยกเลิกการจองเป็นอย่างไร", CHAT_ASKED_NOT, false},
        {"ที่พักมีที่จอดรถไหม", CHAT_ASKED_NOT, false},
        {"พาสุนัขหรือแมวมาพักด้วยได้ไหม", CHAT_ASKED_NOT, false},
        {"อากาศที่ภูเก็ตเป็นอย่างไร", CHAT_ASKED_NOT, false},
        {"ต่างชาติถือครองที่ดินได้ไหม", CHAT_ASKED_NOT, false},
        {"มีไวไฟไหม ความเร็วเท่าไร", CHAT_ASKED_NOT, false},
    };
    CHECK_ASKED(cases);
}
END_TEST

static void assert_text(const char *question, const char *is, const char *wanted)
{
    ck_assert_msg(wanted == NULL ? is == NULL : is != NULL && strcmp(is, wanted) == 0, "%s: %s",
        question, is == NULL ? "-" : is);
}

START_TEST(the_kind_of_offer_is_one_that_there_is)
{
    static const struct {
        const char *text, *of_stays, *of_homes;
    } cases[] = {
        {"villa in Phuket", NULL, NULL},
        {"villa to rent in Phuket", "short_stay", "lease"},
        {"condo for rent long term", "short_stay", "lease"},
        {"villa for sale in Phuket", "sale", "sale"},
        {"holiday villa in Phuket", "short_stay", NULL},
        {"condo in Bangkok under 10 million baht", NULL, "sale"},
        {"condo in Bangkok under 50,000 baht", NULL, NULL},
        {"condo in Bangkok under 50,000 baht a month", NULL, "lease"},
        {"condo in Bangkok under $300,000", NULL, "sale"},
        {"villa under 9,000 baht per night", "short_stay", NULL},
        {"เช่าคอนโดในกรุงเทพ", "short_stay", "lease"},
        {"ซื้อวิลล่าในภูเก็ต", "sale", "sale"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_text(cases[i].text, wish_of(cases[i].text, stays).listing_type, cases[i].of_stays);
        assert_text(cases[i].text, wish_of(cases[i].text, homes).listing_type, cases[i].of_homes);
    }
}
END_TEST

START_TEST(words_that_no_filter_says_are_left)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"villa with a pool in Phuket under 15,000 baht", NULL},
        {"quiet romantic villa in Phuket", "quiet romantic"},
        {"villa in Bali", "bali"},
        {"show me a condo near the skytrain", "skytrain"},
        {"วิลล่าเงียบสงบในภูเก็ต", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_text(cases[i].text, wish_of(cases[i].text, stays).words, cases[i].words);
    }
}
END_TEST

START_TEST(a_percentage_is_a_yield_only_beside_the_word)
{
    ck_assert_int_eq(wish_of("condo with a cap rate over 6%", homes).numbers.yield_min_micro,
        6000000);
    ck_assert_int_eq(wish_of("condo with 6% discount", homes).numbers.yield_min_micro, NUMBER_NONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("question_wish");
    TCase *tests = tcase_create("question_wish");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, searches_are_told);
    tcase_add_test(tests, other_questions_are_told);
    tcase_add_test(tests, the_kind_of_offer_is_one_that_there_is);
    tcase_add_test(tests, words_that_no_filter_says_are_left);
    tcase_add_test(tests, a_percentage_is_a_yield_only_beside_the_word);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
