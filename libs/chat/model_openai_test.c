#include "chat/model.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "chat/config.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "net/testing/scripted.h"

#define EVENT(json) "data: " json "\n\n"
#define TEXT(text)                                                                                 \
    EVENT("{\"model\":\"vendor/big-1\",\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}")
#define FINISH(reason) EVENT("{\"choices\":[{\"delta\":{},\"finish_reason\":\"" reason "\"}]}")
#define USAGE                                                                                      \
    EVENT("{\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":5,\"cost\":0."    \
          "000197}}")
#define DONE "data: [DONE]\n\n"
#define CALL                                                                                       \
    EVENT("{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{"     \
          "\"name\":\"faq_rag\",\"arguments\":\"{}\"}}]}}]}")
#define NO_RETRY "x-should-retry: false\r\n"
#define AT(path) path "/chat/completions"

static const struct scripted_reply script[] = {
    {AT("/good"), 200, NULL,
        ": PROCESSING\n\n" TEXT("Yes, ") TEXT("heated. [1]") FINISH("stop") USAGE DONE},
    {AT("/tools"), 200, NULL, CALL FINISH("stop") USAGE DONE},
    {AT("/no-done"), 200, NULL, TEXT("Yes.") FINISH("stop")},
    {AT("/long"), 200, NULL, TEXT("Yes, and") FINISH("length") DONE},
    {AT("/cut"), 200, NULL, TEXT("Yes, ")},
    {AT("/empty"), 200, NULL, TEXT("") FINISH("stop") DONE},
    {AT("/late-error"), 200, NULL, TEXT("Yes, ") EVENT("{\"error\":{\"code\":502}}")},
    {AT("/error"), 200, NULL, "{\"error\":{\"code\":502,\"message\":\"no\"}}"},
    {AT("/html"), 200, NULL, "<html>welcome</html>"},
    {AT("/garbage"), 200, NULL, EVENT("not JSON")},
    {AT("/moved"), 307, "Location: http://127.0.0.1:1/\r\n", NULL},
    {AT("/bad"), 400, NULL, "{\"error\":{\"message\":\"no such model\"}}"},
    {AT("/key"), 401, NULL, "{}"},
    {AT("/credits"), 402, NULL, "{}"},
    {AT("/refused"), 403, NULL, "{}"},
    {AT("/gone"), 404, NULL, "{}"},
    {AT("/busy"), 429, "Retry-After: 60\r\n", "{}"},
    {AT("/quota"), 429, NULL, "{\"error\":{\"type\":\"insufficient_quota\"}}"},
    {AT("/down"), 500, NO_RETRY, "{}"},
    {AT("/silent"), SCRIPTED_SILENT, NULL, NULL},
    {AT("/hang-up"), SCRIPTED_HANG_UP, NULL, NULL},
    {AT("/second-try"), 503, "retry-after-ms: 50\r\n", NULL},
    {AT("/second-try"), 200, NULL, TEXT("Yes.") FINISH("stop") DONE},
};
#define ROWS (sizeof(script) / sizeof(script[0]))

struct lookup {
    const char *query;
};
static const struct field lookup_fields[] = {
    FIELD_STR(struct lookup, query, "What to look for", .required = true),
};
static const struct shape lookup_shape = {
    .name = "lookup", .size = sizeof(struct lookup), .fields = lookup_fields, .count = 1};
static const struct chat_prompt prompt = {
    .system_prompt = "Help.", .model_search = "small", .temperature = 0.5, .max_tokens = 100};

static struct chat_config config;
static struct buf told;
static err sink_result;

static err take_text(struct ctx *ctx, void *arg, const char *text, size_t len)
{
    (void)ctx;
    (void)arg;
    buf_add(&told, text, len);
    return sink_result;
}
static const struct chat_sink sink = {.text = take_text};

static struct chat_model *open_at(struct scripted *scripted, const char *path)
{
    config = (struct chat_config){
        .llm_base_url = scripted_url(scripted, path), .llm_api_key = "sk-secret"};
    sink_result = OK;
    buf_init(&told, scripted->arena, 0, 1000);
    return chat_provider_openai.open(&config, scripted->client, scripted->loop);
}

static struct chat_turn make_turn(struct scripted *scripted, int64_t first_ms)
{
    static const struct chat_tool tool = {
        .name = "faq_rag", .description = "Finds answers.", .arguments = &lookup_shape};
    static const struct chat_tool *const tools[] = {&tool, NULL};
    const int64_t now_ns = clock_monotonic_ns(scripted->ctx.clock);
    return (struct chat_turn){.prompt = &prompt,
        .question = "A pool?",
        .tools = tools,
        .model = "big",
        .first_ns = now_ns + first_ms * 1000000,
        .deadline_ns = now_ns + 2 * first_ms * 1000000};
}

static err answer(struct scripted *scripted, struct chat_model *model, int64_t first_ms,
    struct chat_answered *out)
{
    const struct chat_turn turn = make_turn(scripted, first_ms);
    return chat_provider_openai.answer(&scripted->ctx, model, &turn, &sink, out);
}

static void tell_answer(struct scripted *scripted)
{
    struct chat_model *model = open_at(scripted, "/good/"); /* one slash too many does no harm */
    struct chat_answered answered;
    ck_assert(is_ok(answer(scripted, model, 5000, &answered)));
    ck_assert_str_eq(buf_text(&told), "Yes, heated. [1]");
    ck_assert_str_eq(answered.finish, "stop");
    ck_assert_str_eq(answered.usage.model, "vendor/big-1");
    ck_assert(answered.usage.known && answered.usage.priced);
    ck_assert_int_eq(answered.usage.prompt_tokens, 20);
    ck_assert_int_eq(answered.usage.cost_microusd, 197);
    ck_assert_int_ge(answered.usage.first_text_ms, 0);
    ck_assert_int_ge(answered.usage.latency_ms, answered.usage.first_text_ms);
    const char *request = scripted_request(scripted);
    ck_assert_ptr_eq(strstr(request, "POST /good/chat/completions HTTP/1.1\r\n"), request);
    ck_assert_ptr_nonnull(strstr(request, "\r\nAuthorization: Bearer sk-secret\r\n"));
    ck_assert_ptr_nonnull(strstr(request, "{\"model\":\"big\","));
    ck_assert_ptr_null(strstr(request, "\"tools\""));
    chat_provider_openai.close(model);
}

START_TEST(an_answer_is_streamed)
{
    scripted_run(script, ROWS, tell_answer);
}
END_TEST

static void tell_choice(struct scripted *scripted)
{
    struct chat_model *model = open_at(scripted, "/tools");
    struct chat_turn turn = make_turn(scripted, 5000);
    struct chat_chosen chosen;
    ck_assert(is_ok(chat_provider_openai.choose(&scripted->ctx, model, &turn, &chosen)));
    ck_assert_uint_eq(chosen.count, 1);
    ck_assert_str_eq(chosen.calls[0].name, "faq_rag");
    ck_assert_str_eq(chosen.calls[0].arguments, "{}");
    ck_assert(chosen.usage.known);
    ck_assert_int_eq(chosen.usage.first_text_ms, -1);
    ck_assert_ptr_nonnull(strstr(scripted_request(scripted), "{\"model\":\"small\","));
    ck_assert_ptr_nonnull(strstr(scripted_request(scripted), "\"tool_choice\":\"auto\""));
    static const struct chat_tool *const none[] = {NULL};
    turn.tools = none;
    ck_assert(is_ok(chat_provider_openai.choose(&scripted->ctx, model, &turn, &chosen)));
    ck_assert_uint_eq(chosen.count, 0);
    ck_assert_ptr_null(chosen.usage.model);
    ck_assert_int_eq(scripted_calls(scripted, AT("/tools")), 1); /* nobody was asked */
    chat_provider_openai.close(model);
}

START_TEST(tools_are_chosen)
{
    scripted_run(script, ROWS, tell_choice);
}
END_TEST

static const struct {
    const char *path, *text, *finish;
} ends[] = {
    {"/no-done", "Yes.", "stop"},
    {"/long", "Yes, and", "length"},
    {"/second-try", "Yes.", "stop"},
};

static void tell_ends(struct scripted *scripted)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct chat_model *model = open_at(scripted, ends[i].path);
        struct chat_answered answered;
        const err asked = answer(scripted, model, 5000, &answered);
        ck_assert_msg(is_ok(asked), "%s: %s", ends[i].path, scripted->ctx.error.text);
        ck_assert_str_eq(buf_text(&told), ends[i].text);
        ck_assert_str_eq(answered.finish, ends[i].finish);
        ck_assert(!answered.usage.known && !answered.usage.priced);
        chat_provider_openai.close(model);
    }
}

START_TEST(an_answer_may_end_in_several_ways)
{
    scripted_run(script, ROWS, tell_ends);
}
END_TEST

static const struct {
    const char *path;
    enum err_code code;
    const char *text; /* that came before */
} failures[] = {
    {"/cut", ERR_UPSTREAM, "Yes, "},
    {"/late-error", ERR_UPSTREAM, "Yes, "},
    {"/empty", ERR_UPSTREAM, ""},
    {"/error", ERR_UPSTREAM, ""},
    {"/html", ERR_UPSTREAM, ""},
    {"/garbage", ERR_UPSTREAM, ""},
    {"/moved", ERR_UPSTREAM, ""},
    {"/bad", ERR_FORBIDDEN, ""},
    {"/key", ERR_FORBIDDEN, ""},
    {"/credits", ERR_FORBIDDEN, ""},
    {"/refused", ERR_FORBIDDEN, ""},
    {"/gone", ERR_UNAVAILABLE, ""},
    {"/busy", ERR_UNAVAILABLE, ""},
    {"/quota", ERR_UNAVAILABLE, ""},
    {"/down", ERR_UNAVAILABLE, ""},
    {"/hang-up", ERR_UNAVAILABLE, ""},
};

static void tell_failures(struct scripted *scripted)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        struct chat_model *model = open_at(scripted, failures[i].path);
        struct chat_answered answered;
        const err asked = answer(scripted, model, 5000, &answered);
        ck_assert_msg(asked.code == failures[i].code, "%s: %s", failures[i].path,
            err_name(asked.code));
        ck_assert_str_eq(buf_text(&told), failures[i].text);
        ck_assert_ptr_nonnull(answered.usage.model); /* a row of the ledger all the same */
        ck_assert_ptr_null(strstr(scripted->ctx.error.text, "sk-secret"));
        chat_provider_openai.close(model);
    }
}

START_TEST(each_failure_has_its_code)
{
    scripted_run(script, ROWS, tell_failures);
}
END_TEST

static void tell_silence(struct scripted *scripted)
{
    struct chat_model *model = open_at(scripted, "/silent");
    struct chat_answered answered;
    const int64_t begin_ns = clock_monotonic_ns(scripted->ctx.clock);
    ck_assert_int_eq(answer(scripted, model, 300, &answered).code, ERR_TIMEOUT);
    ck_assert_int_lt(clock_monotonic_ns(scripted->ctx.clock) - begin_ns, INT64_C(3000000000));
    ck_assert_int_ge(answered.usage.latency_ms, 290);
    ck_assert_int_eq(answered.usage.first_text_ms, -1);
    ck_assert_int_eq(answer(scripted, model, 0, &answered).code, ERR_TIMEOUT); /* not even asked */
    ck_assert_int_eq(scripted_calls(scripted, AT("/silent")), 1);
    chat_provider_openai.close(model);
}

START_TEST(the_first_word_has_its_deadline)
{
    scripted_run(script, ROWS, tell_silence);
}
END_TEST

static void tell_breaker(struct scripted *scripted)
{
    struct chat_model *model = open_at(scripted, "/html");
    struct chat_answered answered;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(answer(scripted, model, 5000, &answered).code, ERR_UPSTREAM);
    }
    ck_assert_int_eq(answer(scripted, model, 5000, &answered).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(scripted_calls(scripted, AT("/html")), 5);
    chat_provider_openai.close(model);
}

START_TEST(a_service_that_talks_nonsense_is_left_alone)
{
    scripted_run(script, ROWS, tell_breaker);
}
END_TEST

static void tell_sink(struct scripted *scripted)
{
    struct chat_model *model = open_at(scripted, "/good");
    struct chat_answered answered;
    sink_result = (err){ERR_CANCELLED};
    for (int i = 0; i < 6; i++) { /* more often than the breaker bears */
        ck_assert_int_eq(answer(scripted, model, 5000, &answered).code, ERR_CANCELLED);
    }
    sink_result = OK;
    ck_assert(is_ok(answer(scripted, model, 5000, &answered)));
    chat_provider_openai.close(model);
}

START_TEST(a_reader_that_leaves_is_no_failure_of_the_service)
{
    scripted_run(script, ROWS, tell_sink);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_openai");
    TCase *tcase = tcase_create("model_openai");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, an_answer_is_streamed);
    tcase_add_test(tcase, tools_are_chosen);
    tcase_add_test(tcase, an_answer_may_end_in_several_ways);
    tcase_add_test(tcase, each_failure_has_its_code);
    tcase_add_test(tcase, the_first_word_has_its_deadline);
    tcase_add_test(tcase, a_service_that_talks_nonsense_is_left_alone);
    tcase_add_test(tcase, a_reader_that_leaves_is_no_failure_of_the_service);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
