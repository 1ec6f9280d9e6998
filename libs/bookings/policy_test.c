#include "bookings/policy.h"

#include <check.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/ctx.h"

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

static int64_t pct(const char *code, int64_t days_left)
{
    struct policy_refund out = {0};
    ck_assert(is_ok(policy_refund(&ctx, policy_find(code)->snapshot, days_left, 1000, &out)));
    ck_assert_int_eq(out.amount_minor, 10 * out.pct);
    return out.pct;
}

START_TEST(days_decide)
{
    ck_assert_int_eq(pct("flexible", 7), 100);
    ck_assert_int_eq(pct("flexible", 6), 50);
    ck_assert_int_eq(pct("flexible", 1), 50);
    ck_assert_int_eq(pct("flexible", 0), 0);
    ck_assert_int_eq(pct("moderate", 30), 100);
    ck_assert_int_eq(pct("moderate", 29), 50);
    ck_assert_int_eq(pct("moderate", 13), 0);
    ck_assert_int_eq(pct("strict", 30), 100);
    ck_assert_int_eq(pct("strict", 29), 0);
    ck_assert_int_eq(pct("strict", -3), 0);
}
END_TEST

START_TEST(unknown_terms_are_moderate)
{
    ck_assert_str_eq(policy_find("other")->code, "moderate");
    ck_assert_str_eq(policy_find(NULL)->code, "moderate");
}
END_TEST

START_TEST(amounts_fit_and_are_rounded_down)
{
    struct policy_refund out = {0};
    const char *half = "{\"code\":\"x\",\"tiers\":[{\"days\":0,\"pct\":50}]}";
    ck_assert(is_ok(policy_refund(&ctx, half, 0, 99999, &out)));
    ck_assert_int_eq(out.amount_minor, 49999);
    ck_assert(is_ok(policy_refund(&ctx, half, 0, INT64_MAX, &out)));
    ck_assert_int_eq(out.amount_minor, INT64_MAX / 2);
}
END_TEST

START_TEST(foreign_terms_are_refused)
{
    struct policy_refund out = {0};
    const char *wrong[] = {"", "{\"tiers\":[{\"days\":1}]}",
        "{\"tiers\":[{\"days\":1,\"pct\":101}]}", "{\"tiers\":[{\"days\":1,\"pct\":-1}]}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert(!is_ok(policy_refund(&ctx, wrong[i], 0, 1000, &out)));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy");
    TCase *tests = tcase_create("policy");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, days_decide);
    tcase_add_test(tests, unknown_terms_are_moderate);
    tcase_add_test(tests, amounts_fit_and_are_rounded_down);
    tcase_add_test(tests, foreign_terms_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
