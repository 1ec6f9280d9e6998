#include "tools/question_kinds.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

static const char *joined(const struct strs *list)
{
    struct buf buf;
    buf_init(&buf, arena, 64, 1000);
    for (int64_t i = 0; i < list->count; i++) {
        buf_printf(&buf, "%s%s", i > 0 ? "," : "", list->items[i]);
    }
    return buf_text(&buf);
}

START_TEST(kinds_and_amenities_have_the_values_of_listings)
{
    static const struct {
        const char *text, *types, *amenities, *any;
    } cases[] = {
        {"villa with a pool", "villa", "", "private_pool,shared_pool"},
        {"villa with a private pool", "villa", "private_pool", ""},
        {"villas with private pool and pool", "villa", "private_pool", ""},
        {"condos or apartments", "condo,apartment", "", ""},
        {"a flat near the beach", "apartment,condo", "", ""},
        {"sea view, wifi and parking", "", "sea_view,wifi,parking", ""},
        {"beach front bungalow", "bungalow", "beachfront", ""},
        {"villa without a pool", "villa", "", ""},
        {"villa, no pool", "villa", "", ""},
        {"a plot of land", "land", "", ""},
        {"accommodation with gym", "", "gym", ""},
        {"วิลล่าพร้อมสระว่ายน้ำ", "villa", "", "private_pool,shared_pool"},
        {"พูลวิลล่าวิวทะเล", "villa", "sea_view", "private_pool,shared_pool"},
        {"คอนโดมีฟิตเนสและที่จอดรถ", "condo", "gym,parking", ""},
        {"บ้านเดี่ยวสระส่วนตัว", "house", "private_pool", ""},
        {"หมู่บ้านแม่บ้าน", "", "", ""},
        {"ที่ดินติดทะเล", "land", "beachfront", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct question_kinds kinds;
        question_kinds(arena, question_read(arena, cases[i].text), &kinds);
        ck_assert_str_eq(joined(&kinds.types), cases[i].types);
        ck_assert_str_eq(joined(&kinds.amenities), cases[i].amenities);
        ck_assert_str_eq(joined(&kinds.any_amenities), cases[i].any);
    }
}
END_TEST

START_TEST(offers_tenure_and_order_are_told)
{
    struct question_kinds kinds;
    question_kinds(arena, question_read(arena, "condo for rent, monthly"), &kinds);
    ck_assert_str_eq(kinds.offer, "lease");
    question_kinds(arena, question_read(arena, "villa to buy"), &kinds);
    ck_assert_str_eq(kinds.offer, "sale");
    question_kinds(arena, question_read(arena, "เช่าคอนโด"), &kinds);
    ck_assert_str_eq(kinds.offer, "rent");
    question_kinds(arena, question_read(arena, "the cheapest freehold villas"), &kinds);
    ck_assert_str_eq(kinds.tenure, "freehold");
    ck_assert_str_eq(kinds.sort, "price");
    question_kinds(arena, question_read(arena, "studio"), &kinds);
    ck_assert(kinds.studio);
    ck_assert(kinds.names_property);
    ck_assert_int_eq(kinds.types.count, 0);
    question_kinds(arena, question_read(arena, "hello there"), &kinds);
    ck_assert(!kinds.names_property);
    ck_assert_ptr_null(kinds.offer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("question_kinds");
    TCase *tests = tcase_create("question_kinds");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, kinds_and_amenities_have_the_values_of_listings);
    tcase_add_test(tests, offers_tenure_and_order_are_told);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
