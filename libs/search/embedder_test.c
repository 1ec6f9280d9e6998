#include "search/embedder.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"

static const struct search_config local = {
    .embeddings_provider = "local", .embedding_model = "text-embedding-3-small"};

static struct arena *arena;
static struct ctx ctx;
static struct embedder *embedder;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 1000);
    embedder = embedder_open(&(struct embedder_options){.config = &local});
}

static void teardown(void)
{
    embedder_close(embedder);
    embedder_close(NULL);
    arena_free(arena);
}

static const struct {
    const char *model;
    bool known;
} models[] = {
    {"hash-1536", true}, {"hash-64", true}, {"hash-8", true}, {"hash-4096", true},
    {"hash-4097", false}, {"hash-7", false}, {"hash-", false}, {"hash-12x", false},
    {"hash--12", false}, {"hash-99999999999999999999", false}, {"hash", false}, {"", false},
    {"text-embedding-3-small", false}, /* of a provider that is not chosen */
};

START_TEST(local_models_are_known_by_their_name)
{
    ck_assert(embedder_knows(embedder, models[_i].model) == models[_i].known);
    struct embedding out = {0};
    const err result = embed_query(&ctx, embedder, models[_i].model, NULL, "pool", &out);
    ck_assert_int_eq(result.code, models[_i].known ? ERR_OK : ERR_UNAVAILABLE);
    ck_assert((out.values != NULL) == models[_i].known);
}
END_TEST

START_TEST(documents_and_plain_queries_get_the_same_vectors)
{
    const char *const texts[] = {"private pool", "garden", "private pool"};
    struct embedding documents[3] = {{0}}, query = {0};
    ck_assert_str_eq(embedder_model(embedder), "hash-1536");
    ck_assert(is_ok(embed_documents(&ctx, embedder, "hash-1536", texts, /* count */ 3, documents)));
    ck_assert(is_ok(embed_query(&ctx, embedder, "hash-1536", NULL, "private pool", &query)));
    ck_assert_int_eq(query.dims, 1536);
    ck_assert_mem_eq(documents[0].values, query.values, 1536 * sizeof(float));
    ck_assert_mem_eq(documents[2].values, query.values, 1536 * sizeof(float));
    ck_assert_mem_ne(documents[1].values, query.values, 1536 * sizeof(float));
}
END_TEST

START_TEST(a_vector_goes_to_the_database_as_pgvector_sends_it)
{
    const float values[] = {1, 2.5F, -3};
    const struct embedding made = {values, 3};
    const struct db_arg arg = embedding_arg(&ctx, &made);
    ck_assert_int_eq(arg.binary_len, 16);
    ck_assert_mem_eq(arg.text, "\x00\x03\x00\x00\x3f\x80\x00\x00\x40\x20\x00\x00\xc0\x40\x00\x00",
        16);
    const struct embedding none = {0};
    ck_assert_ptr_null(embedding_arg(&ctx, &none).text);
    ck_assert_int_eq(embedding_arg(&ctx, &none).binary_len, 0);
}
END_TEST

START_TEST(many_vectors_go_to_the_database_as_one_array)
{
    const float one[] = {1, 2.5F};
    const float other[] = {-3, 0};
    const struct embedding made[] = {{one, 2}, {other, 2}};
    const struct db_arg arg = embeddings_arg(&ctx, made, /* count */ 2);
    ck_assert_int_eq(arg.binary_len, 52);
    ck_assert_mem_eq(arg.text,
        "\0\0\0\1\0\0\0\0\0\0\2\xbc\0\0\0\4\0\0\0\1"
        "\0\0\0\4\x3f\x80\0\0\0\0\0\4\x40\x20\0\0"
        "\0\0\0\4\xc0\x40\0\0\0\0\0\4\0\0\0\0",
        52);
}
END_TEST

START_TEST(the_hash_of_a_text_is_its_sha256)
{
    uint8_t hash[32];
    embedding_hash("", hash);
    ck_assert_mem_eq(hash, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("embedder");
    TCase *tcase = tcase_create("embedder");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, local_models_are_known_by_their_name, 0, COUNT(models));
    tcase_add_test(tcase, documents_and_plain_queries_get_the_same_vectors);
    tcase_add_test(tcase, a_vector_goes_to_the_database_as_pgvector_sends_it);
    tcase_add_test(tcase, many_vectors_go_to_the_database_as_one_array);
    tcase_add_test(tcase, the_hash_of_a_text_is_its_sha256);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
