#include "auth/members.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"

#define MUTATIONS 20000

static const char claims[] =
    "{\"iss\":\"https:\\/\\/clerk.example.com\",\"sub\":\"user_1\",\"exp\":1764238000,\"nbf\": -5 ,"
    "\"email_verified\":true,\"pending\":false,\"name\":\"\\u0e2a\xE0\xB8\xAA \\\"x\\\"\","
    "\"o\":{\"id\":\"org_1\",\"list\":[1,2.5,{}]},\"sts\":null}";

static struct arena *arena;
static struct members members;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

static bool read_text(const char *text)
{
    return members_read(arena, text, strlen(text), &members);
}

START_TEST(members_are_found_by_name_and_kind)
{
    int64_t number = 0;
    bool flag = false;
    size_t len = 0;
    ck_assert(read_text(claims));
    ck_assert_uint_eq(members.count, 9);
    ck_assert_str_eq(members_text(&members, "iss", &len), "https://clerk.example.com");
    ck_assert_uint_eq(len, strlen("https://clerk.example.com"));
    ck_assert_str_eq(members_text(&members, "sub", NULL), "user_1");
    ck_assert_str_eq(members_text(&members, "name", NULL), "\xE0\xB8\xAA\xE0\xB8\xAA \"x\"");
    ck_assert(members_equal(&members, "sub", "user_1"));
    ck_assert(!members_equal(&members, "sub", "user_"));
    ck_assert(!members_equal(&members, "sub", "user_12"));
    ck_assert(members_i64(&members, "exp", &number) && number == 1764238000);
    ck_assert(members_i64(&members, "nbf", &number) && number == -5);
    ck_assert(members_bool(&members, "email_verified", &flag) && flag);
    ck_assert(members_bool(&members, "pending", &flag) && !flag);
    ck_assert_int_eq(members_find(&members, "sts")->kind, JSON_KIND_NULL);
    ck_assert_int_eq(members_find(&members, "o")->kind, JSON_KIND_OBJECT);
}
END_TEST

START_TEST(what_is_absent_or_of_another_kind_is_nothing)
{
    int64_t number = 0;
    bool flag = false;
    ck_assert(read_text(claims));
    ck_assert_ptr_null(members_find(&members, "id")); /* of the object inside */
    ck_assert_ptr_null(members_find(&members, ""));
    ck_assert_ptr_null(members_text(&members, "exp", NULL));
    ck_assert_ptr_null(members_text(&members, "absent", NULL));
    ck_assert(!members_equal(&members, "sts", "null"));
    ck_assert(!members_i64(&members, "sub", &number));
    ck_assert(!members_i64(&members, "absent", &number));
    ck_assert(!members_bool(&members, "sub", &flag));
    ck_assert(!members_bool(&members, "sts", &flag));
}
END_TEST

START_TEST(a_number_is_whole_and_fits)
{
    static const char *const bad[] = {"1.0", "1.5", "1e3", "1E3", "\"1\"", "true", "[1]"};
    int64_t number = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "{\"exp\":%s}", bad[i]);
        ck_assert_msg(read_text(text), "%s", text);
        ck_assert_msg(!members_i64(&members, "exp", &number), "%s", text);
    }
    ck_assert(read_text("{\"exp\":-9223372036854775808,\"max\":9223372036854775807}"));
    ck_assert(members_i64(&members, "exp", &number) && number == INT64_MIN);
    ck_assert(members_i64(&members, "max", &number) && number == INT64_MAX);
}
END_TEST

START_TEST(what_is_no_plain_object_is_refused)
{
    static const char *const bad[] = {"", " ", "null", "[]", "\"a\"", "{", "}", "{}}", "{} {}",
        "{},", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1 \"b\":2}", "{a:1}",
        "{'a':1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":-}", "{\"a\":1.}", "{\"a\":.5}",
        "{\"a\":1e}", "{\"a\":tru}", "{\"a\":nul}", "{\"a\":9223372036854775808}",
        "{\"a\":[-9223372036854775809]}", "{\"a\":1E400}", "{\"a\":\"x}", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}", "{\"a\":\"\t\"}", "{\"a\":\"\xFF\"}", "{\"a\":\"\xC0\x80\"}",
        "{\"a\":1,\"a\":1}", "{\"a\":\"x\\u0000\"}", "{\"\\u0061\":1}", "{\"a\":\"\\uD800\"}",
        "{\"a\":[\"\\uDC00\"]}", "{\"a\":\"\\uD800\\u0041\"}", "{\"a\":[1,]}", "{\"a\":{\"b\":}}",
        "{\"a\":1}x", "\xEF\xBB\xBF{}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!read_text(bad[i]), "%s", bad[i]);
    }
    ck_assert(!members_read(arena, "{}\0", 3, &members));
    ck_assert(read_text("{\"a\":\"\\uD83D\\uDE00 \\\\u0000\"}"));
    ck_assert_str_eq(members_text(&members, "a", NULL), "\xF0\x9F\x98\x80 \\u0000");
    ck_assert(read_text(" {\n}\t"));
    ck_assert_uint_eq(members.count, 0);
}
END_TEST

static bool read_many(size_t count)
{
    char text[2048] = "{";
    for (size_t i = 0; i < count; i++) {
        const size_t at = strlen(text);
        snprintf(text + at, sizeof(text) - at, "%s\"m%zu\":1", i == 0 ? "" : ",", i);
    }
    snprintf(text + strlen(text), 2, "}");
    return read_text(text);
}

START_TEST(there_are_as_many_as_fit)
{
    ck_assert(read_many(MEMBERS_MAX));
    ck_assert_uint_eq(members.count, MEMBERS_MAX);
    ck_assert(!read_many(MEMBERS_MAX + 1));
}
END_TEST

START_TEST(nesting_has_an_end)
{
    char text[4096] = "{\"a\":";
    memset(text + 5, '[', 2000);
    memset(text + 2005, ']', 2000);
    text[4005] = '}';
    text[4006] = '\0';
    ck_assert(!read_text(text));
}
END_TEST

/* Whatever is taken here, a complete parser takes too: nothing gets in by the back door. */
START_TEST(nothing_is_taken_that_a_parser_refuses)
{
    static const char bytes[] = "\"{}[]:,\\u0 1-.etfn/\x01\xE0";
    struct ctx ctx;
    unsigned seed = 1;
    int taken = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        char text[sizeof(claims)];
        memcpy(text, claims, sizeof(claims));
        for (int change = 0; change <= i % 3; change++) {
            text[(size_t)rand_r(&seed) % (sizeof(claims) - 1)] =
                bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
        }
        if (read_text(text)) {
            const struct json *value = NULL;
            taken++;
            ctx_init(&ctx, arena, /* clock */ NULL, /* log */ NULL, /* timeout_ms */ 0);
            ck_assert_msg(is_ok(json_parse(&ctx, text, strlen(text), &value)), "%s", text);
            ck_assert_int_eq(json_kind(value), JSON_KIND_OBJECT);
            ck_assert_uint_eq(json_count(value), members.count);
        }
        if (i % 100 == 99) {
            teardown();
            setup();
        }
    }
    ck_assert_int_gt(taken, MUTATIONS / 20);
    ck_assert_int_lt(taken, MUTATIONS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("members");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, members_are_found_by_name_and_kind);
    tcase_add_test(tests, what_is_absent_or_of_another_kind_is_nothing);
    tcase_add_test(tests, a_number_is_whole_and_fits);
    tcase_add_test(tests, what_is_no_plain_object_is_refused);
    tcase_add_test(tests, there_are_as_many_as_fit);
    tcase_add_test(tests, nesting_has_an_end);
    tcase_add_test(tests, nothing_is_taken_that_a_parser_refuses);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
