#include "chat/delta.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/json.h"

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 0);
}

static void teardown(void)
{
    arena_free(arena);
}

static err read_bytes(const char *chunk, size_t len, struct delta *out)
{
    struct delta_reader reader;
    delta_reader_init(&reader, arena);
    return delta_read(&ctx, &reader, arena_strndup(arena, chunk, len), len, out);
}

static err read_chunk(const char *chunk, struct delta *out)
{
    return read_bytes(chunk, strlen(chunk), out);
}

#define CHUNK(delta) "{\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]}"
#define CONTENT(text) CHUNK("{\"content\":\"" text "\"}")

static const struct {
    const char *chunk, *text;
} texts[] = {
    {CONTENT("Hello"), "Hello"},
    {CONTENT(""), ""},
    {CHUNK("{\"content\":null}"), ""},
    {CHUNK("{\"role\":\"assistant\"}"), ""},
    {CHUNK("{}"), ""},
    {CHUNK("null"), ""},
    {CONTENT("a\\n\\t\\\"\\\\\\/\\b\\f\\r"), "a\n\t\"\\/\b\f\r"},
    {CONTENT("\\u0e1a\\u00e9\\u0041"), "\u0e1a\u00e9A"},
    {CONTENT("\\ud83c\\udfe0!"), "\U0001F3E0!"},
    {CONTENT("\\uD83C\\uDFE0"), "\U0001F3E0"},
    {CONTENT("a\\ud83cb"), "a\uFFFDb"},
    {CONTENT("a\\udfe0b"), "a\uFFFDb"},
    {CONTENT("\\ud83c\\u0041"), "\uFFFDA"},
    {CONTENT("\\ud83c\\ud83c\\udfe0"), "\uFFFD\U0001F3E0"},
    {CONTENT("\\ud83c"), "\uFFFD"},
    {CONTENT("a\\u0000b"), "ab"},
    {CONTENT("a\xFF"
             "b"),
        "a\uFFFDb"},
    {CONTENT("a\xE0\xB8"), "a\uFFFD\uFFFD"},
    {CONTENT("\xED\xA0\xBC"), "\uFFFD\uFFFD\uFFFD"},
    {CONTENT("\xC0\xAF"), "\uFFFD\uFFFD"},
    {CONTENT("\xE0\xB8\x81\\n"), "\u0e01\n"},
    {CONTENT("</script>\\r\\n\\r\\ndata: [DONE]"), "</script>\r\n\r\ndata: [DONE]"},
    {" \r\n\t" CONTENT("blanks") " \n", "blanks"},
    {"{\"choices\":[]}", ""},
    {"{\"choices\":null}", ""},
    {"{\"choices\":{}}", ""},
    {"{\"choices\":[7,{\"delta\":{\"content\":\"no\"}}]}", ""},
    {"{\"id\":\"x\",\"created\":1.5e-3,\"service\":[true,false,{\"a\":[]}],\"obfuscation\":\"Q\","
     "\"choices\":[{\"delta\":{\"reasoning\":\"hm\",\"content\":\"yes\",\"refusal\":null},"
     "\"logprobs\":null},{\"delta\":{\"content\":\"second\"}}]}",
        "yes"},
};

START_TEST(text_is_read_without_a_tree)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct delta delta;
        const err read = read_chunk(texts[i].chunk, &delta);
        ck_assert_msg(is_ok(read), "%s: %s", texts[i].chunk, ctx.error.text);
        ck_assert_msg(delta.text_len == strlen(texts[i].text) &&
                          memcmp(delta.text, texts[i].text, delta.text_len) == 0,
            "%s: %.*s", texts[i].chunk, (int)delta.text_len, delta.text);
        ck_assert_msg(!delta.more, "%s", texts[i].chunk);
        ck_assert_int_eq(delta.finish, DELTA_FINISH_NONE);
    }
}
END_TEST

START_TEST(a_raw_zero_byte_is_dropped)
{
    static const char chunk[] = CONTENT("a\0b");
    struct delta delta;
    ck_assert(is_ok(read_bytes(chunk, sizeof(chunk) - 1, &delta)));
    ck_assert_uint_eq(delta.text_len, 2);
    ck_assert_mem_eq(delta.text, "ab", 2);
}
END_TEST

static const struct {
    const char *reason;
    enum delta_finish finish;
} reasons[] = {
    {"null", DELTA_FINISH_NONE},
    {"\"\"", DELTA_FINISH_NONE},
    {"\"stop\"", DELTA_FINISH_STOP},
    {"\"tool_calls\"", DELTA_FINISH_STOP},
    {"\"eos\"", DELTA_FINISH_STOP},
    {"\"length\"", DELTA_FINISH_LENGTH},
    {"\"content_filter\"", DELTA_FINISH_FILTER},
    {"\"error\"", DELTA_FINISH_ERROR},
    {"7", DELTA_FINISH_NONE},
};

START_TEST(the_reason_to_finish_is_read)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        struct delta delta;
        ck_assert(is_ok(read_chunk(arena_printf(arena,
                                       "{\"choices\":[{\"delta\":{},\"finish_reason\":%s}]}",
                                       reasons[i].reason),
            &delta)));
        ck_assert_msg(delta.finish == reasons[i].finish, "%s", reasons[i].reason);
    }
}
END_TEST

START_TEST(what_is_no_plain_text_needs_another_look)
{
    static const char *const chunks[] = {
        CHUNK("{\"tool_calls\":[{\"index\":0}]}"),
        CHUNK("{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}"),
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}",
        "{\"error\":{\"message\":\"no\"}}",
        "{\"error\":\"no\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}",
    };
    struct delta delta;
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        ck_assert(is_ok(read_chunk(chunks[i], &delta)));
        ck_assert_msg(delta.more, "%s", chunks[i]);
    }
    ck_assert(is_ok(read_chunk("{\"error\":null,\"usage\":null,\"model\":\"vendor/"
                               "m-1\",\"choices\":"
                               "[{\"delta\":{\"tool_calls\":null,\"content\":\"a\"}}]}",
        &delta)));
    ck_assert(!delta.more);
    ck_assert_uint_eq(delta.model_len, strlen("vendor/m-1"));
    ck_assert_mem_eq(delta.model, "vendor/m-1", delta.model_len);
}
END_TEST

static const char *const broken[] = {"", " ", "null", "[]", "\"text\"", "7", "{", "}", "{]",
    "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{,}", "{a:1}", "{'a':1}",
    "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":-}", "{\"a\":1e}",
    "{\"a\":NaN}", "{\"a\":nul}", "{\"a\":nullx}", "{\"a\":True}", "{\"a\":\"}", "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12G4\"}", "{\"a\":\"\n\"}", "{\"a\":[1,]}", "{\"a\":[1 2]}",
    "{\"a\":[}", "{} {}", "{}x", "data", "<html>", "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]",
    "{\"choices\":[{\"delta\":{\"content\":\"a\"}]}", CONTENT("a") "]",
    "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"};

START_TEST(what_is_not_json_is_refused)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct delta delta;
        const err read = read_chunk(broken[i], &delta);
        ck_assert_msg(read.code == ERR_UPSTREAM, "%s: %s", broken[i], err_name(read.code));
    }
}
END_TEST

START_TEST(every_beginning_of_a_chunk_is_refused)
{
    static const char chunk[] =
        "{\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"\\ud83c\\udfe0"
        "\",\"x\":[1.5e+3,true,null]},\"finish_reason\":\"stop\"}]}";
    struct delta delta;
    for (size_t len = 0; len < sizeof(chunk) - 1; len++) {
        ck_assert_int_eq(read_bytes(chunk, len, &delta).code, ERR_UPSTREAM);
    }
    ck_assert(is_ok(read_bytes(chunk, sizeof(chunk) - 1, &delta)));
}
END_TEST

#define NAMED(before, text, behind)                                                                \
    "{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"delta\":{" before "\"content\":" text           \
    "}" behind "}]}"

/* Each chunk of a stream says what it says alone, whatever came before it. */
static const char *const streams[] = {
    NAMED("", "\"one \"", ""),
    NAMED("", "\"two \"", ""),
    NAMED("", "\"\"", ""),
    NAMED("", "\"\\ud83c\\udfe0 \\\"}]}\"", ""),
    NAMED("", "\"a\xFF\"", ""),
    NAMED("", "\"one\",\"content\":\"two\"", ""),
    NAMED("", "\"three\",\"content\":\"four\"", ""),
    NAMED("", "\"one\",\"content\":null", ""),
    NAMED("", "\"two\",\"content\":null", ""),
    NAMED("\"content\":\"one\",", "7", ""),
    NAMED("", "null", ""),
    NAMED("", "[{\"text\":\"a\"}]", ""),
    NAMED("", "\"a\"", ",\"finish_reason\":\"length\""),
    NAMED("", "\"b\"", ",\"finish_reason\":\"stop\""),
    NAMED("", "\"b\"", ",\"finish_reason\":null"),
    NAMED("", "\"c\"", ",\"finish_reason\":null"),
    NAMED("", "\"c\"", ",\"finish_reason\":null") " ",
    NAMED("", "\"d\\", ",\"finish_reason\":null"),
    NAMED("", "\"d\n\"", ",\"finish_reason\":null"),
    NAMED("", "\"d\"e\"", ",\"finish_reason\":null"),
    NAMED("", "\"d\"", ",\"finish_reason\":null"),
    NAMED("", "\"d\"", ",\"finish_reason\":nul"),
    NAMED("", "\"e\"", ",\"usage\":{}"),
    "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}",
    "{\"error\":\"no\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}",
    "{\"error\":\"no\",\"choices\":[{\"delta\":{\"content\":\"b\"}}]}",
    "{\"choices\":[{\"delta\":{\"content\":\"a\"}},{\"delta\":{\"content\":\"b\"}}]}",
    "{\"choices\":[{\"delta\":{\"content\":\"c\"}},{\"delta\":{\"content\":\"d\"}}]}",
    CONTENT("a"),
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
    "",
};
enum { STREAMS = sizeof(streams) / sizeof(streams[0]) };

static void expect_same(struct delta_reader *reader, const char *chunk)
{
    struct delta alone, next;
    const err expected = read_chunk(chunk, &alone);
    const err read = delta_read(&ctx, reader, chunk, strlen(chunk), &next);
    ck_assert_msg(read.code == expected.code, "%s", chunk);
    if (is_ok(read)) {
        ck_assert_msg(next.text_len == alone.text_len && next.finish == alone.finish &&
                          next.more == alone.more,
            "%s", chunk);
        ck_assert_msg(memcmp(next.text, alone.text, alone.text_len) == 0, "%s", chunk);
        ck_assert(next.model == NULL || next.model_len == alone.model_len);
    }
}

START_TEST(chunks_of_a_stream_say_what_each_says_alone)
{
    for (size_t i = 0; i < STREAMS; i++) {
        for (size_t j = 0; j < STREAMS; j++) {
            struct delta_reader reader;
            delta_reader_init(&reader, arena);
            expect_same(&reader, streams[i]);
            expect_same(&reader, streams[j]);
            expect_same(&reader, streams[i]);
        }
    }
}
END_TEST

START_TEST(what_stands_around_a_text_is_read_once)
{
    struct delta_reader reader;
    struct delta delta;
    delta_reader_init(&reader, arena);
    for (int i = 0; i < 2; i++) {
        const char *chunk = streams[i];
        ck_assert(is_ok(delta_read(&ctx, &reader, chunk, strlen(chunk), &delta)));
        ck_assert_int_eq(delta.model != NULL, i == 0); /* told with the first only */
    }
    ck_assert_uint_eq(delta.text_len, 4);
    ck_assert_mem_eq(delta.text, "two ", 4);
}
END_TEST

START_TEST(a_tree_is_made_of_what_a_strict_reader_refuses)
{
    static const char chunk[] =
        CHUNK("{\"content\":[{\"text\":\"a\\ud83c\"},{\"text\":\"\xFF\\u0000b\"},7,{\"text\":1}],"
              "\"tool_calls\":[]}");
    const struct json *root = NULL;
    struct buf text;
    buf_init(&text, arena, 0, 100);
    ck_assert(is_ok(delta_parse(&ctx, chunk, sizeof(chunk) - 1, &root)));
    ck_assert_uint_eq(json_count(json_get(delta_of(root), "tool_calls")), 0);
    delta_add_parts(&text, json_get(delta_of(root), "content"));
    ck_assert_str_eq(buf_text(&text), "a\uFFFD\uFFFDb");
    ck_assert_int_eq(delta_parse(&ctx, "{\"a\":1,\"a\":2}", 13, &root).code, ERR_UPSTREAM);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("delta");
    TCase *tcase = tcase_create("delta");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, text_is_read_without_a_tree);
    tcase_add_test(tcase, a_raw_zero_byte_is_dropped);
    tcase_add_test(tcase, the_reason_to_finish_is_read);
    tcase_add_test(tcase, what_is_no_plain_text_needs_another_look);
    tcase_add_test(tcase, what_is_not_json_is_refused);
    tcase_add_test(tcase, every_beginning_of_a_chunk_is_refused);
    tcase_add_test(tcase, chunks_of_a_stream_say_what_each_says_alone);
    tcase_add_test(tcase, what_stands_around_a_text_is_read_once);
    tcase_add_test(tcase, a_tree_is_made_of_what_a_strict_reader_refuses);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
