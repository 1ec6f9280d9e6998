#include "search/embedder.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "net/fiber.h"
#include "net/testing/scripted.h"

#define X "AACAPwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" /* 1 and seven zeros */
#define Y "AAAAAAAAgD8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" /* the second is 1 */
#define ONE "{\"data\":[{\"index\":0,\"embedding\":\"" X "\"}]}"
#define TWO                                                                                        \
    "{\"data\":[{\"index\":1,\"embedding\":\"" Y "\"},{\"index\":0,\"embedding\":\"" X "\"}]}"

static const struct scripted_reply script[] = {
    {"/good/embeddings", 200, NULL, ONE},
    {"/two/embeddings", 200, NULL, TWO},
    {"/garbage/embeddings", 200, NULL, "<html>welcome</html>"},
    {"/short/embeddings", 200, NULL, "{\"data\":[{\"embedding\":[1,0,0]}]}"},
    {"/nan/embeddings", 200, NULL, "{\"data\":[{\"embedding\":[NaN,0,0,0,0,0,0,0]}]}"},
    {"/down/embeddings", 500, "x-should-retry: false\r\n", NULL},
    {"/cut/embeddings", SCRIPTED_HANG_UP, NULL, NULL},
    {"/silent/embeddings", SCRIPTED_SILENT, NULL, NULL},
    {"/slow/embeddings", 503, "retry-after-ms: 100\r\n", NULL},
    {"/slow/embeddings", 200, NULL, ONE},
};
#define ROWS (sizeof(script) / sizeof(script[0]))

static struct search_config config;

static struct embedder *open_at(struct scripted *scripted, const char *path)
{
    config = (struct search_config){
        .embeddings_provider = "openai",
        .embedding_model = "text-embedding-3-small",
        .embedding_dims = 8,
        .embedding_base_url = scripted_url(scripted, path),
        .openai_api_key = "sk-secret",
    };
    const struct embedder_options options = {
        .config = &config, .client = scripted->client, .loop = scripted->loop};
    return embedder_open(&options);
}

static err query(struct scripted *scripted, struct embedder *embedder, const char *text,
    struct embedding *out)
{
    return embed_query(&scripted->ctx, embedder, embedder_model(embedder), NULL, text, out);
}

static void tell_request(struct scripted *scripted)
{
    struct embedder *embedder = open_at(scripted, "/good/"); /* one slash too many does no harm */
    struct embedding made = {0};
    ck_assert_str_eq(embedder_model(embedder), "text-embedding-3-small");
    ck_assert(is_ok(query(scripted, embedder, "a \"pool\"\n", &made)));
    ck_assert_int_eq(made.dims, 8);
    ck_assert_double_eq((double)made.values[0], 1);
    const char *request = scripted_request(scripted);
    ck_assert_ptr_eq(strstr(request, "POST /good/embeddings HTTP/1.1\r\n"), request);
    ck_assert_ptr_nonnull(strstr(request, "\r\nAuthorization: Bearer sk-secret\r\n"));
    ck_assert_ptr_nonnull(strstr(request,
        "{\"model\":\"text-embedding-3-small\",\"encoding_format\":\"base64\",\"dimensions\":8,"
        "\"input\":[\"a \\\"pool\\\"\\n\"]}"));
    embedder_close(embedder);
}

START_TEST(the_service_is_asked_as_its_protocol_says)
{
    scripted_run(script, ROWS, tell_request);
}
END_TEST

static void tell_memory(struct scripted *scripted)
{
    struct embedder *embedder = open_at(scripted, "/good");
    struct embedding made = {0}, again = {0};
    ck_assert(is_ok(query(scripted, embedder, "pool", &made)));
    ck_assert(is_ok(query(scripted, embedder, "pool", &again)));
    ck_assert_int_eq(scripted_calls(scripted, "/good/embeddings"), 1);
    ck_assert_mem_eq(made.values, again.values, 8 * sizeof(float));
    ck_assert(is_ok(query(scripted, embedder, "garden", &again)));
    ck_assert_int_eq(scripted_calls(scripted, "/good/embeddings"), 2);
    ck_assert(is_ok(embed_query(&scripted->ctx, embedder, "hash-64", NULL, "pool", &again)));
    ck_assert_int_eq(again.dims, 64); /* local models work all the same */
    ck_assert_int_eq(scripted_calls(scripted, "/good/embeddings"), 2);
    embedder_close(embedder);
}

START_TEST(the_same_question_is_asked_once)
{
    scripted_run(script, ROWS, tell_memory);
}
END_TEST

static void tell_documents(struct scripted *scripted)
{
    struct embedder *embedder = open_at(scripted, "/two");
    const char *const texts[] = {"", "a long one"};
    struct embedding made[2] = {{0}};
    ck_assert(is_ok(embed_documents(&scripted->ctx, embedder, "text-embedding-3-small", texts,
        /* count */ 2, made)));
    ck_assert_double_eq((double)made[0].values[0], 1); /* in order of the texts, not of the reply */
    ck_assert_double_eq((double)made[1].values[1], 1);
    ck_assert_ptr_nonnull(strstr(scripted_request(scripted), "\"input\":[\" \",\"a long one\"]"));
    embedder_close(embedder);
}

START_TEST(documents_go_in_one_batch)
{
    scripted_run(script, ROWS, tell_documents);
}
END_TEST

static void tell_long(struct scripted *scripted)
{
    enum { LONG = 40000, SENT_MAX = 16003 };
    struct embedder *embedder = open_at(scripted, "/good");
    char *text = arena_alloc(scripted->arena, LONG + 1);
    memset(text, 'a', LONG);
    struct embedding made = {0};
    ck_assert(is_ok(query(scripted, embedder, text, &made)));
    const char *sent = strstr(scripted_request(scripted), "\"aaa");
    ck_assert_ptr_nonnull(sent);
    ck_assert_uint_le(strspn(sent + 1, "a"), SENT_MAX);
    ck_assert_uint_gt(strspn(sent + 1, "a"), SENT_MAX / 2);
    for (int i = 0; i + 3 <= LONG; i += 3) {
        memcpy(text + i, "\xE0\xB8\x81", 3); /* a Thai letter */
    }
    ck_assert(is_ok(query(scripted, embedder, text, &made)));
    ck_assert_ptr_nonnull(strstr(scripted_request(scripted),
        "\xE0\xB8\x81\"]}")); /* none is split */
    embedder_close(embedder);
}

START_TEST(a_text_longer_than_the_service_takes_is_cut)
{
    scripted_run(script, ROWS, tell_long);
}
END_TEST

static const struct {
    const char *path;
    enum err_code code,
        late; /* late: what a busy machine may make of it, as these are asked again */
} failures[] = {
    {"/garbage", ERR_UPSTREAM, ERR_UPSTREAM},
    {"/short", ERR_UPSTREAM, ERR_UPSTREAM},
    {"/nan", ERR_UPSTREAM, ERR_UPSTREAM},
    {"/down", ERR_UNAVAILABLE, ERR_TIMEOUT},
    {"/cut", ERR_UNAVAILABLE, ERR_TIMEOUT},
    {"/silent", ERR_TIMEOUT, ERR_TIMEOUT},
};

static void tell_failures(struct scripted *scripted)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        struct embedder *embedder = open_at(scripted, failures[i].path);
        struct embedding made = {0};
        const err asked = query(scripted, embedder, "pool", &made);
        ck_assert_msg(asked.code == failures[i].code || asked.code == failures[i].late, "%s: %s",
            failures[i].path, err_name(asked.code));
        ck_assert_ptr_null(made.values);
        embedder_close(embedder);
    }
}

START_TEST(each_failure_has_its_code)
{
    scripted_run(script, ROWS, tell_failures);
}
END_TEST

static void tell_breaker(struct scripted *scripted)
{
    struct embedder *embedder = open_at(scripted, "/garbage");
    struct embedding made = {0};
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(query(scripted, embedder, "pool", &made).code, ERR_UPSTREAM);
    }
    ck_assert_int_eq(query(scripted, embedder, "pool", &made).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(scripted_calls(scripted, "/garbage/embeddings"), 5);
    embedder_close(embedder);
}

START_TEST(a_service_that_talks_nonsense_is_left_alone)
{
    scripted_run(script, ROWS, tell_breaker);
}
END_TEST

enum { CALLERS = 50 };
struct caller {
    struct scripted *scripted;
    struct embedder *embedder;
    struct ctx ctx;
    int *answered;
};

static void ask_pool(void *arg)
{
    struct caller *caller = arg;
    struct embedding made = {0};
    ck_assert(is_ok(embed_query(&caller->ctx, caller->embedder, "text-embedding-3-small", NULL,
        "pool", &made)));
    ck_assert_double_eq((double)made.values[0], 1);
    ++*caller->answered;
}

static void tell_stampede(struct scripted *scripted)
{
    static struct caller callers[CALLERS];
    int answered = 0;
    struct embedder *embedder = open_at(scripted, "/slow");
    for (int i = 0; i < CALLERS; i++) {
        bool ended = false;
        callers[i] = (struct caller){scripted, embedder, scripted->ctx, &answered};
        ck_assert(is_ok(fiber_start(&scripted->ctx, scripted->loop, ask_pool, /* done */ NULL,
            &callers[i], &ended)));
    }
    while (answered < CALLERS) {
        ck_assert(is_ok(fiber_sleep(&scripted->ctx, scripted->loop, 10)));
    }
    ck_assert_int_eq(scripted_calls(scripted, "/slow/embeddings"),
        2); /* one question, asked twice */
    embedder_close(embedder);
}

START_TEST(many_callers_of_one_question_make_one_call)
{
    scripted_run(script, ROWS, tell_stampede);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed_openai");
    TCase *tcase = tcase_create("embed_openai");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_service_is_asked_as_its_protocol_says);
    tcase_add_test(tcase, the_same_question_is_asked_once);
    tcase_add_test(tcase, documents_go_in_one_batch);
    tcase_add_test(tcase, a_text_longer_than_the_service_takes_is_cut);
    tcase_add_test(tcase, each_failure_has_its_code);
    tcase_add_test(tcase, a_service_that_talks_nonsense_is_left_alone);
    tcase_add_test(tcase, many_callers_of_one_question_make_one_call);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
