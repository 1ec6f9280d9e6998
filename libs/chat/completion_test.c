#include "chat/completion.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/utf8.h"

static struct arena *arena;
static struct ctx ctx;
static struct buf told; /* what the sink got, pieces ended by | */
static err sink_result;

static err take_text(struct ctx *sink_ctx, void *arg, const char *text, size_t len)
{
    (void)sink_ctx;
    (void)arg;
    ck_assert(utf8_is_valid(text, len));
    ck_assert_uint_gt(len, 0);
    buf_add(&told, text, len);
    buf_char(&told, '|');
    return sink_result;
}
static const struct chat_sink sink = {.text = take_text};

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 0);
    buf_init(&told, arena, 0, 4 * LIMIT_CHAT_TEXT_BYTES);
    sink_result = OK;
}

static void teardown(void)
{
    arena_free(arena);
}

static struct completion completion;
static struct chat_usage usage;

static void begin(void)
{
    completion_init(&ctx, &completion, "asked", &sink, &usage);
}

static err take(const char *event)
{
    return completion_take(&ctx, &completion, event, strlen(event));
}

static void take_all(const char *const *events)
{
    begin();
    for (size_t i = 0; events[i] != NULL; i++) {
        ck_assert_msg(is_ok(take(events[i])), "%s: %s", events[i], ctx.error.text);
    }
}

#define TEXT(text) "{\"choices\":[{\"delta\":{\"content\":\"" text "\"},\"finish_reason\":null}]}"
#define FINISH(reason) "{\"choices\":[{\"delta\":{},\"finish_reason\":" reason "}]}"
#define USAGE                                                                                      \
    "{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"cost\":0.5}}"

START_TEST(text_goes_to_the_sink_as_it_comes)
{
    take_all((const char *const[]){"{\"model\":\"vendor/m\",\"choices\":[{\"delta\":{\"role\":"
                                   "\"assistant\",\"content\":\"\"}}]}",
        TEXT("One "), TEXT(""), TEXT("two."), FINISH("\"stop\""), USAGE, "[DONE]", "garbage",
        NULL});
    ck_assert_str_eq(buf_text(&told), "One |two.|");
    ck_assert(completion_is_over(&completion));
    ck_assert(is_ok(completion_end(&ctx, &completion)));
    ck_assert_str_eq(completion_finish(&completion), "stop");
    ck_assert_str_eq(usage.model, "vendor/m");
    ck_assert(usage.known && usage.priced);
    ck_assert_int_eq(usage.prompt_tokens, 9);
    ck_assert_int_eq(usage.cost_microusd, 500000);
    ck_assert_int_ge(usage.first_text_ms, 0);
}
END_TEST

START_TEST(blanks_before_the_first_word_are_no_answer)
{
    take_all((const char *const[]){TEXT("\\n\\n"), TEXT(" \\t"), NULL});
    ck_assert_uint_eq(completion.text_len, 0);
    ck_assert_int_eq(usage.first_text_ms, -1);
    ck_assert(is_ok(take(TEXT("\\n Yes \\n"))));
    ck_assert(is_ok(take(TEXT("\\nand"))));
    ck_assert_str_eq(buf_text(&told), "Yes \n|\nand|");
}
END_TEST

START_TEST(parts_and_text_beside_other_things_are_text)
{
    take_all((const char *const[]){"{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\","
                                   "\"text\":\"a\"},{\"text\":\"b\"}]}}]}",
        "{\"choices\":[{\"delta\":{\"content\":\"c\"}}],\"usage\":{\"prompt_tokens\":1,"
        "\"completion_tokens\":3}}",
        NULL});
    ck_assert_str_eq(buf_text(&told), "ab|c|");
    ck_assert_int_eq(usage.completion_tokens, 3);
    ck_assert_str_eq(usage.model, "asked");
}
END_TEST

START_TEST(an_answer_ends_by_a_reason_or_by_its_mark)
{
    static const struct {
        const char *last, *finish; /* NULL: it has not ended */
    } ends[] = {{"[DONE]", "stop"}, {"[DONE] ", "stop"}, {FINISH("\"stop\""), "stop"},
        {FINISH("\"length\""), "length"}, {FINISH("\"content_filter\""), "length"},
        {FINISH("\"tool_calls\""), "stop"}, {FINISH("null"), NULL}, {TEXT("b"), NULL}, {"", NULL}};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        take_all((const char *const[]){TEXT("a"), ends[i].last, NULL});
        const err ended = completion_end(&ctx, &completion);
        ck_assert_int_eq(ended.code, ends[i].finish == NULL ? ERR_UPSTREAM : ERR_OK);
        ck_assert(completion.broken == (ends[i].finish == NULL));
        ck_assert(is_ok(ended) == (ends[i].finish != NULL));
        if (is_ok(ended)) {
            ck_assert_str_eq(completion_finish(&completion), ends[i].finish);
        }
    }
}
END_TEST

START_TEST(errors_inside_a_stream_are_failures)
{
    static const char *const events[] = {
        "{\"error\":{\"message\":\"no\",\"code\":502}}",
        "{\"error\":{\"code\":\"server_error\"},\"choices\":[{\"delta\":{\"content\":\"\"},"
        "\"finish_reason\":\"error\"}]}",
        "{\"error\":\"overloaded\"}",
        FINISH("\"error\""),
        "<html>",
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"a\":1,\"a\":2}]}}]}",
    };
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        begin();
        const err taken = take(events[i]);
        ck_assert_msg(taken.code == ERR_UPSTREAM && completion.broken && !completion.sunk, "%s",
            events[i]);
    }
    ck_assert_str_eq(buf_text(&told), "");
}
END_TEST

START_TEST(a_failure_of_the_sink_is_not_the_services)
{
    begin();
    sink_result = (err){ERR_CANCELLED};
    const err taken = take(TEXT("a"));
    ck_assert_int_eq(taken.code, ERR_CANCELLED);
    ck_assert(completion.sunk && !completion.broken);
}
END_TEST

START_TEST(an_endless_answer_is_cut_between_characters)
{
    begin();
    while (
        !completion_is_over(&completion)) { /* 3 bytes a letter: the limit is no multiple of it */
        ck_assert(is_ok(take(TEXT("\\u0e01\\u0e01\\u0e01\\u0e01\\u0e01\\u0e01\\u0e01"))));
    }
    ck_assert_uint_le(completion.text_len, LIMIT_CHAT_TEXT_BYTES);
    ck_assert_uint_gt(completion.text_len, LIMIT_CHAT_TEXT_BYTES - 3);
    ck_assert(is_ok(completion_end(&ctx, &completion)));
    ck_assert_str_eq(completion_finish(&completion), "length");
}
END_TEST

START_TEST(calls_of_tools_are_kept)
{
    take_all((const char *const[]){
        "{\"choices\":[{\"delta\":{\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"a\","
        "\"function\":{\"name\":\"faq_rag\",\"arguments\":\"{\"}}]}}]}",
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}"
        "]},"
        "\"finish_reason\":\"stop\"}]}",
        NULL});
    struct chat_call calls[CHAT_CALLS_MAX];
    ck_assert_uint_eq(tool_calls_finish(&completion.calls, calls), 1);
    ck_assert_str_eq(calls[0].name, "faq_rag");
    ck_assert_str_eq(calls[0].arguments, "{}");
}
END_TEST

START_TEST(a_long_stream_of_usage_takes_little_memory)
{
    begin();
    ck_assert(is_ok(take(USAGE)));
    const size_t before = arena_used(arena);
    for (int i = 0; i < 1000; i++) {
        ck_assert(is_ok(take(USAGE)));
    }
    ck_assert_uint_lt(arena_used(arena) - before, 1 << 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("completion");
    TCase *tcase = tcase_create("completion");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, text_goes_to_the_sink_as_it_comes);
    tcase_add_test(tcase, blanks_before_the_first_word_are_no_answer);
    tcase_add_test(tcase, parts_and_text_beside_other_things_are_text);
    tcase_add_test(tcase, an_answer_ends_by_a_reason_or_by_its_mark);
    tcase_add_test(tcase, errors_inside_a_stream_are_failures);
    tcase_add_test(tcase, a_failure_of_the_sink_is_not_the_services);
    tcase_add_test(tcase, an_endless_answer_is_cut_between_characters);
    tcase_add_test(tcase, calls_of_tools_are_kept);
    tcase_add_test(tcase, a_long_stream_of_usage_takes_little_memory);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
