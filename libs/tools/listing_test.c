#include "tools/listing.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "properties/properties.h"

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, &clock_system, NULL, 1000);
}

static void teardown(void)
{
    arena_free(arena);
}

static void mark(struct property *property, const char *name)
{
    const struct field *member = NULL;
    property->has.present |= UINT64_C(1) << field_find(&property_shape, name, &member);
}

START_TEST(prices_are_grouped_and_never_rounded)
{
    static const struct {
        int64_t minor;
        const char *currency, *period, *en, *th;
    } cases[] = {
        {980000, "THB", "night", "THB 9,800 a night", "THB 9,800 ต่อคืน"},
        {16500050, "USD", "total", "USD 165,000.50", "USD 165,000.50"},
        {5, "USD", "total", "USD 0.05", "USD 0.05"},
        {99900, "THB", "month", "THB 999 a month", "THB 999 ต่อเดือน"},
        {100000, "THB", "total", "THB 1,000", "THB 1,000"},
        {INT64_C(100000100), "THB", "total", "THB 1,000,001", "THB 1,000,001"},
        {INT64_MAX, "THB", "total", "THB 92,233,720,368,547,758.07",
            "THB 92,233,720,368,547,758.07"},
        {0, "THB", NULL, "THB 0", "THB 0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct property_price price = {cases[i].minor, cases[i].currency, cases[i].period};
        ck_assert_str_eq(listing_price(&ctx, &price, "en"), cases[i].en);
        ck_assert_str_eq(listing_price(&ctx, &price, "th"), cases[i].th);
        ck_assert_str_eq(listing_price(&ctx, &price, "xx"), cases[i].en);
    }
}
END_TEST

START_TEST(money_that_is_owed_has_a_minus)
{
    ck_assert_str_eq(listing_money(&ctx, -123450, "THB", "en"), "-THB 1,234.50");
    ck_assert_str_eq(listing_money(&ctx, 123450, "THB", "th"), "THB 1,234.50");
    ck_assert_str_eq(listing_money(&ctx, 0, "THB", "en"), "THB 0");
}
END_TEST

START_TEST(a_line_says_what_there_is_to_say)
{
    struct property property = {
        .title = "Hillside\nvilla",
        .price = {980000, "THB", "night"},
        .address = {"Rawai", "Phuket", "Phuket", "TH", NULL},
        .bedrooms_total = 3,
        .max_guests = 6,
    };
    mark(&property, "bedrooms_total");
    mark(&property, "max_guests");
    ck_assert_str_eq(listing_line(&ctx, &property, "en"),
        "Hillside villa - THB 9,800 a night - 3 bedrooms - up to 6 guests - Rawai, Phuket");
    ck_assert_str_eq(listing_line(&ctx, &property, "th"),
        "Hillside villa - THB 9,800 ต่อคืน - 3 ห้องนอน - พักได้ 6 คน - Rawai, Phuket");
    property.bedrooms_total = 1;
    ck_assert_str_eq(listing_rooms(&ctx, &property, "en"), "1 bedroom");
    property.bedrooms_total = 0;
    ck_assert_str_eq(listing_rooms(&ctx, &property, "en"), "studio");
}
END_TEST

START_TEST(land_has_a_size_and_a_yield_is_shown)
{
    struct property property = {
        .title = "Plot",
        .price = {16500000, "USD", "total"},
        .price_converted = "{\"amount_minor\":594000000,\"currency\":\"THB\"}",
        .address = {NULL, "Krabi", NULL, "TH", NULL},
        .lot_size_m2 = 1600.5,
        .financials = "{\"cap_rate_pct\":6.25}",
    };
    mark(&property, "lot_size_m2");
    ck_assert_ptr_null(listing_rooms(&ctx, &property, "en"));
    ck_assert_str_eq(listing_line(&ctx, &property, "en"),
        "Plot - USD 165,000 (≈ THB 5,940,000) - 1600.5 m2 of land - cap rate 6.25% - Krabi");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listing");
    TCase *tests = tcase_create("listing");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, prices_are_grouped_and_never_rounded);
    tcase_add_test(tests, money_that_is_owed_has_a_minus);
    tcase_add_test(tests, a_line_says_what_there_is_to_say);
    tcase_add_test(tests, land_has_a_size_and_a_yield_is_shown);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
