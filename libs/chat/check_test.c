#include "chat/check.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 0);
}

static void teardown(void)
{
    arena_free(arena);
}

static const char *origins[] = {"https://example.com"};
static const struct strs own = {.items = origins, .count = 1};
static const struct chat_result results[] = {
    {.status = "ok",
        .finding = {.json =
                        "{\"items\":[{\"title\":\"Villa Sol\",\"price\":{\"amount_minor\":450000,"
                        "\"currency\":\"THB\",\"period\":\"night\"}}],\"tax_pct\":7}"}},
    {.status = "invalid", .finding = {.json = "{\"error\":\"1 THB: unknown member\"}"}},
};
static const struct chat_source sources[] = {
    {.n = 1, .title = "Cancellation", .text = "Full refund until 30 days before, then 50%."},
    {.n = 2, .title = "Villa Sol", .snippet = "Free from 27 November 2026."},
};
static const struct chat_turn turn = {
    .question = "Is it 1 THB?",
    .results = results,
    .result_count = 2,
    .sources = sources,
    .source_count = 2,
};

static struct chat_checked check(const char *text)
{
    struct chat_checked checked;
    ck_assert(is_ok(chat_check(&ctx, &turn, &own, text, &checked)));
    return checked;
}

START_TEST(what_is_backed_stays_to_the_last_byte)
{
    static const char *const texts[] = {
        "",
        ("Villa Sol costs 4,500 THB per night plus 7% tax [2]. It is free from 27 November 2026. "
         "You get 50% back later than 30 days before [1]."),
        "วิลล่าโซลราคา 4,500 บาทต่อคืน ว่างตั้งแต่ 27 พฤศจิกายน 2569 [2]",
        "It has 3 bedrooms. See https://example.com/v/7.",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct chat_checked checked = check(texts[i]);
        ck_assert_str_eq(checked.text, texts[i]);
        ck_assert(!checked.cleaned);
        ck_assert_uint_eq(checked.doubt_count, 0);
        ck_assert_str_eq(chat_check_drop(&ctx, &checked), texts[i]);
        ck_assert_str_eq(chat_check_mend(&ctx, &checked), "");
    }
}
END_TEST

static const struct {
    const char *text, *dropped;
} lies[] = {
    {"It costs 1 THB.", ""},
    {"Villa Sol is nice [2]. It costs 1 THB per night [2]. It is free.",
        "Villa Sol is nice [2]. It is free."},
    {"It is nice. It costs 1 THB.", "It is nice."},
    {"- Nice. Only 5 THB.\n- Free from 27 November 2026.\n- Free from 28 November 2026.\n- Big.",
        "- Nice. \n- Free from 27 November 2026.\n- Big."},
    {"Tax is 8%. Tax is 7%.", "Tax is 7%."},
    {"Both 4,500 THB and 4,600 THB. Yes.", "Yes."},
    {"ราคา 4,500 บาท ลดเหลือ 1 บาท\nว่าง", "ราคา 4,500 บาท \nว่าง"},
    {"มีสระว่ายน้ำ ราคา 1 บาทต่อคืน และสวน", "มีสระว่ายน้ำ และสวน"},
};

START_TEST(a_sentence_with_a_figure_of_its_own_goes)
{
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        const struct chat_checked checked = check(lies[i].text);
        ck_assert_uint_ge(checked.doubt_count, 1);
        ck_assert_str_eq(chat_check_drop(&ctx, &checked), lies[i].dropped);
    }
}
END_TEST

START_TEST(ranges_are_those_of_the_cleaned_text)
{
    const struct chat_checked checked =
        check("See https://evil.test [9]. It costs 1 THB [1]. So [1,7].");
    ck_assert(checked.cleaned);
    ck_assert_str_eq(checked.text, "See. It costs 1 THB [1]. So [1].");
    ck_assert_uint_eq(checked.doubt_count, 1);
    const struct chat_doubt *doubt = &checked.doubts[0];
    ck_assert_mem_eq(checked.text + doubt->sentence.at, "It costs 1 THB [1]. ",
        doubt->sentence.len);
    ck_assert_uint_eq(doubt->figure.len, 5);
    ck_assert_mem_eq(checked.text + doubt->figure.at, "1 THB", 5);
    ck_assert_str_eq(chat_check_mend(&ctx, &checked),
        "these figures are not in the data: \"1 THB\".");
}
END_TEST

START_TEST(a_long_answer_is_checked_in_time)
{
    struct buf text;
    buf_init(&text, arena, 0, LIMIT_CHAT_TEXT_BYTES);
    while (!text.failed) {
        buf_str(&text, "It costs 4,500 THB, not 1 THB [1]. ");
    }
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    const struct chat_checked checked = check(buf_text(&text));
    ck_assert_uint_gt(checked.doubt_count, 1000);
    ck_assert_int_lt(clock_monotonic_ns(&clock_system) - begin_ns, INT64_C(10000000000));
}
END_TEST

START_TEST(no_text_is_read_past_its_end)
{
    static const char text[] = "See https://evil.test [1, 2] 1.2 million baht 27\u201330 November "
                               "2026 ร้อยละ ๓๐ [x](y) ราคา 4,500";
    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, text, len);
        copy[len] = '\0';
        check(copy);
        free(copy);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check");
    TCase *tcase = tcase_create("check");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_is_backed_stays_to_the_last_byte);
    tcase_add_test(tcase, a_sentence_with_a_figure_of_its_own_goes);
    tcase_add_test(tcase, ranges_are_those_of_the_cleaned_text);
    tcase_add_test(tcase, a_long_answer_is_checked_in_time);
    tcase_add_test(tcase, no_text_is_read_past_its_end);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
