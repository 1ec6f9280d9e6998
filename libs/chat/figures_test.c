#include "chat/figures.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

/* Whether what is known backs everything that the answer claims, and how much that is. */
static bool is_backed(const char *known_text, const char *answer, size_t *out_claims)
{
    struct figures known, claims;
    figures_init(&known, arena);
    figures_init(&claims, arena);
    figures_know(&known, known_text);
    figures_claim(&claims, answer);
    bool backed = true;
    for (size_t i = 0; i < claims.count; i++) {
        ck_assert_uint_le(claims.items[i].at + claims.items[i].len, strlen(answer));
        backed = backed && figures_support(&known, &claims.items[i]);
    }
    *out_claims = claims.count;
    return backed;
}

static const char *const counts[] = {"3 bedrooms", "It has 3 bedrooms and 2 bathrooms.",
    "sleeps 4 to 6", "150 m from the beach", "50m pool", "open 24 hours a day", "2 of 5 villas",
    "built in 2019", "check-in from 14:00", "450 sqm", "call +66 81 234 5678", "unit A450",
    "rated 4.8 of 5", "1,200 guests", "The fee is due within 100 days.", "may 2 people stay?",
    "12 km", "พื้นที่ 450 ตร.ม.", "3 ห้องนอน", "พักได้ 4 คน", "10.5 rai", "5 rai 200 wah", "Route 4027",
    "the price is 200 metres lower", "1 may march on", "one of three villas", "two per person",
    "หนึ่งห้องนอน", "a million stars", "หลายล้านบาท"};

START_TEST(counts_are_no_claims)
{
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        size_t claims = 0;
        is_backed("", counts[i], &claims);
        ck_assert_msg(claims == 0, "%s: %zu", counts[i], claims);
    }
}
END_TEST

static const struct {
    const char *known, *answer;
    bool backed;
} cases[] = {
    /* the same in another form */
    {"4500 THB", "4,500 THB", true},
    {"\"amount_minor\":450000,\"currency\":\"THB\"", "THB 4,500.00", true},
    {"\"amount_minor\":450000,\"currency\":\"THB\"", "฿4,500", true},
    {"\"amount_minor\":450000,\"currency\":\"THB\"", "4 500 baht per night", true},
    {"\"amount_minor\":450000,\"currency\":\"THB\"", "๔,๕๐๐ บาท", true},
    {"\"amount_minor\":450000,\"currency\":\"THB\"", "ราคา 4,500 บาทต่อคืน", true},
    {"\"amount_minor\":120000000,\"currency\":\"THB\"", "1.2 million baht", true},
    {"\"amount_minor\":120000000,\"currency\":\"THB\"", "1.2M THB", true},
    {"\"amount_minor\":120000000,\"currency\":\"THB\"", "฿1.2m", true},
    {"\"amount_minor\":120000000,\"currency\":\"THB\"", "1.2 ล้านบาท", true},
    {"\"amount_minor\":50000000,\"currency\":\"THB\"", "5 แสนบาท", true},
    {"1.2 million baht", "THB 1,200,000", true},
    {"Cleaning is 45k THB", "45,000 baht", true},
    {"a deposit of 12 000 THB", "Deposit: 12,000 THB", true},
    {"4,000-6,000 THB", "from 4,000 THB to 6,000 THB", true},
    {"4,000 THB and 6,000 THB", "4,000–6,000 THB", true},
    {"1,000,000 and 2,000,000 THB", "1-2 million baht", true},
    {"usd 100", "$100", true},
    {"\"amount_minor\":10000,\"currency\":\"USD\"", "US$100", true},
    {"Price 100", "$100", true},
    /* another figure */
    {"4500 THB", "4,501 THB", false},
    {"4500 THB", "45,000 THB", false},
    {"4500 THB", "$4,500", false},
    {"\"amount_minor\":450000,\"currency\":\"THB\"", "450,000 THB", false},
    {"\"amount_minor\":450000,\"currency\":\"THB\"", "USD 4,500", false},
    {"\"amount_minor\":450000,\"currency\":\"THB\"", "4,500 or 4,600 THB", false},
    {"\"amount_minor\":120000000,\"currency\":\"THB\"", "1.3 million baht", false},
    {"\"amount_minor\":120000000,\"currency\":\"THB\"", "1.2 billion baht", false},
    {"4,000 THB", "4,000-6,000 THB", false},
    {"30%", "30 THB", false},
    {"", "1 THB", false},
    {"", "The price is 4,500.", false},
    {"", "It costs 4500 per night.", false},
    {"", "only 999 a night", false},
    {"", "ราคา 4,500", false},
    {"", "ราคาเริ่มต้นที่ 4,500 ต่อคืน", false},
    {"", "99999999999999999999 THB", false},
    {"99999999999999999999 THB", "99999999999999999999 THB", false},
    /* percentages */
    {"30%", "30 per cent", true},
    {"30 percent", "ร้อยละ 30", true},
    {"30%", "๓๐ เปอร์เซ็นต์", true},
    {"ร้อยละ ๓๐", "30%", true},
    {"\"tax_pct\":7", "7% VAT", true},
    {"\"cap_rate_pct\":6.52", "6.52%", true},
    {"\"cap_rate_pct\":6.52", "6.5%", true},
    {"5-10%", "5% to 10%", true},
    {"5% or 10%", "5-10%", true},
    {"\"cap_rate_pct\":6.52", "7%", false},
    {"\"cap_rate_pct\":6.52", "6.6%", false},
    {"30 days", "30%", false},
    {"30%", "31%", false},
    {"30%", "30 to 40%", false},
    {"", "100%", false},
    {"", "only1THB", false},
    {"", "only one baht", false},
    {"", "ninety percent off", false},
    {"", "หนึ่งบาท", false},
    {"", "ร้อยละสามสิบ", false},
    {"30%, 4,500 THB", "thirty percent off four thousand five hundred baht", true},
    {"", "**1** THB", false},
    {"", "THB **1**", false},
    {"", "`1`\u200bTHB", false},
    {"", "The price is **4,500**.", false},
    {"", "**30** %", false},
    {"4,500 THB, 30%", "**4,500** THB or *30* %", true},
    /* dates */
    {"\"from\":\"2026-11-27\"", "27 November 2026", true},
    {"\"from\":\"2026-11-27T00:00:00Z\"", "Nov 27", true},
    {"2026-11-27", "วันที่ 27 พฤศจิกายน 2569", true},
    {"Closed 27-30 November 2026", "27 November to 30 November 2026", true},
    {"2026-11-27", "27/11/2026", true},
    {"2026-11-27", "28 November 2026", false},
    {"2026-11-27", "27 December", false},
    {"", "December 2026", false},
    /* several */
    {"4500 THB, 30%, 2026-11-27", "4,500 THB (30% off) until 27 November 2026, 3 bedrooms", true},
    {"4500 THB, 30%", "4,500 THB (30% off) until 27 November 2026", false},
};

START_TEST(a_claim_is_backed_whatever_its_form)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t claims = 0;
        const bool backed = is_backed(cases[i].known, cases[i].answer, &claims);
        ck_assert_msg(backed == cases[i].backed && claims > 0, "%s | %s: %zu claims",
            cases[i].known, cases[i].answer, claims);
    }
}
END_TEST

START_TEST(a_claim_knows_its_place)
{
    static const char answer[] = "Yes. It is ฿1.2 million now.";
    struct figures claims;
    figures_init(&claims, arena);
    figures_claim(&claims, answer);
    ck_assert_uint_eq(claims.count, 1);
    ck_assert_uint_eq(claims.items[0].len, strlen("฿1.2 million"));
    ck_assert_mem_eq(answer + claims.items[0].at, "฿1.2 million", claims.items[0].len);
}
END_TEST

START_TEST(many_figures_are_kept)
{
    struct figures known;
    char text[16];
    figures_init(&known, arena);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "%d THB", i);
        figures_know(&known, text);
    }
    size_t claims = 0;
    struct figures claim;
    figures_init(&claim, arena);
    figures_claim(&claim, "0 THB, 999 THB, 500 THB");
    for (claims = 0; claims < claim.count; claims++) {
        ck_assert(figures_support(&known, &claim.items[claims]));
    }
    ck_assert_uint_eq(claims, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("figures");
    TCase *tcase = tcase_create("figures");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, counts_are_no_claims);
    tcase_add_test(tcase, a_claim_is_backed_whatever_its_form);
    tcase_add_test(tcase, a_claim_knows_its_place);
    tcase_add_test(tcase, many_figures_are_kept);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
