#include "db/array.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

#define ITEMS_MAX 4

static const struct {
    const char *text;
    const char *items[ITEMS_MAX];
    int count; /* -1: refused */
} arrays[] = {
    {"{}", {NULL}, 0},
    {"{a}", {"a"}, 1},
    {"{a,b,c}", {"a", "b", "c"}, 3},
    {"{\"\"}", {""}, 1},
    {"{\"a, b\",\"{c}\"}", {"a, b", "{c}"}, 2},
    {"{\"say \\\"hi\\\"\",\"back\\\\slash\"}", {"say \"hi\"", "back\\slash"}, 2},
    {"{\"NULL\",null_and_void}", {"NULL", "null_and_void"}, 2},
    {"{ทะเล}", {"ทะเล"}, 1},
    {"{NULL}", {NULL}, -1},
    {"{a,NULL}", {NULL}, -1},
    {"{{a},{b}}", {NULL}, -1},
    {"{a", {NULL}, -1},
    {"{\"a", {NULL}, -1},
    {"{\"a\"b}", {NULL}, -1},
    {"{a}x", {NULL}, -1},
    {"{\"a\\", {NULL}, -1},
    {"{", {NULL}, -1},
    {"[1,2]", {NULL}, -1},
    {"", {NULL}, -1},
};

START_TEST(arrays_of_text_are_read)
{
    struct arena *arena = arena_new(NULL);
    struct strs list = {0};
    const char *text = arrays[_i].text;
    ck_assert_int_eq(db_array_read(arena, text, strlen(text), &list), arrays[_i].count >= 0);
    ck_assert_int_eq(list.count, arrays[_i].count < 0 ? 0 : arrays[_i].count);
    for (int i = 0; i < list.count; i++) {
        ck_assert_str_eq(list.items[i], arrays[_i].items[i]);
    }
    arena_free(arena);
}
END_TEST

START_TEST(ids_are_written)
{
    static const int64_t ids[] = {7, INT64_MIN, INT64_MAX};
    struct arena *arena = arena_new(NULL);
    ck_assert_str_eq(db_array_write_i64(arena, ids, 0), "{}");
    ck_assert_str_eq(db_array_write_i64(arena, ids, 3),
        "{7,-9223372036854775808,9223372036854775807}");
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db.array");
    TCase *tests = tcase_create("array");
    tcase_add_loop_test(tests, arrays_of_text_are_read, 0,
        (int)(sizeof(arrays) / sizeof(arrays[0])));
    tcase_add_test(tests, ids_are_written);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
