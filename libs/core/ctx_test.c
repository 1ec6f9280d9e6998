#include "core/ctx.h"

#include <check.h>
#include <stdlib.h>

#include "core/arena.h"

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

START_TEST(scratch_memory_ends_and_the_former_comes_back)
{
    struct arena *former = ctx_scratch(&ctx);
    ck_assert_ptr_eq(former, arena);
    ck_assert_ptr_ne(ctx.arena, arena);
    ck_assert_ptr_nonnull(arena_copy(ctx.arena, "read"));
    ctx_scratch_end(&ctx, former);
    ck_assert_ptr_eq(ctx.arena, arena);
    ck_assert_ptr_null(ctx.error.fields);
}
END_TEST

START_TEST(fields_of_an_error_outlive_the_scratch)
{
    struct arena *former = ctx_scratch(&ctx);
    ctx.error.fields = ARENA_ARRAY(ctx.arena, struct err_field, 2);
    ctx.error.fields[0] =
        (struct err_field){arena_copy(ctx.arena, "email"), "invalid", arena_copy(ctx.arena, "no")};
    ctx.error.fields[1] = (struct err_field){arena_copy(ctx.arena, "name"), "required", NULL};
    ctx.error.field_count = 2;
    ctx_scratch_end(&ctx, former);
    ck_assert_int_eq(ctx.error.field_count, 2);
    ck_assert_str_eq(ctx.error.fields[0].field, "email");
    ck_assert_str_eq(ctx.error.fields[0].code, "invalid");
    ck_assert_str_eq(ctx.error.fields[0].message, "no");
    ck_assert_str_eq(ctx.error.fields[1].field, "name");
    ck_assert_ptr_null(ctx.error.fields[1].message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctx");
    TCase *tcase = tcase_create("ctx");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, scratch_memory_ends_and_the_former_comes_back);
    tcase_add_test(tcase, fields_of_an_error_outlive_the_scratch);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
