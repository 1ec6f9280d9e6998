#include "search/embed_reply.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "search/embedder.h"

/* base64 of little-endian (1, 0), (0, 2) and (3, 4) */
#define X "AACAPwAAAAA="
#define Y "AAAAAAAAAEA="
#define XY "AABAQAAAgEA="

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 1000);
}

static void teardown(void)
{
    arena_free(arena);
}

static const char *const good[] = {
    "{\"data\":[{\"index\":0,\"embedding\":\"" X "\"},{\"index\":1,\"embedding\":\"" XY "\"}]}",
    "{\"data\":[{\"index\":1,\"embedding\":\"" XY "\"},{\"embedding\":\"" X "\",\"index\":0}]}",
    "{\"data\":[{\"embedding\":[1,0]},{\"embedding\":[3e0, 4.0]}]}",
    " { \"object\" : \"list\" , \"data\" : [ { \"object\" : \"embedding\" , \"index\" : 0 , "
    "\"embedding\" : [ 2.5 , "
    "-0 ] } , { \"embedding\" : [ 30 , 40 ] } ] , \"model\" : \"a \\\"quoted\\\" } name\" , "
    "\"usage\" : { "
    "\"prompt_tokens\" : 3 , \"list\" : [ 1 , { } , [ ] ] } } ",
    "{\"usage\":null,\"data\":[{\"x\":true,\"embedding\":\"" X
    "\"},{\"y\":-1.5,\"embedding\":[0.3,0.4]}],\"z\":1}",
};

START_TEST(vectors_are_read_put_in_order_and_made_unit_length)
{
    struct embedding out[2] = {{0}};
    const struct embed_wanted wanted = {2, 2};
    const err read =
        embed_reply_read(&ctx, /* loop */ NULL, good[_i], &wanted, &(struct embed_read){out, {0}});
    ck_assert_msg(is_ok(read), "%s", ctx.error.text);
    ck_assert_int_eq(out[1].dims, 2);
    ck_assert_double_eq_tol((double)out[0].values[0], 1, 1e-6);
    ck_assert_double_eq_tol((double)out[0].values[1], 0, 1e-6);
    ck_assert_double_eq_tol((double)out[1].values[0], 0.6, 1e-6);
    ck_assert_double_eq_tol((double)out[1].values[1], 0.8, 1e-6);
}
END_TEST

static const char *const bad[] = {
    "",
    "null",
    "[]",
    "not json",
    "<html>502</html>",
    "{}",
    "{\"data\":null}",
    "{\"data\":{}}",
    "{\"data\":[]}",
    "{\"error\":{\"message\":\"overloaded\"}}",
    "{\"data\":[{\"embedding\":\"" X "\"}]}", /* one too few */
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"" X "\"},{\"embedding\":\"" X
    "\"}]}", /* one too many */
    "{\"data\":[{\"index\":0,\"embedding\":\"" X "\"},{\"index\":0,\"embedding\":\"" X "\"}]}",
    "{\"data\":[{\"index\":0,\"embedding\":\"" X "\"},{\"index\":2,\"embedding\":\"" X "\"}]}",
    "{\"data\":[{\"index\":-1,\"embedding\":\"" X "\"},{\"index\":1e300,\"embedding\":\"" X "\"}]}",
    "{\"data\":[{\"index\":0},{\"index\":1}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"AACAPw==\"}]}",         /* one number */
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"AACAPwAAAAAAAAAA\"}]}", /* three */
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"AACAPw**AAA=\"}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"AAAAAAAAAAA=\"}]}", /* zero */
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"AADAfwAAAAA=\"}]}", /* not a number */
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"AACAfwAAAAA=\"}]}", /* infinite */
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[1]}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[1,2,3]}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[NaN,1]}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[Infinity,1]}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[null,1]}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[0x10,1]}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[1e999,1]}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[1 2]}]}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":[1,2",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"" X,
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"" X "\"}",
    "{\"data\":[{\"embedding\":\"" X "\"},{\"embedding\":\"\\",
    "{\"data\":[{\"embedding\":\"" X "\" \"index\":1},{\"embedding\":\"" X "\"}]}",
    "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]],\"data\":[]}",
    "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":\"unfinished",
    "{\"a\":",
    "{\"a\"",
};

START_TEST(nonsense_is_refused)
{
    struct embedding out[2] = {{0}};
    const struct embed_wanted wanted = {2, 2};
    const err read =
        embed_reply_read(&ctx, /* loop */ NULL, bad[_i], &wanted, &(struct embed_read){out, {0}});
    ck_assert_msg(read.code == ERR_UPSTREAM, "%s", bad[_i]);
    ck_assert_ptr_null(out[0].values);
}
END_TEST

static const struct {
    const char *usage;
    double tokens, dollars;
} usages[] = {
    {"{\"prompt_tokens\":7,\"total_tokens\":9}", 7, -1},
    {"{ \"total_tokens\" : 9 , \"cost\" : 0.000002 }", 9, 0.000002},
    {"{\"total_tokens\":9,\"prompt_tokens\":7,\"cost\":0}", 7, 0},
    {"{\"prompt_tokens\":-7,\"cost\":null,\"details\":{\"cost\":3}}", -1, -1},
    {"{\"prompt_tokens\":1e999,\"cost\":\"free\"}", -1, -1},
    {"{}", -1, -1},
    {"[1,2]", -1, -1},
    {"null", -1, -1},
};

START_TEST(what_it_took_is_read_before_or_behind_the_vectors)
{
    static const char data[] = "\"data\":[{\"embedding\":\"" X "\"}]";
    const struct embed_wanted wanted = {1, 2};
    const char *texts[] = {arena_printf(arena, "{%s,\"usage\":%s}", data, usages[_i].usage),
        arena_printf(arena, "{\"usage\":%s,%s}", usages[_i].usage, data)};
    for (size_t i = 0; i < 2; i++) {
        struct embedding vector = {0};
        struct embed_read out = {&vector, {0}};
        const err read = embed_reply_read(&ctx, /* loop */ NULL, texts[i], &wanted, &out);
        ck_assert_msg(is_ok(read), "%s: %s", texts[i], ctx.error.text);
        ck_assert_double_eq(out.usage.tokens, usages[_i].tokens);
        ck_assert_double_eq(out.usage.dollars, usages[_i].dollars);
    }
}
END_TEST

/* Every beginning of a good reply is a bad one; none may be read past its end. */
START_TEST(a_cut_reply_is_refused_wherever_it_is_cut)
{
    const struct embed_wanted wanted = {2, 2};
    const size_t len = strlen(good[_i]);
    for (size_t cut = 0; cut + 2 < len; cut++) {
        struct embedding out[2] = {{0}};
        char *exact = arena_strndup(arena, good[_i], cut);
        const err read =
            embed_reply_read(&ctx, /* loop */ NULL, exact, &wanted, &(struct embed_read){out, {0}});
        ck_assert_msg(!is_ok(read), "%s", exact);
    }
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("embed_reply");
    TCase *tcase = tcase_create("embed_reply");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, vectors_are_read_put_in_order_and_made_unit_length, 0, COUNT(good));
    tcase_add_loop_test(tcase, nonsense_is_refused, 0, COUNT(bad));
    tcase_add_loop_test(tcase, what_it_took_is_read_before_or_behind_the_vectors, 0, COUNT(usages));
    tcase_add_loop_test(tcase, a_cut_reply_is_refused_wherever_it_is_cut, 0, COUNT(good));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
