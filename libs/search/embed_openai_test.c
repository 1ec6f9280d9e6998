#include "search/embedder.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/limits.h"
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

/* ---- more texts than fit into one call ---- */

enum { TEXTS_MAX = 300, LONG_TEXTS = 40, LONG_BYTES = 16000, REPLY_MAX = 65536 };

/* Texts of a story and how many of them each call takes; the calls of a story have a path of their own. */
struct batches {
    const char *path;
    size_t sizes[4];
    const char *newest; /* how the input of the last call begins */
};

static const struct batches by_number[] = {
    {"/128/embeddings", {128}, "\"input\":[\"text 0\",\"text 1\","},
    {"/129/embeddings", {128, 1}, "\"input\":[\"text 128\"]}"},
    {"/256/embeddings", {128, 128}, "\"input\":[\"text 128\",\"text 129\","},
    {"/300/embeddings", {128, 128, 44}, "\"input\":[\"text 256\",\"text 257\","},
};
#define NUMBERS (sizeof(by_number) / sizeof(by_number[0]))

/* 8001 tokens a text, as counted: 31 of them are the most below 250,000. */
static const struct batches by_tokens = {"/long/embeddings", {31, 9}, "\"input\":[\"text 31 "};

/* Vectors for texts first to before first + count, last one first: the second number of each is the text's. */
static const char *vectors_for(struct arena *arena, size_t first, size_t count)
{
    struct buf buf;
    buf_init(&buf, arena, /* first_cap */ 1024, REPLY_MAX);
    buf_str(&buf, "{\"data\":[");
    for (size_t i = count; i-- > 0;) {
        buf_printf(&buf, "{\"index\":%zu,\"embedding\":[1,%zu,0,0,0,0,0,0]}%s", i, first + i,
            i > 0 ? "," : "]}");
    }
    ck_assert(!buf.failed);
    return buf_text(&buf);
}

/* Adds a row for each call; returns how many. */
static size_t add_calls(struct arena *arena, const struct batches *batches,
    struct scripted_reply *out)
{
    size_t first = 0, calls = 0;
    for (; batches->sizes[calls] > 0; calls++) {
        const char *body = vectors_for(arena, first, batches->sizes[calls]);
        out[calls] = (struct scripted_reply){batches->path, 200, NULL, body};
        first += batches->sizes[calls];
    }
    return calls;
}

static void check_batches(struct scripted *scripted, const struct batches *batches,
    const char *const *texts)
{
    size_t count = 0, calls = 0;
    for (; batches->sizes[calls] > 0; calls++) {
        count += batches->sizes[calls];
    }
    const size_t base_len = strlen(batches->path) - strlen("/embeddings");
    struct embedder *embedder =
        open_at(scripted, arena_printf(scripted->arena, "%.*s", (int)base_len, batches->path));
    struct embedding *made = ARENA_ARRAY(scripted->arena, struct embedding, count);
    const err asked =
        embed_documents(&scripted->ctx, embedder, "text-embedding-3-small", texts, count, made);
    ck_assert_msg(is_ok(asked), "%s: %s", batches->path, scripted->ctx.error.text);
    ck_assert_int_eq(scripted_calls(scripted, batches->path), (int)calls);
    ck_assert_msg(strstr(scripted_request(scripted), batches->newest) != NULL, "%s", batches->path);
    for (size_t i = 0; i < count; i++) {
        const double number = (double)made[i].values[1] / (double)made[i].values[0];
        ck_assert_double_eq_tol(number, (double)i, 0.01);
    }
    embedder_close(embedder);
}

static void tell_numbers(struct scripted *scripted)
{
    const char *texts[TEXTS_MAX];
    for (size_t i = 0; i < TEXTS_MAX; i++) {
        texts[i] = arena_printf(scripted->arena, "text %zu", i);
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        check_batches(scripted, &by_number[i], texts);
    }
}

START_TEST(many_texts_go_in_full_batches_and_come_back_in_order)
{
    struct scripted_reply calls[4 * NUMBERS];
    struct arena *arena = arena_new(/* pool */ NULL);
    size_t count = 0;
    for (size_t i = 0; i < NUMBERS; i++) {
        ck_assert_uint_le(by_number[i].sizes[0], LIMIT_EMBED_BATCH_TEXTS);
        count += add_calls(arena, &by_number[i], calls + count);
    }
    scripted_run(calls, count, tell_numbers);
    arena_free(arena);
}
END_TEST

static void tell_tokens(struct scripted *scripted)
{
    const char *texts[LONG_TEXTS];
    for (size_t i = 0; i < LONG_TEXTS; i++) {
        char *text = arena_alloc(scripted->arena, LONG_BYTES + 1);
        memset(text, 'a', LONG_BYTES);
        const char *head = arena_printf(scripted->arena, "text %zu ", i);
        memcpy(text, head, strlen(head));
        texts[i] = text;
    }
    check_batches(scripted, &by_tokens, texts);
}

START_TEST(long_texts_go_in_batches_of_fewer)
{
    struct scripted_reply calls[4];
    struct arena *arena = arena_new(/* pool */ NULL);
    const size_t count = add_calls(arena, &by_tokens, calls);
    scripted_run(calls, count, tell_tokens);
    arena_free(arena);
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
    tcase_add_test(tcase, many_texts_go_in_full_batches_and_come_back_in_order);
    tcase_add_test(tcase, long_texts_go_in_batches_of_fewer);
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
