/* investments/investments.h - what a property yields, from figures that the asker gives. Pure computation: no I/O, no clock.
 * Money is in whole minor units of one currency, percentages in percent. All is computed unrounded in double precision; money is
 * rounded once, half away from zero, ratios to four decimals, at the end.
 * What is less than half a minor unit counts as 0 where something is divided by it: the ratio is null and a warning says why.
 * Errors: ERR_INVALID with the field errors.
 *
 * Year t = 1 .. holding_years, of the input:
 *   gross income    12 monthly_rent, or 365 nightly_rate occupancy; plus other_income; from year 2 on growing with rent_growth
 *   effective       gross income (1 - vacancy)
 *   expenses        (management + maintenance) effective + fixed amounts, these growing with expense_growth
 *   NOI             effective - expenses
 *   payment         P r / (1 - (1 + r)^-n), P / n when r = 0; r = annual rate / 12, n = 12 (term - interest-only years); P r before
 *                   (annuity formula: Brealey, Myers, Allen, Principles of Corporate Finance, ch. 2)
 *   cash flow       NOI - payments of the year
 *   sale            at the end: price (1 + appreciation)^holding (1 - selling cost) - balance of the loan
 *   cash invested   price (1 + closing cost) + renovation - loan
 *   NPV             - cash invested + sum of cash flow_t / (1 + discount)^t + sale / (1 + discount)^holding (ibid., ch. 2)
 *   IRR             the rate at which NPV is 0, by bisection on [-0.99, 10] (ibid., ch. 5)
 *   cap rate, DSCR, break-even occupancy, cash on cash: Geltner, Miller, Commercial Real Estate Analysis and Investments, ch. 11, 16 */
#ifndef INVESTMENTS_INVESTMENTS_H
#define INVESTMENTS_INVESTMENTS_H

#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;

#define INVESTMENT_YEARS_MAX 40

/* All amounts a year. */
struct investment_opex {
    double management_pct, maintenance_pct; /* of effective gross income */
    int64_t insurance_minor, tax_minor, hoa_minor, utilities_minor, other_minor;
};

struct investment_loan {
    struct field_set has;
    double ltv_pct;       /* of the price; or */
    int64_t amount_minor; /* this */
    double annual_rate_pct;
    int64_t term_years, interest_only_years;
};

struct investment_in {
    struct field_set has;
    const char *currency;
    int64_t purchase_price_minor;
    double closing_cost_pct;
    int64_t renovation_minor;
    int64_t monthly_rent_minor; /* or */
    int64_t nightly_rate_minor; /* this with occupancy_pct */
    double occupancy_pct;
    int64_t other_income_minor; /* a year */
    double vacancy_pct;         /* absent: 0 beside an occupancy, INVESTMENT_VACANCY_PCT else */
    struct investment_opex opex;
    struct investment_loan loan;
    int64_t holding_years;
    double appreciation_pct, rent_growth_pct, expense_growth_pct; /* a year */
    double selling_cost_pct, discount_rate_pct;
};
#define INVESTMENT_VACANCY_PCT 5.0
extern const struct shape investment_in_shape;

struct investment_year {
    int64_t year;
    int64_t noi_minor, debt_service_minor, cash_flow_minor;
    int64_t loan_balance_minor, value_minor, equity_minor; /* at the end of the year */
};

struct investment_out {
    struct field_set has;
    int64_t gross_income_minor, effective_gross_income_minor, operating_expenses_minor, noi_minor;
    double gross_yield_pct, cap_rate_pct;
    int64_t cash_invested_minor, loan_amount_minor, monthly_payment_minor;
    int64_t annual_debt_service_minor, cash_flow_year1_minor;
    double cash_on_cash_pct, dscr, break_even_occupancy_pct, payback_years;
    int64_t total_profit_minor;
    double roi_pct, equity_multiple;
    int64_t npv_minor;
    double irr_pct;
    struct list schedule;             /* of struct investment_year */
    struct investment_in assumptions; /* the input with what was filled in */
    struct strs warnings;             /* why a ratio is null */
    const char *disclaimer;
};
extern const struct shape investment_out_shape;

/* Checks what the rows of the shape cannot: which figures belong together. in is borrowed by out. */
err investments_calculate(struct ctx *ctx, const struct investment_in *in,
    struct investment_out *out);

#endif
