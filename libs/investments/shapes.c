#include <stdbool.h>
#include <stddef.h>

#include "investments/investments.h"

/* The sum of so much, growing by so much for so long, still fits its type. */
#define MONEY_MAX 10000000000000
#define MONTH_MAX (MONEY_MAX / 10)
#define NIGHT_MAX (MONEY_MAX / 100)
#define GROWTH_MAX 20

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MONEY_UP_TO(max_, s, m, doc, ...)                                                          \
    FIELD_I64(s, m, doc, .max = (max_), .unit = "minor units", __VA_ARGS__)
#define MONEY(s, m, doc, ...) MONEY_UP_TO(MONEY_MAX, s, m, doc, __VA_ARGS__)
#define PERCENT(s, m, doc, ...) FIELD_F64(s, m, doc, .max = 100, .unit = "%", __VA_ARGS__)
#define GROWTH(m, doc)                                                                             \
    FIELD_F64(struct investment_in, m, doc, .min = -GROWTH_MAX, .max = GROWTH_MAX, .unit = "%")

static const struct field opex_fields[] = {
    PERCENT(struct investment_opex, management_pct, "Management, of effective gross income"),
    PERCENT(struct investment_opex, maintenance_pct, "Maintenance, of effective gross income"),
    MONEY(struct investment_opex, insurance_minor, "Insurance a year"),
    MONEY(struct investment_opex, tax_minor, "Property tax a year"),
    MONEY(struct investment_opex, hoa_minor, "Common fees a year"),
    MONEY(struct investment_opex, utilities_minor, "Utilities a year"),
    MONEY(struct investment_opex, other_minor, "Other expenses a year"),
};
static const struct shape opex_shape = {
    .name = "InvestmentOpex",
    .size = sizeof(struct investment_opex),
    .fields = opex_fields,
    .count = COUNT(opex_fields),
};

static const struct field loan_fields[] = {
    PERCENT(struct investment_loan, ltv_pct, "Loan, of the price; or amount_minor",
        .nullable = true),
    MONEY(struct investment_loan, amount_minor, "Loan; or ltv_pct", .nullable = true),
    FIELD_F64(struct investment_loan, annual_rate_pct, "Nominal interest a year", .max = 50,
        .required = true, .unit = "%"),
    FIELD_I64(struct investment_loan, term_years, "Until it is paid back", .min = 1,
        .max = INVESTMENT_YEARS_MAX, .required = true, .unit = "years"),
    FIELD_I64(struct investment_loan, interest_only_years, "Of these without paying back",
        .max = INVESTMENT_YEARS_MAX, .unit = "years"),
};
static const struct shape loan_shape = {
    .name = "InvestmentLoan",
    .size = sizeof(struct investment_loan),
    .fields = loan_fields,
    .count = COUNT(loan_fields),
    .has_set = true,
    .set_offset = offsetof(struct investment_loan, has),
};

static bool is_currency(const char *text)
{
    size_t len = 0;
    while (text[len] >= 'A' && text[len] <= 'Z') {
        len++;
    }
    return len == 3 && text[len] == '\0';
}

static const struct field in_fields[] = {
    FIELD_STR(struct investment_in, currency, "Of all amounts", .required = true,
        .check = is_currency, .check_text = "must be three capital letters, as in ISO 4217"),
    MONEY(struct investment_in, purchase_price_minor, "Price", .required = true, .min = 1),
    PERCENT(struct investment_in, closing_cost_pct, "Taxes and fees of buying, of the price"),
    MONEY(struct investment_in, renovation_minor, "Put in at the beginning"),
    MONEY_UP_TO(MONTH_MAX, struct investment_in, monthly_rent_minor,
        "Rent a month; or nightly_rate_minor", .nullable = true),
    MONEY_UP_TO(NIGHT_MAX, struct investment_in, nightly_rate_minor,
        "Price a night, with occupancy_pct", .nullable = true),
    PERCENT(struct investment_in, occupancy_pct, "Nights that are let", .nullable = true),
    MONEY(struct investment_in, other_income_minor, "Other income a year"),
    PERCENT(struct investment_in, vacancy_pct,
        "Income that is missing; by default 0 with occupancy_pct, 5 without", .nullable = true),
    FIELD_OBJ(struct investment_in, opex, investment_opex, "Expenses", .shape = &opex_shape),
    FIELD_OBJ(struct investment_in, loan, investment_loan, "A loan; null = none",
        .shape = &loan_shape, .nullable = true),
    FIELD_I64(struct investment_in, holding_years, "Until it is sold", .min = 1,
        .max = INVESTMENT_YEARS_MAX, .dflt = 10, .unit = "years"),
    GROWTH(appreciation_pct, "Growth of the value a year"),
    GROWTH(rent_growth_pct, "Growth of income a year"),
    GROWTH(expense_growth_pct, "Growth of fixed expenses a year"),
    PERCENT(struct investment_in, selling_cost_pct, "Costs of selling, of the value then"),
    FIELD_F64(struct investment_in, discount_rate_pct, "What the money would bring elsewhere",
        .max = 100, .dflt_f64 = 8, .unit = "%"),
};
const struct shape investment_in_shape = {
    .name = "InvestmentInput",
    .size = sizeof(struct investment_in),
    .fields = in_fields,
    .count = COUNT(in_fields),
    .has_set = true,
    .set_offset = offsetof(struct investment_in, has),
};

static const struct field year_fields[] = {
    FIELD_I64(struct investment_year, year, "1 = the first"),
    FIELD_I64(struct investment_year, noi_minor, "Net operating income"),
    FIELD_I64(struct investment_year, debt_service_minor, "Payments on the loan"),
    FIELD_I64(struct investment_year, cash_flow_minor, "What is left"),
    FIELD_I64(struct investment_year, loan_balance_minor, "Still owed at its end"),
    FIELD_I64(struct investment_year, value_minor, "Value at its end"),
    FIELD_I64(struct investment_year, equity_minor, "Value less what is owed"),
};
static const struct shape year_shape = {
    .name = "InvestmentYear",
    .size = sizeof(struct investment_year),
    .fields = year_fields,
    .count = COUNT(year_fields),
};

#define RESULT(m, doc) FIELD_I64(struct investment_out, m, doc, .unit = "minor units")
#define RATIO(m, doc, unit_)                                                                       \
    FIELD_F64(struct investment_out, m, doc, .nullable = true, .unit = (unit_))

static const struct field out_fields[] = {
    RESULT(gross_income_minor, "Gross income of the first year"),
    RESULT(effective_gross_income_minor, "Less vacancy"),
    RESULT(operating_expenses_minor, "Operating expenses"),
    RESULT(noi_minor, "Net operating income"),
    RATIO(gross_yield_pct, "Gross income to price", "%"),
    RATIO(cap_rate_pct, "Net operating income to price", "%"),
    RESULT(cash_invested_minor, "Own money at the beginning"),
    RESULT(loan_amount_minor, "Loan"),
    RESULT(monthly_payment_minor, "Payment a month while the loan is paid back"),
    RESULT(annual_debt_service_minor, "Payments of the first year"),
    RESULT(cash_flow_year1_minor, "Cash flow of the first year, before income tax"),
    RATIO(cash_on_cash_pct, "That to own money", "%"),
    RATIO(dscr, "Net operating income to payments; null without a loan", "times"),
    RATIO(break_even_occupancy_pct, "Share of full income that pays for everything", "%"),
    RATIO(payback_years, "Until cash flow has brought own money back, without a sale", "years"),
    RESULT(total_profit_minor, "Cash flows and sale less own money"),
    RATIO(roi_pct, "That to own money", "%"),
    RATIO(equity_multiple, "Cash flows and sale to own money", "times"),
    RESULT(npv_minor, "Net present value"),
    RATIO(irr_pct, "Internal rate of return a year", "%"),
    FIELD_LIST(struct investment_out, schedule, "Year by year", .shape = &year_shape),
    FIELD_OBJ(struct investment_out, assumptions, investment_in, "What was computed with",
        .shape = &investment_in_shape),
    FIELD_STRS(struct investment_out, warnings, "Why a figure is null"),
    FIELD_STR(struct investment_out, disclaimer, "What these figures are not"),
};
const struct shape investment_out_shape = {
    .name = "InvestmentResult",
    .size = sizeof(struct investment_out),
    .fields = out_fields,
    .count = COUNT(out_fields),
    .has_set = true,
    .set_offset = offsetof(struct investment_out, has),
};
