#include "core/json.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/limits.h"

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, /* clock */ NULL, /* log */ NULL, /* timeout_ms */ 0);
}

static void teardown(void)
{
    arena_free(arena);
}

static const struct json *parse(const char *text)
{
    const struct json *value = NULL;
    ck_assert_msg(is_ok(json_parse(&ctx, text, strlen(text), &value)), "%s", text);
    return value;
}

static const char *dump(const struct json *value)
{
    struct buf buf;
    const char *text = NULL;
    size_t len = 0;
    buf_init(&buf, arena, 0, LIMIT_REPLY_BYTES);
    json_dump(&buf, value);
    ck_assert(is_ok(buf_finish(&ctx, &buf, &text, &len)));
    return text;
}

START_TEST(values_are_read_by_kind)
{
    const struct json *object =
        parse("{\"s\":\"a\\u00f6\",\"i\":-7,\"f\":1.5,\"t\":true,\"n\":null,\"l\":[1,2],\"o\":{}}");
    size_t len = 0;
    int64_t integer = 0;
    double real = 0;
    bool flag = false;
    ck_assert_str_eq(json_text(json_get(object, "s"), &len), "aö");
    ck_assert_uint_eq(len, 3);
    ck_assert(json_i64(json_get(object, "i"), &integer) && integer == -7);
    ck_assert(json_f64(json_get(object, "f"), &real) && real == 1.5);
    ck_assert(json_f64(json_get(object, "i"), &real) && real == -7);
    ck_assert(json_bool(json_get(object, "t"), &flag) && flag);
    ck_assert_int_eq(json_kind(json_get(object, "n")), JSON_KIND_NULL);
    ck_assert_ptr_nonnull(json_get(object, "n"));
    ck_assert_uint_eq(json_count(json_get(object, "l")), 2);
    ck_assert(json_i64(json_at(json_get(object, "l"), 1), &integer) && integer == 2);
    ck_assert_uint_eq(json_count(object), 7);
    ck_assert_int_eq(json_kind(json_get(object, "o")), JSON_KIND_OBJECT);
}
END_TEST

START_TEST(wrong_kinds_and_absent_values_read_as_nothing)
{
    const struct json *object = parse("{\"s\":\"1\",\"f\":3.5,\"w\":3.0,\"big\":1e300}");
    int64_t integer = 77;
    double real = 0;
    bool flag = false;
    ck_assert(!json_i64(json_get(object, "s"), &integer));
    ck_assert(!json_i64(json_get(object, "f"), &integer));
    ck_assert(!json_i64(json_get(object, "big"), &integer));
    ck_assert_int_eq(integer, 77);
    ck_assert(json_i64(json_get(object, "w"), &integer) && integer == 3);
    ck_assert(!json_f64(json_get(object, "s"), &real));
    ck_assert(!json_bool(json_get(object, "s"), &flag));
    ck_assert_ptr_null(json_text(json_get(object, "f"), NULL));
    ck_assert_ptr_null(json_get(object, "absent"));
    ck_assert_ptr_null(json_get(json_get(object, "s"), "inside"));
    ck_assert_ptr_null(json_at(object, 0));
    ck_assert_int_eq(json_kind(NULL), JSON_KIND_NULL);
    ck_assert_uint_eq(json_count(NULL), 0);
}
END_TEST

START_TEST(malformed_text_is_a_bad_request)
{
    const char *const cases[] = {
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "01",
        "+1",
        ".5",
        "1.",
        "nul",
        "True",
        "1 2",
        "{}x",
        "{\"a\":1,\"a\":2}",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\x80\"",
        "\"a\nb\"",
        "\"\\x\"",
        "\"",
        "\"\\",
        "[",
        "[[[]]",
        "99999999999999999999",
        "1e999",
        "NaN",
        "Infinity",
        "/**/1",
        "\xef\xbb\xbf{}",
        "[,]",
        ",",
        "\"a\\\"",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct json *value = NULL;
        const err e = json_parse(&ctx, cases[i], strlen(cases[i]), &value);
        ck_assert_msg(e.code == ERR_BAD_REQUEST, "%s", cases[i]);
        ck_assert_ptr_null(value);
        ck_assert_msg(!json_is_valid(cases[i], strlen(cases[i])), "%s", cases[i]);
    }
    ck_assert(!json_is_valid("1\0", 2));
    ck_assert(!json_is_valid("1\0 2", 4));
    ck_assert(!json_is_valid("\0 1", 3));
}
END_TEST

START_TEST(the_log_text_does_not_quote_the_body)
{
    const struct json *value = NULL;
    ck_assert(!is_ok(json_parse(&ctx, "{\"secret\" 1}", 12, &value)));
    ck_assert_ptr_null(strstr(ctx.error.text, "secret"));
}
END_TEST

static const char *nested(size_t depth)
{
    char *text = arena_alloc(arena, 2 * depth + 1);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return text;
}

/* An array of count - 1 numbers. */
static const char *wide(size_t count)
{
    char *text = arena_alloc(arena, 2 * count + 1);
    for (size_t i = 0; i < count - 1; i++) {
        memcpy(text + 2 * i, ",1", 2);
    }
    text[0] = '[';
    text[2 * (count - 1)] = ']';
    return text;
}

static enum err_code parse_code(const char *text)
{
    const struct json *value = NULL;
    const err e = json_parse(&ctx, text, strlen(text), &value);
    ck_assert(json_is_valid(text, strlen(text)) == is_ok(e));
    return e.code;
}

START_TEST(depth_and_number_of_values_are_limited)
{
    ck_assert_int_eq(parse_code(nested(LIMIT_JSON_DEPTH)), ERR_OK);
    ck_assert_int_eq(parse_code(nested(LIMIT_JSON_DEPTH + 1)), ERR_INVALID);
    ck_assert_int_eq(parse_code(nested(30000)), ERR_INVALID);
    ck_assert_str_eq(ctx.error.public_name, CODE_VALIDATION_ERROR);
    ck_assert_int_eq(parse_code(wide(LIMIT_JSON_TOKENS)), ERR_OK);
    ck_assert_int_eq(parse_code(wide(LIMIT_JSON_TOKENS + 1)), ERR_INVALID);
}
END_TEST

START_TEST(long_text_has_a_limit_of_its_own)
{
    const struct json *value = NULL;
    const char *text = wide(LIMIT_JSON_TOKENS + 1);
    ck_assert(is_ok(json_parse_long(&ctx, text, strlen(text), LIMIT_JSON_TOKENS + 1, &value)));
    ck_assert_uint_eq(json_count(value), LIMIT_JSON_TOKENS);
    const err e = json_parse_long(&ctx, text, strlen(text), LIMIT_JSON_TOKENS, &value);
    ck_assert_int_eq(e.code, ERR_INVALID);
    text = nested(LIMIT_JSON_DEPTH + 1);
    ck_assert(!is_ok(json_parse_long(&ctx, text, strlen(text), LIMIT_JSON_TOKENS, &value)));
}
END_TEST

START_TEST(brackets_in_strings_are_no_depth)
{
    ck_assert_int_eq(parse_code("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[\"]"), ERR_OK);
    ck_assert_int_eq(parse_code("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"), ERR_OK);
}
END_TEST

START_TEST(a_string_ends_where_the_parser_ends_it)
{
    static const char *const strings[] = {
        "", "\\\"", "\\\\", "\\\\\\\"", "\\\\\\\\", "a\\\"b\\\"c\\\\"};
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        const char *shallow = arena_printf(arena, "[\"%s\",\"[[[[\"]", strings[i]);
        ck_assert_int_eq(parse_code(shallow), ERR_OK);
        const char *deep = arena_printf(arena, "[\"%s\",%s]", strings[i], nested(LIMIT_JSON_DEPTH));
        ck_assert_int_eq(parse_code(deep), ERR_INVALID);
    }
    ck_assert_int_eq(parse_code("[\"\\\"]"), ERR_BAD_REQUEST);
}
END_TEST

START_TEST(any_value_may_stand_alone)
{
    const char *const cases[] = {"null", "true", "0", "-1.5", "\"a\"", "[]", " {} "};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(parse_code(cases[i]), ERR_OK);
    }
}
END_TEST

START_TEST(dumping_gives_compact_text_in_the_same_order)
{
    const char *text = "{\"z\":[1,-2,0.1,true,false,null],\"a\":{\"b\":\"\\\"\\\\\\n\\u0001ö/"
                       "\"},\"\":{},\"e\":[]}";
    ck_assert_str_eq(dump(parse(text)), text);
    ck_assert_str_eq(dump(parse(" [ 1e2 , \"\\u00e9\\/\" ] ")), "[100,\"é/\"]");
}
END_TEST

static bool count_to_two(void *arg, const char *key, const struct json *value)
{
    int *count = arg;
    ck_assert_int_eq(json_kind(value), JSON_KIND_I64);
    ck_assert_int_eq(key[0], "ab"[*count]);
    return ++*count < 2;
}

START_TEST(each_runs_in_order_until_told_to_stop)
{
    int count = 0;
    json_each(parse("{\"a\":1,\"b\":2,\"c\":3}"), count_to_two, &count);
    ck_assert_int_eq(count, 2);
    json_each(parse("[1]"), count_to_two, &count);
    ck_assert_int_eq(count, 2);
}
END_TEST

/* Random edits of valid text: whatever is accepted must be dumped as text that is accepted, and equal. */
START_TEST(mutated_text_never_breaks_reader_or_writer)
{
    const char *seed =
        "{\"a\":[1,2.5,\"x\\u00e9\\n\"],\"b\":{\"c\":null,\"d\":true},\"e\":\"\xc3\xb6\"}";
    uint32_t state = 12345;
    int accepted = 0;
    for (int round = 0; round < 20000; round++) {
        char text[128];
        const size_t len = strlen(seed);
        memcpy(text, seed, len + 1);
        for (int edit = 0; edit < 1 + round % 3; edit++) {
            state = state * 1664525 + 1013904223;
            text[(state >> 8) % len] = "{}[]\",:\\u0129.eE+-tfn \xc3\x80\x01"[(state >> 20) % 25];
        }
        struct arena *own = arena_new(NULL);
        struct ctx inner;
        ctx_init(&inner, own, /* clock */ NULL, /* log */ NULL, /* timeout_ms */ 0);
        const struct json *value = NULL;
        if (is_ok(json_parse(&inner, text, len, &value))) {
            const char *once = dump(value);
            if (strcmp(dump(parse(once)), once) != 0) {
                ck_abort_msg("%s", once);
            }
            accepted++;
        }
        arena_free(own);
    }
    ck_assert_int_gt(accepted, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.json");
    TCase *tests = tcase_create("json");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, values_are_read_by_kind);
    tcase_add_test(tests, wrong_kinds_and_absent_values_read_as_nothing);
    tcase_add_test(tests, malformed_text_is_a_bad_request);
    tcase_add_test(tests, the_log_text_does_not_quote_the_body);
    tcase_add_test(tests, depth_and_number_of_values_are_limited);
    tcase_add_test(tests, long_text_has_a_limit_of_its_own);
    tcase_add_test(tests, brackets_in_strings_are_no_depth);
    tcase_add_test(tests, a_string_ends_where_the_parser_ends_it);
    tcase_add_test(tests, any_value_may_stand_alone);
    tcase_add_test(tests, dumping_gives_compact_text_in_the_same_order);
    tcase_add_test(tests, each_runs_in_order_until_told_to_stop);
    tcase_add_test(tests, mutated_text_never_breaks_reader_or_writer);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
