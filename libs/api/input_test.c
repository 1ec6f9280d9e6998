#include "api/input.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "http/call.h"

START_TEST(phones_need_a_country_code)
{
    ck_assert(input_is_phone("+66 2 123 4567"));
    ck_assert(input_is_phone("+1 (212) 555-0100"));
    ck_assert(!input_is_phone("021234567"));
    ck_assert(!input_is_phone("+12345"));
    ck_assert(!input_is_phone("+1234567890123456"));
    ck_assert(!input_is_phone("+66 call me"));
    ck_assert(!input_is_phone(""));
}
END_TEST

START_TEST(letters_have_an_address)
{
    ck_assert(input_is_email("guest@example.com"));
    ck_assert(input_is_email("first.last+tag@mail.example.co.th"));
    const char *const bad[] = {"", "@", "a@", "@example.com", "a@b", "a@.com", "a@b.",
        "a b@example.com", "a@exam ple.com", "a@b@example.com", "a@example.com,b@example.com",
        "A <a@example.com>", "a@example.com\n", "a@example.com\r\nBcc: b@example.com",
        "\x7f@example.com"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!input_is_email(bad[i]), "%s", bad[i]);
    }
}
END_TEST

START_TEST(addresses_must_be_https)
{
    ck_assert(input_is_https_url("https://images.example/a.jpg?x=1"));
    ck_assert(!input_is_https_url("http://images.example/a.jpg"));
    ck_assert(!input_is_https_url("https://"));
    ck_assert(!input_is_https_url("https:///etc/passwd"));
    ck_assert(!input_is_https_url("https://images.example/a b.jpg"));
    ck_assert(!input_is_https_url("javascript:alert(1)"));
}
END_TEST

START_TEST(slugs_are_never_ids)
{
    ck_assert(input_is_slug("villa-1"));
    ck_assert(input_is_slug("1-"));
    ck_assert(!input_is_slug("123"));
    ck_assert(!input_is_slug("Villa"));
    ck_assert(!input_is_slug(""));
    ck_assert(!input_is_slug("a b"));
}
END_TEST

START_TEST(sessions_are_long_and_plain)
{
    ck_assert(input_is_session("abcdefghijklmnopqrstuv")); /* 22 */
    ck_assert(input_is_session("3f2b8a5e-9c1d-4e6f-8a7b-0c1d2e3f4a5b"));
    ck_assert(input_is_session("0123456789012345678901234567890123456789012345678901234567890-_A"));
    ck_assert(!input_is_session("0123456789012345678901234567890123456789012345678901234567890-_"
                                "AB"));
    ck_assert(!input_is_session("abcdefghijklmnopqrstu"));
    ck_assert(!input_is_session("abcdefghijklmnopqrst v"));
    ck_assert(!input_is_session("abcdefghijklmnopqrst%v"));
}
END_TEST

START_TEST(pages_lose_their_extra_row)
{
    struct page page = {.items = {.count = 21}};
    ck_assert(input_cut_page(&page, 20));
    ck_assert_int_eq(page.items.count, 20);
    ck_assert(page.has_more);
    page = (struct page){.items = {.count = 20}};
    ck_assert(!input_cut_page(&page, 20));
    ck_assert_int_eq(page.items.count, 20);
    ck_assert(!page.has_more);
}
END_TEST

START_TEST(empty_patches_are_refused)
{
    struct demo {
        struct field_set has;
        int64_t n;
    };
    static const struct field demo_fields[] = {
        FIELD_I64(struct demo, n, "Number", .nullable = true)};
    struct arena *arena = arena_new(NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, NULL, 1000);
    const char *text = NULL;
    struct demo in = {.n = 7};
    ck_assert_int_eq(input_patch(&ctx, SHAPE_SET(demo), &in, &text).code, ERR_INVALID);
    in.has.present = 1;
    ck_assert(is_ok(input_patch(&ctx, SHAPE_SET(demo), &in, &text)));
    ck_assert_str_eq(text, "{\"n\":7}");
    in.has.null = 1;
    ck_assert(is_ok(input_patch(&ctx, SHAPE_SET(demo), &in, &text)));
    ck_assert_str_eq(text, "{\"n\":null}");
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("input");
    TCase *tests = tcase_create("input");
    tcase_add_test(tests, phones_need_a_country_code);
    tcase_add_test(tests, letters_have_an_address);
    tcase_add_test(tests, addresses_must_be_https);
    tcase_add_test(tests, slugs_are_never_ids);
    tcase_add_test(tests, sessions_are_long_and_plain);
    tcase_add_test(tests, pages_lose_their_extra_row);
    tcase_add_test(tests, empty_patches_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
