#include "core/settings.h"

#include <check.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"

START_TEST(values_must_be_on_the_list)
{
    struct arena *arena = arena_new(NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, NULL, 1000);
    const char *items[] = {"en", "th"};
    const struct strs list = {items, 2};
    ck_assert(settings_has(&list, "en"));
    ck_assert(!settings_has(&list, "e"));
    ck_assert(is_ok(settings_one_of(&ctx, "locale", NULL, &list)));
    ck_assert(is_ok(settings_one_of(&ctx, "locale", "th", &list)));
    ck_assert_int_eq(settings_one_of(&ctx, "locale", "de", &list).code, ERR_INVALID);
    ck_assert_str_eq(ctx.error.fields[0].field, "locale");
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *tests = tcase_create("settings");
    tcase_add_test(tests, values_must_be_on_the_list);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
