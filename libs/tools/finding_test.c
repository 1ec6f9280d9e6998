#include "tools/finding.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "chat/tool.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/json.h"

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

struct thing {
    const char *text;
};
static const struct field thing_fields[] = {FIELD_STR(struct thing, text, "Text")};

static const char *item_of(size_t len, char c)
{
    char *text = arena_alloc(arena, len + 1);
    memset(text, c, len);
    const struct thing thing = {text};
    const char *json = NULL;
    return finding_item(&ctx, SHAPE(thing), &thing, &json) ? json : NULL;
}

START_TEST(nothing_found_is_said)
{
    const char *json = NULL;
    const struct finding_items none = {.note = "No \"entry\" fits."};
    ck_assert(is_ok(finding_write(&ctx, &none, &json)));
    ck_assert_str_eq(json, "{\"results\":[],\"note\":\"No \\\"entry\\\" fits.\"}");
}
END_TEST

START_TEST(too_long_means_fewer_results_and_whole_json)
{
    const char *items[] = {item_of(1800, 'a'), item_of(1800, 'b'), item_of(1800, 'c')};
    const struct finding_items many = {.json = items, .count = 3, .total = 17};
    const char *text = NULL;
    const struct json *json = NULL;
    ck_assert(is_ok(finding_write(&ctx, &many, &text)));
    ck_assert_uint_le(strlen(text), CHAT_FINDING_BYTES);
    ck_assert(is_ok(json_parse(&ctx, text, strlen(text), &json)));
    ck_assert_uint_eq(json_count(json_get(json, "results")), 2);
    int64_t total = 0;
    ck_assert(json_i64(json_get(json, "total"), &total));
    ck_assert_int_eq(total, 17);
}
END_TEST

START_TEST(an_item_has_a_limit_with_its_escapes)
{
    const size_t frame = strlen("{\"text\":\"\"}");
    ck_assert_ptr_nonnull(item_of(FINDING_ITEM_BYTES - frame, 'a'));
    ck_assert_ptr_null(item_of(FINDING_ITEM_BYTES - frame + 1, 'a'));
    ck_assert_ptr_null(item_of(FINDING_ITEM_BYTES / 2, '"'));
}
END_TEST

START_TEST(the_longest_item_alone_fits)
{
    const size_t frame = strlen("{\"text\":\"\"}");
    const char *items[] = {item_of(FINDING_ITEM_BYTES - frame, 'a')};
    const struct finding_items one = {.json = items, .count = 1, .total = 1, .note = "A note."};
    const char *text = NULL;
    ck_assert(is_ok(finding_write(&ctx, &one, &text)));
    ck_assert_uint_gt(strlen(text), FINDING_ITEM_BYTES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("finding");
    TCase *tests = tcase_create("finding");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, nothing_found_is_said);
    tcase_add_test(tests, too_long_means_fewer_results_and_whole_json);
    tcase_add_test(tests, an_item_has_a_limit_with_its_escapes);
    tcase_add_test(tests, the_longest_item_alone_fits);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
