#include <check.h> /* before core/err.h: both define fail() */

#include "core/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/codes.h"
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

static err fail_three_times_up(void)
{
    return fail(&ctx, ERR_NOT_FOUND, "faq %d", 7);
}

static err pass_up(int *reached)
{
    TRY(fail_three_times_up());
    *reached = 1;
    return OK;
}

START_TEST(a_failure_travels_up_with_its_text_and_place)
{
    int reached = 0;
    ck_assert_int_eq(pass_up(&reached).code, ERR_NOT_FOUND);
    ck_assert_int_eq(reached, 0);
    ck_assert_int_eq(ctx.error.code, ERR_NOT_FOUND);
    ck_assert_str_eq(ctx.error.text, "faq 7");
    ck_assert_str_eq(ctx.error.file, "libs/core/err_test.c");
    ck_assert_int_gt(ctx.error.line, 0);
    ck_assert_ptr_null(ctx.error.public_name);
}
END_TEST

START_TEST(long_texts_are_cut)
{
    (void)fail(&ctx, ERR_INTERNAL, "%1000d", 1);
    ck_assert_uint_eq(strlen(ctx.error.text), ERR_TEXT_MAX - 1);
}
END_TEST

START_TEST(a_failure_may_quote_the_one_before)
{
    (void)fail(&ctx, ERR_UPSTREAM, "cause");
    (void)fail(&ctx, ERR_UNAVAILABLE, "after %s", ctx.error.text);
    ck_assert_str_eq(ctx.error.text, "after cause");
}
END_TEST

START_TEST(a_public_failure_says_what_the_client_sees)
{
    const err e =
        fail_public(&ctx, ERR_CONFLICT, CODE_INVALID_STATE, "The booking is already paid.");
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert_str_eq(ctx.error.public_name, "INVALID_STATE");
    ck_assert_str_eq(ctx.error.public_message, "The booking is already paid.");
}
END_TEST

START_TEST(field_errors_add_up_in_order)
{
    (void)fail(&ctx, ERR_TIMEOUT, "forgotten");
    ck_assert_int_eq(fail_field(&ctx, "a", CODE_UNKNOWN_FIELD, "unknown field").code, ERR_INVALID);
    ck_assert_str_eq(ctx.error.public_name, CODE_UNKNOWN_FIELD);
    ck_assert_int_eq(fail_field(&ctx, "b", CODE_VALIDATION_ERROR, "must be at most %d", 50).code,
        ERR_INVALID);
    ck_assert_int_eq(fail_field(&ctx, "c", CODE_UNKNOWN_FIELD, "unknown field").code, ERR_INVALID);
    ck_assert_int_eq(ctx.error.code, ERR_INVALID);
    ck_assert_str_eq(ctx.error.public_name, CODE_VALIDATION_ERROR);
    ck_assert_str_eq(ctx.error.text, "unknown field"); /* names of the client stay out of the log */
    ck_assert_int_eq(ctx.error.field_count, 3);
    ck_assert_str_eq(ctx.error.fields[1].field, "b");
    ck_assert_str_eq(ctx.error.fields[1].message, "must be at most 50");
}
END_TEST

START_TEST(field_errors_end_at_their_limit)
{
    for (int i = 1; i <= ERR_FIELDS_MAX + 1; i++) {
        (void)fail_field(&ctx, "a", CODE_VALIDATION_ERROR, "%d", i);
        ck_assert_int_eq(ctx.error.field_count, i <= ERR_FIELDS_MAX ? i : ERR_FIELDS_MAX);
    }
    ck_assert_str_eq(ctx.error.fields[ERR_FIELDS_MAX - 1].message, "32");
}
END_TEST

START_TEST(long_field_names_are_cut_between_code_points)
{
    char name[400];
    for (size_t i = 0; i < 399; i += 3) {
        memcpy(name + i, "€", 3);
    }
    name[399] = '\0';
    (void)fail_field(&ctx, name, CODE_UNKNOWN_FIELD, "unknown field");
    ck_assert_uint_eq(strlen(ctx.error.fields[0].field), 126);
}
END_TEST

START_TEST(a_new_failure_forgets_field_errors)
{
    (void)fail_field(&ctx, "a", CODE_VALIDATION_ERROR, "wrong");
    (void)fail(&ctx, ERR_NOT_FOUND, "gone");
    ck_assert_int_eq(ctx.error.field_count, 0);
    ck_assert_ptr_null(ctx.error.public_name);
    err_clear(&ctx);
    ck_assert_int_eq(ctx.error.code, ERR_OK);
    ck_assert_str_eq(ctx.error.text, "");
}
END_TEST

START_TEST(every_code_has_a_name_of_its_own)
{
    for (int a = ERR_OK; a <= ERR_INTERNAL; a++) {
        ck_assert_str_ne(err_name((enum err_code)a), "UNKNOWN");
        for (int b = ERR_OK; b < a; b++) {
            ck_assert_str_ne(err_name((enum err_code)a), err_name((enum err_code)b));
        }
    }
    ck_assert_str_eq(err_name((enum err_code)(ERR_INTERNAL + 1)), "UNKNOWN");
}
END_TEST

static int64_t now_ns(void *state)
{
    return *(int64_t *)state;
}

START_TEST(inner_deadlines_never_pass_the_outer_one)
{
    int64_t now = 1000;
    const struct clock clock = {.monotonic_ns = now_ns, .state = &now};
    ctx_init(&ctx, arena, &clock, /* log */ NULL, /* timeout_ms */ 10);
    ck_assert_int_eq(ctx.deadline_ns, 10001000);
    ck_assert_int_eq(ctx_deadline_ns(&ctx, 4), 4001000);
    ck_assert_int_eq(ctx_deadline_ns(&ctx, 11), 10001000);
    now = 9000000;
    ck_assert_int_eq(ctx_deadline_ns(&ctx, 4), 10001000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.err");
    TCase *tests = tcase_create("err");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_failure_travels_up_with_its_text_and_place);
    tcase_add_test(tests, long_texts_are_cut);
    tcase_add_test(tests, a_failure_may_quote_the_one_before);
    tcase_add_test(tests, a_public_failure_says_what_the_client_sees);
    tcase_add_test(tests, field_errors_add_up_in_order);
    tcase_add_test(tests, field_errors_end_at_their_limit);
    tcase_add_test(tests, long_field_names_are_cut_between_code_points);
    tcase_add_test(tests, a_new_failure_forgets_field_errors);
    tcase_add_test(tests, every_code_has_a_name_of_its_own);
    tcase_add_test(tests, inner_deadlines_never_pass_the_outer_one);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
