#include "chat/tool_calls.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/limits.h"

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

static void add(struct tool_calls *calls, const char *list)
{
    const struct json *tree = NULL;
    ck_assert_msg(is_ok(json_parse(&ctx, list, strlen(list), &tree)), "%s", list);
    tool_calls_add(calls, tree);
}

enum { DELTAS = 8 };
static const struct {
    const char *name;
    const char *deltas[DELTAS];
    const char *calls; /* id name(arguments) of each; a * stands for an id of ours */
} services[] = {
    {"openai",
        {"[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"faq_rag\","
         "\"arguments\":\"\"}}]",
            "[{\"index\":0,\"function\":{\"arguments\":\"{\\\"q\"}}]",
            "[{\"index\":0,\"function\":{\"arguments\":\"\\\":1}\"}}]",
            "[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"other\",\"arguments\":\"{\"}}]",
            "[{\"index\":1,\"function\":{\"arguments\":\"}\"}}]"},
        "a faq_rag({\"q\":1}) b other({})"},
    {"interleaved",
        {"[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":\"1\"}},"
         "{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"y\",\"arguments\":\"2\"}}]",
            "[{\"index\":0,\"function\":{\"arguments\":\"3\"}}]",
            "[{\"index\":1,\"function\":{\"arguments\":\"4\"}}]"},
        "a x(13) b y(24)"},
    {"ollama, arguments as an object",
        {"[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":{\"q\":\"pool\","
         "\"n\":[1]}}}]"},
        "a x({\"q\":\"pool\",\"n\":[1]})"},
    {"vllm, index 0 twice",
        {"[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}]",
            "[{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"y\",\"arguments\":\"{\"}}]",
            "[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]"},
        "a x({}) b y({})"},
    {"the same id again",
        {"[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":\"{\"}}]",
            "[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":\"}\"}}]"},
        "a x({})"},
    {"another id without a name",
        {"[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":\"{\"}}]",
            "[{\"index\":0,\"id\":\"b\",\"function\":{\"name\":null,\"arguments\":\"}\"}}]"},
        "a x({})"},
    {"no index",
        {"[{\"id\":\"a\",\"function\":{\"name\":\"x\"}}]", "[{\"function\":{\"arguments\":\"{\"}}]",
            "[{\"function\":{\"arguments\":\"}\"}}]",
            "[{\"id\":\"b\",\"function\":{\"name\":\"y\",\"arguments\":\"{}\"}}]"},
        "a x({}) b y({})"},
    {"no id, null everywhere",
        {"[{\"index\":0,\"id\":null,\"function\":{\"name\":\"x\",\"arguments\":null}}]",
            "[{\"index\":0,\"id\":\"\",\"function\":{\"name\":null,\"arguments\":\"{}\"}}]"},
        "* x({})"},
    {"the id after the name",
        {"[{\"index\":0,\"function\":{\"name\":\"x\"}}]",
            "[{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{}\"}}]"},
        "a x({})"},
    {"ids twice",
        {"[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\"}},"
         "{\"index\":1,\"id\":\"a\",\"function\":{\"name\":\"y\"}}]"},
        "a x() * y()"},
    {"nonsense", {"[]", "{}", "7", "null", "[7,null,\"x\",[],{}]", "[{\"index\":\"0\"}]"}, ""},
    {"a fifth call",
        {"[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\"}},"
         "{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"x\"}},"
         "{\"index\":2,\"id\":\"c\",\"function\":{\"name\":\"x\"}},"
         "{\"index\":3,\"id\":\"d\",\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}]",
            "[{\"index\":4,\"id\":\"e\",\"function\":{\"name\":\"x\",\"arguments\":\"1\"}}]",
            "[{\"function\":{\"arguments\":\"2\"}}]",
            "[{\"index\":4,\"function\":{\"arguments\":\"3\"}}]"},
        "a x() b x() c x() d x({})"},
    {"a fifth call of the same index",
        {"[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\"}},"
         "{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"x\"}},"
         "{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"x\"}},"
         "{\"index\":0,\"id\":\"d\",\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}]",
            "[{\"index\":0,\"id\":\"e\",\"function\":{\"name\":\"x\",\"arguments\":\"1\"}}]",
            "[{\"index\":0,\"function\":{\"arguments\":\"2\"}}]"},
        "a x() b x() c x() d x({})"},
};

static const char *tell(struct tool_calls *calls)
{
    struct chat_call out[CHAT_CALLS_MAX];
    struct buf text;
    buf_init(&text, arena, 0, LIMIT_BODY_BYTES);
    const size_t count = tool_calls_finish(calls, out);
    for (size_t i = 0; i < count; i++) {
        const bool ours = strncmp(out[i].id, "call_", 5) == 0;
        ck_assert(!ours || strlen(out[i].id) == 21);
        buf_printf(&text, "%s%s %s(%s)", i > 0 ? " " : "", ours ? "*" : out[i].id, out[i].name,
            out[i].arguments);
    }
    return buf_text(&text);
}

START_TEST(each_service_is_understood)
{
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        struct tool_calls calls;
        tool_calls_init(&calls, arena);
        for (size_t d = 0; d < DELTAS && services[i].deltas[d] != NULL; d++) {
            add(&calls, services[i].deltas[d]);
        }
        const char *told = tell(&calls);
        ck_assert_msg(strcmp(told, services[i].calls) == 0, "%s: %s", services[i].name, told);
    }
}
END_TEST

START_TEST(ids_of_ours_differ)
{
    struct tool_calls calls;
    struct chat_call out[CHAT_CALLS_MAX];
    tool_calls_init(&calls, arena);
    add(&calls, "[{\"index\":0,\"function\":{\"name\":\"x\"}},"
                "{\"index\":1,\"function\":{\"name\":\"x\"}}]");
    ck_assert_uint_eq(tool_calls_finish(&calls, out), 2);
    ck_assert_str_ne(out[0].id, out[1].id);
}
END_TEST

static const char *call_with(size_t bytes)
{
    struct tool_calls calls;
    struct chat_call out[CHAT_CALLS_MAX];
    tool_calls_init(&calls, arena);
    add(&calls, "[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":\"{\"}}]");
    for (size_t sent = 1; sent < bytes;) {
        const size_t piece = bytes - sent < 1000 ? bytes - sent : 1000;
        char *text = arena_alloc(arena, piece + 1);
        memset(text, '1', piece);
        add(&calls,
            arena_printf(arena, "[{\"index\":0,\"function\":{\"arguments\":\"%s\"}}]", text));
        sent += piece;
    }
    ck_assert_uint_eq(tool_calls_finish(&calls, out), 1);
    return out[0].arguments;
}

START_TEST(arguments_may_be_so_long_and_no_longer)
{
    ck_assert_uint_eq(strlen(call_with(LIMIT_CHAT_ARGUMENTS_BYTES)), LIMIT_CHAT_ARGUMENTS_BYTES);
    ck_assert_str_eq(call_with(LIMIT_CHAT_ARGUMENTS_BYTES + 1), "\"too long\"");
    ck_assert_str_eq(call_with(1 << 20), "\"too long\"");
}
END_TEST

START_TEST(names_and_ids_are_cut)
{
    struct tool_calls calls;
    struct chat_call out[CHAT_CALLS_MAX];
    char word[1000];
    memset(word, 'n', sizeof(word));
    tool_calls_init(&calls, arena);
    add(&calls,
        arena_printf(arena, "[{\"index\":0,\"id\":\"%.*s\",\"function\":{\"name\":\"%.*s\"}}]",
            (int)sizeof(word), word, (int)sizeof(word), word));
    ck_assert_uint_eq(tool_calls_finish(&calls, out), 1);
    ck_assert_uint_eq(strlen(out[0].name), 64);
    ck_assert_uint_eq(strlen(out[0].id), 64);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool_calls");
    TCase *tcase = tcase_create("tool_calls");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, each_service_is_understood);
    tcase_add_test(tcase, ids_of_ours_differ);
    tcase_add_test(tcase, arguments_may_be_so_long_and_no_longer);
    tcase_add_test(tcase, names_and_ids_are_cut);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
