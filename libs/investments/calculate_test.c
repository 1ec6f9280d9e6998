#include "investments/investments.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "core/json.h"

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(/* pool */ NULL);
    ctx_init(&ctx, arena, /* clock */ NULL, /* log */ NULL, /* timeout_ms */ 0);
}

static void teardown(void)
{
    arena_free(arena);
}

/* As a request would bring it; quotes are written ' here. */
static err decode(const char *text, struct investment_in *out)
{
    char *json = arena_strdup(arena, text);
    const struct json *value = NULL;
    for (char *c = strchr(json, '\''); c != NULL; c = strchr(c, '\'')) {
        *c = '"';
    }
    TRY(json_parse(&ctx, json, strlen(json), &value));
    return field_decode(&ctx, &investment_in_shape, value, out);
}

static err try_it(const char *text, struct investment_out *out)
{
    struct investment_in in;
    TRY(decode(text, &in));
    return investments_calculate(&ctx, &in, out);
}

static struct investment_out calculated(const char *text)
{
    struct investment_out out;
    const err e = try_it(text, &out);
    ck_assert_msg(is_ok(e), "%s: %s %s", text, ctx.error.text,
        ctx.error.field_count > 0 ? ctx.error.fields[0].message : "");
    return out;
}

static const struct investment_year *year(const struct investment_out *out, int64_t number)
{
    const struct investment_year *rows = out->schedule.items;
    ck_assert_int_le(number, out->schedule.count);
    ck_assert_int_eq(rows[number - 1].year, number);
    return &rows[number - 1];
}

static bool is_null(const struct investment_out *out, const char *name)
{
    const struct field *member = NULL;
    const int row = field_find(&investment_out_shape, name, &member);
    ck_assert_int_ge(row, 0);
    return !field_is_present(&out->has, (size_t)row);
}

/* ---- published examples ---- */

/* Monthly payments of mortgage tables, in cents: $100,000 over 30 years at 6 % and 8 %, over 15 at 6 %; $200,000 over 30 at 4.5 %. */
START_TEST(payments_are_those_of_the_tables)
{
    static const struct {
        const char *loan;
        int64_t cents;
    } rows[] = {
        {"'amount_minor':10000000,'annual_rate_pct':6,'term_years':30", 59955},
        {"'amount_minor':10000000,'annual_rate_pct':8,'term_years':30", 73376},
        {"'amount_minor':10000000,'annual_rate_pct':6,'term_years':15", 84386},
        {"'ltv_pct':80,'annual_rate_pct':4.5,'term_years':30", 101337},
        {"'amount_minor':12000000,'annual_rate_pct':0,'term_years':10", 100000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct investment_out out = calculated(arena_printf(arena,
            "{'currency':'USD','purchase_price_minor':25000000,'monthly_rent_minor':100000,"
            "'loan':{%s}}",
            rows[i].loan));
        ck_assert_int_eq(out.monthly_payment_minor, rows[i].cents);
    }
}
END_TEST

/* $100,000 at 6 % over 30 years: $83,685.72 are left after ten years. */
START_TEST(what_is_owed_is_that_of_the_tables)
{
    const struct investment_out out =
        calculated("{'currency':'USD','purchase_price_minor':12500000,'monthly_rent_minor':100000,"
                   "'holding_years':30,'loan':{'amount_minor':10000000,'annual_rate_pct':6,'term_"
                   "years':30}}");
    ck_assert_int_eq(year(&out, 10)->loan_balance_minor, 8368572);
    ck_assert_int_eq(year(&out, 30)->loan_balance_minor, 0);
    ck_assert_int_eq(year(&out, 1)->debt_service_minor, out.annual_debt_service_minor);
}
END_TEST

/* Brealey, Myers, Allen, ch. 2: an office building for $370,000 that is worth $420,000 a year later, at 5 %: NPV $30,000;
 * its rate of return is 13.5 %. */
START_TEST(the_office_building_is_worth_it)
{
    const struct investment_out out =
        calculated("{'currency':'USD','purchase_price_minor':37000000,'monthly_rent_minor':0,"
                   "'holding_years':1,'discount_rate_pct':5,'appreciation_pct':13."
                   "513513513513514}");
    ck_assert_int_eq(out.npv_minor, 3000000);
    ck_assert_double_eq(out.irr_pct, 13.5135);
    ck_assert_int_eq(out.total_profit_minor, 5000000);
}
END_TEST

/* Ibid., ch. 5: $4,000 now bring $2,000 after one and $4,000 after two years: 28.08 %; at that rate the NPV is 0. */
START_TEST(the_rate_of_return_makes_nothing_of_the_present_value)
{
    static const char text[] =
        "{'currency':'USD','purchase_price_minor':400000,'monthly_rent_minor':0,'vacancy_pct':0,"
        "'other_income_minor':200000,'holding_years':2,'selling_cost_pct':50,"
        "'discount_rate_pct':%s}";
    const struct investment_out out = calculated(arena_printf(arena, text, "0"));
    ck_assert_double_eq(out.irr_pct, 28.0776);
    ck_assert_int_eq(out.npv_minor, 200000);
    ck_assert_int_eq(calculated(arena_printf(arena, text, "28.077640640441515")).npv_minor, 0);
}
END_TEST

/* ---- each quantity, by hand ---- */

START_TEST(a_rented_flat)
{
    const struct investment_out out = calculated(
        "{'currency':'THB','purchase_price_minor':1000000000,'closing_cost_pct':2,"
        "'renovation_minor':30000000,'monthly_rent_minor':5000000,'other_income_minor':0,"
        "'vacancy_pct':10,'opex':{'management_pct':8,'maintenance_pct':2,'insurance_minor':1000000,"
        "'tax_minor':600000,'hoa_minor':2000000,'utilities_minor':300000,'other_minor':100000},"
        "'holding_years':5,'appreciation_pct':3,'selling_cost_pct':4,'discount_rate_pct':6}");
    ck_assert_int_eq(out.gross_income_minor, 60000000);
    ck_assert_int_eq(out.effective_gross_income_minor, 54000000);
    ck_assert_int_eq(out.operating_expenses_minor, 9400000); /* a tenth of that, and 4,000,000 */
    ck_assert_int_eq(out.noi_minor, 44600000);
    ck_assert_double_eq(out.gross_yield_pct, 6);
    ck_assert_double_eq(out.cap_rate_pct, 4.46);
    ck_assert_int_eq(out.cash_invested_minor, 1050000000);
    ck_assert_int_eq(out.cash_flow_year1_minor, 44600000);
    ck_assert_double_eq(out.cash_on_cash_pct, 4.2476);
    ck_assert_double_eq(out.break_even_occupancy_pct, 15.6667);
    ck_assert(is_null(&out, "dscr") && is_null(&out, "payback_years"));
    ck_assert_int_eq(out.warnings.count, 1); /* no loan is nothing to be warned of */
    ck_assert_int_eq(year(&out, 5)->value_minor, 1159274074);
    /* 5 x 44.6 m, 96 % of the value, less 1,050 m */
    ck_assert_int_eq(out.total_profit_minor, 285903111);
    ck_assert_double_eq(out.equity_multiple, 1.2723);
    ck_assert_double_eq(out.roi_pct, 27.2289);
}
END_TEST

START_TEST(a_house_let_by_the_night_with_a_loan)
{
    const struct investment_out out = calculated(
        "{'currency':'THB','purchase_price_minor':2000000000,'nightly_rate_minor':1000000,"
        "'occupancy_pct':60,'opex':{'management_pct':20},'holding_years':3,"
        "'loan':{'ltv_pct':50,'annual_rate_pct':6,'term_years':20,'interest_only_years':2}}");
    ck_assert_int_eq(out.gross_income_minor, 219000000);
    ck_assert_int_eq(out.effective_gross_income_minor, 219000000);
    ck_assert_double_eq(out.assumptions.vacancy_pct, 0);
    ck_assert_int_eq(out.noi_minor, 175200000);
    ck_assert_int_eq(out.annual_debt_service_minor, 60000000); /* interest only */
    ck_assert_double_eq(out.dscr, 2.92);
    ck_assert_int_eq(year(&out, 2)->loan_balance_minor, 1000000000);
    ck_assert_int_lt(year(&out, 3)->loan_balance_minor, 1000000000);
    ck_assert_int_eq(year(&out, 3)->debt_service_minor, 90979479); /* 12 of 18 x 12 payments */
    ck_assert_double_eq(out.break_even_occupancy_pct, 28.4384);
}
END_TEST

START_TEST(own_money_comes_back_within_a_year)
{
    const struct investment_out out = calculated("{'currency':'USD','purchase_price_minor':100000,'"
                                                 "monthly_rent_minor':0,'vacancy_pct':0,"
                                                 "'other_income_minor':40000,'holding_years':5}");
    ck_assert_double_eq(out.payback_years, 2.5);
    ck_assert_int_eq(out.warnings.count, 0);
}
END_TEST

START_TEST(what_cannot_be_divided_is_null_and_said)
{
    const struct investment_out out =
        calculated("{'currency':'USD','purchase_price_minor':100000,'monthly_rent_minor':0,"
                   "'loan':{'ltv_pct':100,'annual_rate_pct':5,'term_years':10}}");
    ck_assert(is_null(&out, "cash_on_cash_pct") && is_null(&out, "roi_pct"));
    ck_assert(is_null(&out, "equity_multiple") && is_null(&out, "break_even_occupancy_pct"));
    ck_assert(is_null(&out, "payback_years") && !is_null(&out, "dscr"));
    ck_assert_int_ge(out.warnings.count, 5);
    ck_assert_double_eq(out.dscr, 0);
}
END_TEST

/* 1,000.00 with 10 % costs is 1,100.00 of money, and a little more of doubles. */
START_TEST(own_money_that_is_all_borrowed_is_none)
{
    const struct investment_out out =
        calculated("{'currency':'USD','purchase_price_minor':100000,'closing_cost_pct':10,"
                   "'monthly_rent_minor':1000,"
                   "'loan':{'amount_minor':110000,'annual_rate_pct':5,'term_years':10}}");
    ck_assert_int_eq(out.cash_invested_minor, 0);
    ck_assert(is_null(&out, "cash_on_cash_pct") && is_null(&out, "roi_pct"));
    ck_assert(is_null(&out, "equity_multiple") && is_null(&out, "payback_years"));
    for (int64_t i = 0; i < out.warnings.count; i++) {
        ck_assert_ptr_null(strstr(out.warnings.items[i], "while it is held"));
    }
}
END_TEST

/* What 50 decimals give. */
START_TEST(no_digit_is_lost_where_little_is_paid_back)
{
    static const char text[] =
        "{'currency':'USD','purchase_price_minor':10000000000000,'monthly_rent_minor':0,"
        "'holding_years':40,'loan':{'ltv_pct':100,'annual_rate_pct':%s,'term_years':40}}";
    const struct investment_out dear = calculated(arena_printf(arena, text, "50"));
    ck_assert_int_eq(dear.monthly_payment_minor, 416666667955);
    ck_assert_int_eq(year(&dear, 39)->loan_balance_minor, 3872902438676);
    const struct investment_out cheap = calculated(arena_printf(arena, text, "0.000001"));
    ck_assert_int_eq(cheap.monthly_payment_minor, 20833337509);
    ck_assert_int_eq(year(&cheap, 39)->loan_balance_minor, 250000048750);
}
END_TEST

START_TEST(figures_that_do_not_belong_together_are_refused)
{
    static const char *const rows[][2] = {
        {"", "monthly_rent_minor"},
        {"'monthly_rent_minor':1,'nightly_rate_minor':1,'occupancy_pct':1", "monthly_rent_minor"},
        {"'nightly_rate_minor':1", "occupancy_pct"},
        {"'monthly_rent_minor':1,'occupancy_pct':50", "occupancy_pct"},
        {"'monthly_rent_minor':1,'loan':{'annual_rate_pct':5,'term_years':9}", "loan.ltv_pct"},
        {"'monthly_rent_minor':1,'loan':{'ltv_pct':5,'amount_minor':5,'annual_rate_pct':5,"
         "'term_years':9}",
            "loan.ltv_pct"},
        {"'monthly_rent_minor':1,'loan':{'ltv_pct':5,'annual_rate_pct':5,'term_years':9,"
         "'interest_only_years':9}",
            "loan.interest_only_years"},
        {"'monthly_rent_minor':1000000000001", "monthly_rent_minor"},
        {"'monthly_rent_minor':-1", "monthly_rent_minor"},
        {"'monthly_rent_minor':1,'vacancy_pct':100.1", "vacancy_pct"},
        {"'monthly_rent_minor':1,'holding_years':41", "holding_years"},
        {"'monthly_rent_minor':1,'appreciation_pct':20.5", "appreciation_pct"},
        {"'monthly_rent_minor':1,'surplus':1", "surplus"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct investment_out out;
        const char *text = arena_printf(arena, "{'currency':'USD','purchase_price_minor':1%s%s}",
            *rows[i][0] == '\0' ? "" : ",", rows[i][0]);
        ck_assert_msg(try_it(text, &out).code == ERR_INVALID, "%s", text);
        ck_assert_str_eq(ctx.error.fields[0].field, rows[i][1]);
    }
}
END_TEST

/* The largest of everything: no sum leaves its type. */
START_TEST(the_largest_figures_fit)
{
    const struct investment_out out =
        calculated("{'currency':'USD','purchase_price_minor':10000000000000,"
                   "'nightly_rate_minor':100000000000,'occupancy_pct':100,"
                   "'other_income_minor':10000000000000,'holding_years':40,'appreciation_pct':20,"
                   "'rent_growth_pct':20,'expense_growth_pct':20,'discount_rate_pct':0}");
    ck_assert_int_gt(year(&out, 40)->noi_minor, 0);
    ck_assert_int_lt(out.total_profit_minor, INT64_MAX);
    ck_assert_int_gt(out.total_profit_minor, year(&out, 40)->noi_minor);
    ck_assert_int_eq(out.npv_minor, out.total_profit_minor);
}
END_TEST

/* All but its last row, so that a case can be calculated at another rate of discount. */
static const char *random_case(int term, int years)
{
    return arena_printf(arena,
        "{'currency':'USD','purchase_price_minor':%d,'monthly_rent_minor':%d,"
        "'vacancy_pct':%d,'opex':{'management_pct':%d,'tax_minor':%d},'holding_years':%d,"
        "'appreciation_pct':%d,'rent_growth_pct':%d,"
        "'loan':{'ltv_pct':%d,'annual_rate_pct':%d,'term_years':%d,'interest_only_years':%d}",
        1000000 + (int)(random() % 100000000), (int)(random() % 1000000), (int)(random() % 100),
        (int)(random() % 50), (int)(random() % 1000000), years, (int)(random() % 30) - 15,
        (int)(random() % 30) - 15, (int)(random() % 96), (int)(random() % 20), term,
        (int)(random() % term));
}

static struct investment_out discounted(const char *text, double pct)
{
    return calculated(arena_printf(arena, "%s,'discount_rate_pct':%.4f}", text, pct));
}

/* Rounded to four digits, the rate lies between two at which the present value has different signs. */
START_TEST(the_present_value_changes_its_sign_at_the_rate_of_return)
{
    int found = 0;
    srandom(8);
    for (int i = 0; i < 500; i++) {
        const char *text = random_case(1 + (int)(random() % 40), 1 + (int)(random() % 40));
        const struct investment_out out = discounted(text, 8);
        if (!is_null(&out, "irr_pct") && out.irr_pct > 1 && out.irr_pct < 99) {
            const int64_t below = discounted(text, out.irr_pct - 0.0002).npv_minor;
            const int64_t above = discounted(text, out.irr_pct + 0.0002).npv_minor;
            ck_assert_msg((below >= 0) != (above > 0) || (below <= 0) != (above < 0), "%s", text);
            found++;
        }
    }
    ck_assert_int_gt(found, 50);
}
END_TEST

/* Of many cases: what holds for each. */
START_TEST(what_always_holds)
{
    srandom(7);
    for (int i = 0; i < 2000; i++) {
        const int term = 1 + (int)(random() % 40), years = 1 + (int)(random() % 40);
        const struct investment_out out = discounted(random_case(term, years), 0);
        int64_t flows = 0;
        for (int64_t t = 1; t <= years; t++) {
            const struct investment_year *row = year(&out, t);
            flows += row->cash_flow_minor;
            ck_assert_int_le(llabs(row->noi_minor - row->debt_service_minor - row->cash_flow_minor),
                1);
            ck_assert_int_le(llabs(row->value_minor - row->loan_balance_minor - row->equity_minor),
                1);
            ck_assert(t < term || llabs(row->loan_balance_minor) <= 1);
            ck_assert(t <= term || row->debt_service_minor == 0);
        }
        const int64_t profit = flows + year(&out, years)->equity_minor - out.cash_invested_minor;
        ck_assert_int_le(llabs(profit - out.total_profit_minor), years + 2);
        ck_assert_int_eq(out.npv_minor, out.total_profit_minor); /* at 0 % */
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("investments.calculate");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, payments_are_those_of_the_tables);
    tcase_add_test(tests, what_is_owed_is_that_of_the_tables);
    tcase_add_test(tests, the_office_building_is_worth_it);
    tcase_add_test(tests, the_rate_of_return_makes_nothing_of_the_present_value);
    tcase_add_test(tests, a_rented_flat);
    tcase_add_test(tests, a_house_let_by_the_night_with_a_loan);
    tcase_add_test(tests, own_money_comes_back_within_a_year);
    tcase_add_test(tests, what_cannot_be_divided_is_null_and_said);
    tcase_add_test(tests, own_money_that_is_all_borrowed_is_none);
    tcase_add_test(tests, no_digit_is_lost_where_little_is_paid_back);
    tcase_add_test(tests, figures_that_do_not_belong_together_are_refused);
    tcase_add_test(tests, the_largest_figures_fit);
    tcase_add_test(tests, the_present_value_changes_its_sign_at_the_rate_of_return);
    tcase_add_test(tests, what_always_holds);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
