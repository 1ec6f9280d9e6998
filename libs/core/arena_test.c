#include "core/arena.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One assertion a block: check writes to a file for each. */
static bool is_filled(const unsigned char *bytes, size_t size, unsigned char wanted)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != wanted) {
            return false;
        }
    }
    return true;
}

START_TEST(memory_is_zeroed_and_aligned_for_any_size)
{
    struct arena *arena = arena_new(NULL);
    for (size_t size = 0; size < 20000; size += 1 + size / 3) {
        memset(arena_alloc_raw(arena, size), 0xff, size);
        const unsigned char *bytes = arena_alloc(arena, size);
        ck_assert_uint_eq((uintptr_t)bytes % 16, 0);
        ck_assert(is_filled(bytes, size, 0));
    }
    arena_free(arena);
}
END_TEST

START_TEST(blocks_do_not_overlap)
{
    enum { BLOCKS = 2000 };
    struct arena *arena = arena_new(NULL);
    static unsigned char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        const size_t size = 1 + i * 7919 % (i % 100 == 0 ? 100000 : 300);
        blocks[i] = arena_alloc_raw(arena, size);
        memset(blocks[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        const size_t size = 1 + i * 7919 % (i % 100 == 0 ? 100000 : 300);
        ck_assert(is_filled(blocks[i], size, (unsigned char)(i % 251)));
    }
    arena_free(arena);
}
END_TEST

static char order[8];

static void note(void *ptr)
{
    strncat(order, ptr, 1);
}

START_TEST(deferred_functions_run_newest_first)
{
    order[0] = '\0';
    struct arena *arena = arena_new(NULL);
    char text[] = "abc";
    arena_defer(arena, note, text);
    arena_defer(arena, note, text + 1);
    arena_defer(arena, note, text + 2);
    ck_assert_str_eq(order, "");
    arena_free(arena);
    ck_assert_str_eq(order, "cba");
}
END_TEST

static void read_arena_text(void *ptr)
{
    ck_assert_str_eq(ptr, "still here");
}

START_TEST(deferred_functions_still_see_the_memory)
{
    struct arena *arena = arena_new(NULL);
    arena_defer(arena, read_arena_text, arena_strdup(arena, "still here"));
    arena_free(arena);
}
END_TEST

START_TEST(text_is_copied_and_formatted)
{
    struct arena *arena = arena_new(NULL);
    ck_assert_str_eq(arena_strdup(arena, ""), "");
    ck_assert_str_eq(arena_strndup(arena, "abcdef", 3), "abc");
    ck_assert_str_eq(arena_printf(arena, "%s-%d", "a", 7), "a-7");
    ck_assert_str_eq(arena_join(arena, "ab", "", "c"), "abc");
    const char *wide = arena_printf(arena, "%70000d", 1);
    ck_assert_uint_eq(strlen(wide), 70000);
    arena_free(arena);
}
END_TEST

START_TEST(used_counts_what_was_handed_out)
{
    struct arena *arena = arena_new(NULL);
    const size_t before = arena_used(arena);
    arena_alloc(arena, 1600);
    ck_assert_uint_eq(arena_used(arena) - before, 1600);
    arena_free(arena);
}
END_TEST

/* Whatever an earlier arena left in recycled chunks is not seen by the next one. */
START_TEST(recycled_chunks_give_zeroed_memory)
{
    struct arena_pool *pool = arena_pool_new(3);
    for (int round = 0; round < 10; round++) {
        struct arena *arena = arena_new(pool);
        for (size_t i = 0; i < 500; i++) {
            unsigned char *bytes = arena_alloc(arena, 200);
            ck_assert(is_filled(bytes, 200, 0));
            memset(bytes, 0xa5, 200);
        }
        arena_free(arena);
    }
    arena_pool_free(pool);
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
    arena_free(NULL);
    arena_pool_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.arena");
    TCase *tests = tcase_create("arena");
    tcase_add_test(tests, memory_is_zeroed_and_aligned_for_any_size);
    tcase_add_test(tests, blocks_do_not_overlap);
    tcase_add_test(tests, deferred_functions_run_newest_first);
    tcase_add_test(tests, deferred_functions_still_see_the_memory);
    tcase_add_test(tests, text_is_copied_and_formatted);
    tcase_add_test(tests, used_counts_what_was_handed_out);
    tcase_add_test(tests, recycled_chunks_give_zeroed_memory);
    tcase_add_test(tests, freeing_nothing_is_fine);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
