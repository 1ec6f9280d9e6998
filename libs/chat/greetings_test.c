#include "chat/greetings.h"

#include <check.h>
#include <stdlib.h>

START_TEST(who_says_hello_or_thanks)
{
    static const char *const hellos[] = {"Hello", "hi", "Hi!", "  HEY there \n",
        "Hello, good morning.", "good  evening", "Hi 👋", "👋 hello?", "hi hi", "Sawasdee ka", "สวัสดี",
        "สวัสดีครับ", "สวัสดีค่ะ", "สวัสดี ค่ะ", "หวัดดีจ้า", "สวัสดีตอนเช้าครับ", "อรุณสวัสดิ์", "สวัสดีครับ 🙏",
        "Hello สวัสดี"};
    static const char *const thanks[] = {"Thanks", "thanks!", "Thank you very much.", "thx",
        "thanks a lot", "Hi, thanks", "ขอบคุณ", "ขอบคุณครับ", "ขอบคุณมากค่ะ", "ขอบคุณมากๆ นะคะ",
        "ขอบใจจ้า"};
    for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
        ck_assert_msg(greeting_of(hellos[i]) == GREETING_HELLO, "%s", hellos[i]);
    }
    for (size_t i = 0; i < sizeof(thanks) / sizeof(thanks[0]); i++) {
        ck_assert_msg(greeting_of(thanks[i]) == GREETING_THANKS, "%s", thanks[i]);
    }
}
END_TEST

START_TEST(one_more_word_makes_a_question)
{
    static const char *const questions[] = {"", " ", "👋", "there", "ครับ", "a lot",
        "Hello, do you have villas?", "hi villas", "hilton", "hello1", "thanksgiving",
        "thanks for what?", "high", "theresa", "What does hello mean in Thai?", "สวัสดีครับ มีวิลล่าไหม",
        "สวัสดีมีวิลล่าไหม", "ขอบคุณที่ช่วย", "hello 5", "no thanks hello 7 villas", "h i", "thank", "good"};
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        ck_assert_msg(greeting_of(questions[i]) == GREETING_NONE, "%s", questions[i]);
    }
}
END_TEST

START_TEST(long_messages_are_not_looked_at)
{
    char text[162];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = "hi "[i % 3];
    }
    text[160] = '\0';
    ck_assert_int_eq(greeting_of(text), GREETING_NONE); /* ends within a word */
    text[159] = '\0';
    ck_assert_int_eq(greeting_of(text), GREETING_HELLO);
    text[159] = ' ';
    text[160] = ' ';
    text[161] = '\0';
    ck_assert_int_eq(greeting_of(text), GREETING_NONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("greetings");
    TCase *tests = tcase_create("greetings");
    tcase_add_test(tests, who_says_hello_or_thanks);
    tcase_add_test(tests, one_more_word_makes_a_question);
    tcase_add_test(tests, long_messages_are_not_looked_at);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
