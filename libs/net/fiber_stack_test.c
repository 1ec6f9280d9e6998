#include "net/fiber_stack.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct visit {
    struct fiber_stack *stack;
    char text[16];
    size_t len;
};

static void note(struct visit *visit, char letter)
{
    ck_assert_uint_lt(visit->len + 1, sizeof(visit->text));
    visit->text[visit->len++] = letter;
}

static void suspend_twice(void *arg)
{
    struct visit *visit = arg;
    char local[64];
    memset(local, 'l', sizeof(local));
    note(visit, '1');
    fiber_stack_suspend(visit->stack);
    note(visit, '2');
    fiber_stack_suspend(visit->stack);
    note(visit, local[63]);
}

START_TEST(function_continues_where_it_suspended)
{
    struct fiber_stack stack;
    ck_assert(fiber_stack_open(&stack));
    ck_assert(stack.ended);
    struct visit visit = {.stack = &stack};
    fiber_stack_load(&stack, suspend_twice, &visit);
    ck_assert_str_eq(visit.text, "");
    fiber_stack_resume(&stack);
    ck_assert_str_eq(visit.text, "1");
    fiber_stack_resume(&stack);
    ck_assert_str_eq(visit.text, "12");
    ck_assert(!stack.ended);
    fiber_stack_resume(&stack);
    ck_assert_str_eq(visit.text, "12l");
    ck_assert(stack.ended);
    fiber_stack_close(&stack);
}
END_TEST

START_TEST(stack_serves_one_function_after_the_other)
{
    struct fiber_stack stack;
    ck_assert(fiber_stack_open(&stack));
    for (int i = 0; i < 100; i++) {
        struct visit visit = {.stack = &stack};
        fiber_stack_load(&stack, suspend_twice, &visit);
        while (!stack.ended) {
            fiber_stack_resume(&stack);
        }
        ck_assert_str_eq(visit.text, "12l");
    }
    fiber_stack_close(&stack);
}
END_TEST

static void resume_inner(void *arg)
{
    struct visit *visits = arg;
    note(&visits[0], '(');
    fiber_stack_resume(visits[1].stack);
    fiber_stack_suspend(visits[0].stack);
    note(&visits[0], ')');
}

START_TEST(stacks_nest_and_may_be_resumed_from_elsewhere)
{
    struct fiber_stack stacks[2];
    ck_assert(fiber_stack_open(&stacks[0]) && fiber_stack_open(&stacks[1]));
    struct visit visits[2] = {{.stack = &stacks[0]}, {.stack = &stacks[1]}};
    fiber_stack_load(&stacks[0], resume_inner, visits);
    fiber_stack_load(&stacks[1], suspend_twice, &visits[1]);
    fiber_stack_resume(&stacks[0]); /* which resumes the other one */
    ck_assert_str_eq(visits[0].text, "(");
    ck_assert_str_eq(visits[1].text, "1");
    fiber_stack_resume(&stacks[1]); /* now from here */
    ck_assert_str_eq(visits[1].text, "12");
    fiber_stack_resume(&stacks[0]);
    ck_assert_str_eq(visits[0].text, "()");
    fiber_stack_close(&stacks[0]);
    fiber_stack_close(&stacks[1]); /* in the middle of its function */
}
END_TEST

static void change_errno(void *arg)
{
    errno = EXDEV;
    fiber_stack_suspend(arg);
    ck_assert_int_eq(errno, EXDEV);
    errno = ERANGE;
}

START_TEST(each_stack_has_its_errno)
{
    struct fiber_stack stack;
    ck_assert(fiber_stack_open(&stack));
    fiber_stack_load(&stack, change_errno, &stack);
    for (int i = 0; i < 2; i++) {
        errno = ENOENT;
        fiber_stack_resume(&stack);
        ck_assert_int_eq(errno, ENOENT);
    }
    ck_assert(stack.ended);
    fiber_stack_close(&stack);
}
END_TEST

static void use_nothing(void *arg)
{
    (void)arg;
}

/* At least 512 bytes a level. */
static int recurse(volatile char *above, int depth)
{
    volatile char frame[512];
    frame[0] = above[0];
    return depth == 0 ? frame[0] : recurse(frame, depth - 1) + frame[0];
}

static void use_16_kib(void *arg)
{
    volatile char first[1] = {1};
    *(int *)arg = recurse(first, 32);
}

START_TEST(paint_shows_how_deep_a_function_went)
{
    struct fiber_stack stack;
    ck_assert(fiber_stack_open(&stack));
    int ignored = 0;
    fiber_stack_paint(&stack);
    fiber_stack_load(&stack, use_nothing, &ignored);
    fiber_stack_resume(&stack);
    const size_t shallow = fiber_stack_depth(&stack);
    ck_assert_uint_gt(shallow, 0);
    ck_assert_uint_lt(shallow, 12288);
    fiber_stack_load(&stack, use_16_kib, &ignored);
    fiber_stack_resume(&stack);
    ck_assert_uint_ge(fiber_stack_depth(&stack), 16384);
    ck_assert_uint_lt(fiber_stack_depth(&stack), 3 * 16384);
    fiber_stack_paint(&stack);
    ck_assert_uint_le(fiber_stack_depth(&stack), shallow);
    fiber_stack_close(&stack);
}
END_TEST

static void overflow(void *arg)
{
    volatile char first[1] = {1};
    *(int *)arg = recurse(first, 1000000);
}

START_TEST(overflow_hits_the_guard_page)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fclose(stderr); /* a sanitizer describes the crash at length */
        struct fiber_stack stack;
        int ignored = 0;
        if (fiber_stack_open(&stack)) {
            fiber_stack_load(&stack, overflow, &ignored);
            fiber_stack_resume(&stack);
        }
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
    const bool reported = WIFEXITED(status) && WEXITSTATUS(status) != 0; /* by a sanitizer */
    ck_assert(killed || reported);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("fiber_stack");
    tcase_add_test(tcase, function_continues_where_it_suspended);
    tcase_add_test(tcase, stack_serves_one_function_after_the_other);
    tcase_add_test(tcase, stacks_nest_and_may_be_resumed_from_elsewhere);
    tcase_add_test(tcase, each_stack_has_its_errno);
    tcase_add_test(tcase, paint_shows_how_deep_a_function_went);
    tcase_add_test(tcase, overflow_hits_the_guard_page);
    Suite *suite = suite_create("net.fiber_stack");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
