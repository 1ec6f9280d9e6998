#include "core/lru.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(struct lru *lru, const char *key)
{
    size_t len = 0;
    return lru_get(lru, key, &len);
}

static void put_text(struct lru *lru, const char *key, const char *text)
{
    lru_put(lru, key, text, strlen(text) + 1);
}

START_TEST(a_value_is_found_by_its_key_until_it_is_replaced)
{
    struct lru *lru = lru_new(10000);
    put_text(lru, "a", "one");
    put_text(lru, "b", "two");
    ck_assert_str_eq(text_of(lru, "a"), "one");
    put_text(lru, "a", "three");
    ck_assert_str_eq(text_of(lru, "a"), "three");
    ck_assert_str_eq(text_of(lru, "b"), "two");
    ck_assert_ptr_null(text_of(lru, "c"));
    ck_assert_uint_eq(lru_state(lru).entries, 2);
    lru_clear(lru);
    ck_assert_ptr_null(text_of(lru, "a"));
    ck_assert_uint_eq(lru_state(lru).bytes, 0);
    lru_free(lru);
}
END_TEST

START_TEST(what_was_not_used_for_longest_makes_room)
{
    struct lru *lru = lru_new(2000);
    char value[200] = "x";
    for (int i = 0; i < 6; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        lru_put(lru, key, value, sizeof(value));
    }
    ck_assert_ptr_nonnull(text_of(lru, "k0")); /* now the newest */
    for (int i = 6; i < 11; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        lru_put(lru, key, value, sizeof(value));
    }
    ck_assert_ptr_nonnull(text_of(lru, "k0"));
    ck_assert_ptr_null(text_of(lru, "k1"));
    ck_assert_ptr_null(text_of(lru, "k4"));
    ck_assert_ptr_nonnull(text_of(lru, "k10"));
    ck_assert_uint_le(lru_state(lru).bytes, 2000);
    ck_assert_uint_gt(lru_state(lru).evicted, 0);
    lru_free(lru);
}
END_TEST

START_TEST(a_value_that_would_push_out_most_others_is_not_kept)
{
    struct lru *lru = lru_new(4000);
    char value[1001] = "x";
    put_text(lru, "a", "one");
    put_text(lru, "big", "small so far");
    lru_put(lru, "big", value, sizeof(value));
    ck_assert_ptr_null(lru_room(lru, "big", sizeof(value)));
    ck_assert_ptr_null(text_of(lru, "big"));
    ck_assert_str_eq(text_of(lru, "a"), "one");
    lru_free(lru);
}
END_TEST

START_TEST(many_keys_stay_apart)
{
    struct lru *lru = lru_new(4000000);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            char key[16];
            snprintf(key, sizeof(key), "key %d", i);
            const int value = i * (round + 1);
            lru_put(lru, key, &value, sizeof(value));
        }
    }
    for (int i = 0; i < 5000; i++) {
        char key[16];
        size_t len = 0;
        snprintf(key, sizeof(key), "key %d", i);
        const int *value = lru_get(lru, key, &len);
        ck_assert_ptr_nonnull(value);
        ck_assert_uint_eq(len, sizeof(*value));
        ck_assert_int_eq(*value, 2 * i);
    }
    ck_assert_uint_eq(lru_state(lru).entries, 5000);
    lru_free(lru);
}
END_TEST

START_TEST(a_value_may_be_changed_in_place)
{
    struct lru *lru = lru_new(1000);
    size_t len = 0;
    const int64_t value = 1;
    lru_put(lru, "a", &value, sizeof(value));
    int64_t *kept = lru_get(lru, "a", &len);
    *kept = 2;
    ck_assert_int_eq(*(const int64_t *)lru_get(lru, "a", &len), 2);
    lru_free(lru);
    lru_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lru");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, a_value_is_found_by_its_key_until_it_is_replaced);
    tcase_add_test(tests, what_was_not_used_for_longest_makes_room);
    tcase_add_test(tests, a_value_that_would_push_out_most_others_is_not_kept);
    tcase_add_test(tests, many_keys_stay_apart);
    tcase_add_test(tests, a_value_may_be_changed_in_place);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
