#include "chat/usage.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chat/model.h"
#include "core/arena.h"
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

static struct chat_usage read_usage(const char *text)
{
    const struct json *usage = NULL;
    struct chat_usage out = {0};
    ck_assert(is_ok(json_parse(&ctx, text, strlen(text), &usage)));
    usage_read(usage, &out);
    return out;
}

START_TEST(tokens_and_cost_are_read)
{
    const struct chat_usage usage =
        read_usage("{\"prompt_tokens\":120,\"completion_tokens\":34,\"total_tokens\":154,\"cost\":"
                   "0.000197,"
                   "\"prompt_tokens_details\":{\"cached_tokens\":100},\"is_byok\":false}");
    ck_assert(usage.known && usage.priced);
    ck_assert_int_eq(usage.prompt_tokens, 120);
    ck_assert_int_eq(usage.completion_tokens, 34);
    ck_assert_int_eq(usage.cached_tokens, 100);
    ck_assert_int_eq(usage.cost_microusd, 197);
}
END_TEST

START_TEST(what_is_missing_stays_unknown)
{
    static const char *const texts[] = {"null", "7", "[]", "{}", "{\"prompt_tokens\":1}",
        "{\"prompt_tokens\":1,\"completion_tokens\":null}",
        "{\"prompt_tokens\":-1,\"completion_tokens\":1}",
        "{\"prompt_tokens\":\"1\",\"completion_tokens\":1}",
        "{\"prompt_tokens\":1,\"completion_tokens\":9223372036854775807}", "{\"cost\":\"0.1\"}",
        "{\"cost\":-0.1}", "{\"cost\":1e300}", "{\"cost\":null}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct chat_usage usage = read_usage(texts[i]);
        ck_assert_msg(!usage.known && !usage.priced, "%s", texts[i]);
        ck_assert_int_eq(usage.prompt_tokens + usage.cost_microusd, 0);
    }
    const struct chat_usage free =
        read_usage("{\"prompt_tokens\":1,\"completion_tokens\":1,\"cost\":0}");
    ck_assert(free.known && free.priced);
    ck_assert_int_eq(free.cost_microusd, 0);
}
END_TEST

START_TEST(dollars_become_the_nearest_millionth)
{
    /* What a decimal of six places says is what comes out, for all of them. */
    int64_t wrong = -1;
    for (int64_t micro = 0; micro < 3000000; micro += 7) {
        int64_t exact = -1, above = -1;
        const double dollars = (double)micro / 1e6;
        const bool taken =
            usage_microusd(dollars, &exact) && usage_microusd(dollars + 4.9e-7, &above);
        wrong = taken && exact == micro && above == micro ? wrong : micro;
    }
    ck_assert_int_eq(wrong, -1);
    int64_t got = -1;
    ck_assert(!usage_microusd((double)NAN, &got));
    ck_assert(!usage_microusd((double)INFINITY, &got));
    ck_assert(!usage_microusd(-1e-9, &got));
    ck_assert_int_eq(got, -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("usage");
    TCase *tcase = tcase_create("usage");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, tokens_and_cost_are_read);
    tcase_add_test(tcase, what_is_missing_stays_unknown);
    tcase_add_test(tcase, dollars_become_the_nearest_millionth);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
