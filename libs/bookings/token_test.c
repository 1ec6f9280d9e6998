#include "bookings/token.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/ctx.h"

static struct arena *arena;
static struct ctx ctx;
static int64_t now_us = 1000;
static const uint8_t bytes[32] = {1, 2, 3};
static const struct quote_key key = {bytes, sizeof(bytes), "one"};
static const struct quote_claims claims = {.property_id = 7,
    .check_in = "2026-12-01",
    .check_out = "2026-12-04",
    .guests = 2,
    .total_minor = 300,
    .currency = "THB",
    .cancellation_policy = "strict",
    .lines = "0 3 100",
    .expires_at = 2000000};

static int64_t wall(void *state)
{
    (void)state;
    return now_us;
}
static int64_t monotonic(void *state)
{
    (void)state;
    return 0;
}
static const struct clock still = {monotonic, wall, NULL};

static void setup(void)
{
    arena = arena_new(NULL);
    now_us = 1000;
    ctx_init(&ctx, arena, &still, /* log */ NULL, /* timeout_ms */ 0);
}

static void teardown(void)
{
    arena_free(arena);
}

static const char *written(void)
{
    const char *text = NULL;
    ck_assert(is_ok(quote_token_write(&ctx, &key, &claims, &text)));
    return text;
}

static enum err_code reads(const char *text, const struct quote_key *with,
    const struct quote_claims *wanted)
{
    struct quote_claims out = {0};
    err_clear(&ctx);
    return quote_token_read(&ctx, with, text, wanted, &out).code;
}

START_TEST(what_is_written_is_read)
{
    struct quote_claims out = {0};
    ck_assert(is_ok(quote_token_read(&ctx, &key, written(), &claims, &out)));
    ck_assert_int_eq(out.total_minor, 300);
    ck_assert_str_eq(out.currency, "THB");
    ck_assert_str_eq(out.cancellation_policy, "strict");
    ck_assert_str_eq(out.lines, claims.lines);
}
END_TEST

START_TEST(no_character_may_change)
{
    char *text = arena_strdup(arena, written());
    for (size_t i = 0; i < strlen(text); i++) {
        const char kept = text[i];
        text[i] = kept == 'A' ? 'B' : 'A';
        ck_assert_int_eq(reads(text, &key, &claims), ERR_INVALID);
        text[i] = kept;
    }
    text[strlen(text) - 1] = '\0';
    ck_assert_int_eq(reads(text, &key, &claims), ERR_INVALID);
    ck_assert_int_eq(reads("", &key, &claims), ERR_INVALID);
}
END_TEST

START_TEST(it_is_of_one_product_and_one_key)
{
    static const uint8_t other_bytes[32] = {1, 2, 4};
    const struct quote_key other_product = {bytes, sizeof(bytes), "two"};
    const struct quote_key other_key = {other_bytes, sizeof(other_bytes), "one"};
    ck_assert_int_eq(reads(written(), &other_product, &claims), ERR_INVALID);
    ck_assert_int_eq(reads(written(), &other_key, &claims), ERR_INVALID);
}
END_TEST

START_TEST(it_is_for_one_stay)
{
    struct quote_claims wanted[4] = {claims, claims, claims, claims};
    wanted[0].property_id = 8;
    wanted[1].check_in = "2026-12-02";
    wanted[2].check_out = "2026-12-05";
    wanted[3].guests = 3;
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(reads(written(), &key, &wanted[i]), ERR_INVALID);
    }
}
END_TEST

START_TEST(its_time_ends)
{
    now_us = claims.expires_at - 1;
    ck_assert_int_eq(reads(written(), &key, &claims), ERR_OK);
    now_us = claims.expires_at;
    ck_assert_int_eq(reads(written(), &key, &claims), ERR_GONE);
    ck_assert_str_eq(ctx.error.public_name, CODE_QUOTE_EXPIRED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token");
    TCase *tests = tcase_create("token");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_is_written_is_read);
    tcase_add_test(tests, no_character_may_change);
    tcase_add_test(tests, it_is_of_one_product_and_one_key);
    tcase_add_test(tests, it_is_for_one_stay);
    tcase_add_test(tests, its_time_ends);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
