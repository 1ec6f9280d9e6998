#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "investments/investments.h"

#define MONTHS 12
#define NIGHTS 365
#define IRR_LOW (-0.99)
#define IRR_HIGH 10.0
#define IRR_STEPS 200 /* each halves the interval: far below the last digit of a double */
#define WARNINGS_MAX 8
#define RATIO_DIGITS 1e4
/* Of a minor unit. Less is 0 but for what a double loses: 1,000 with 10 % costs is not quite 1,100. */
#define AMOUNT_MIN 0.5

/* Rows of the input that may be absent, and of the output that may be null. */
enum { IN_RENT = 4, IN_NIGHTLY = 5, IN_OCCUPANCY = 6, IN_VACANCY = 8, IN_LOAN = 10 };
enum { LOAN_LTV = 0, LOAN_AMOUNT = 1 };
enum {
    OUT_CASH_ON_CASH = 11,
    OUT_DSCR = 12,
    OUT_BREAK_EVEN = 13,
    OUT_PAYBACK = 14,
    OUT_ROI = 16,
    OUT_MULTIPLE = 17,
    OUT_IRR = 19
};

static const char disclaimer[] = "An estimate from the figures given, not financial advice. Taxes "
                                 "on income and on the sale are not included.";

static bool is_given(const struct field_set *set, size_t row)
{
    return field_is_present(set, row) && (set->null >> row & 1U) == 0;
}

/* ---- what belongs together ---- */

static err check_income(struct ctx *ctx, const struct investment_in *in)
{
    const bool monthly = is_given(&in->has, IN_RENT), nightly = is_given(&in->has, IN_NIGHTLY);
    const bool occupancy = is_given(&in->has, IN_OCCUPANCY);
    if (monthly == nightly) {
        return fail_field(ctx, "monthly_rent_minor", CODE_VALIDATION_ERROR,
            "must be given, or nightly_rate_minor, not both");
    }
    if (nightly != occupancy) {
        return fail_field(ctx, "occupancy_pct", CODE_VALIDATION_ERROR,
            nightly ? "must be given with nightly_rate_minor" : "belongs to nightly_rate_minor");
    }
    return OK;
}

static err check_loan(struct ctx *ctx, const struct investment_in *in)
{
    const struct investment_loan *loan = &in->loan;
    if (!is_given(&in->has, IN_LOAN)) {
        return OK;
    }
    if (is_given(&loan->has, LOAN_LTV) == is_given(&loan->has, LOAN_AMOUNT)) {
        return fail_field(ctx, "loan.ltv_pct", CODE_VALIDATION_ERROR,
            "must be given, or amount_minor, not both");
    }
    if (loan->interest_only_years >= loan->term_years) {
        return fail_field(ctx, "loan.interest_only_years", CODE_VALIDATION_ERROR,
            "must be less than term_years");
    }
    return OK;
}

/* ---- the model ---- */

struct flows {
    double
        cash[INVESTMENT_YEARS_MAX + 1]; /* [0] is what is put in, negative; the last has the sale */
    int64_t years;
};

struct model {
    const struct investment_in *in;
    double price, rent, full_rent, other, vacancy, fixed, variable; /* a year; shares */
    double loan, rate, payment;                                     /* a month */
    int64_t interest_months, months;
    double cash_invested;
};

static double share(double pct)
{
    return pct / 100;
}

/* What 1 a month, so many times, is worth at the beginning: (1 - (1 + r)^-n) / r. expm1 and log1p keep the digits that the
 * subtraction loses when the rate is small. */
static double annuity_factor(double rate, int64_t months)
{
    const double n = (double)months;
    return rate == 0 ? n : -expm1(-n * log1p(rate)) / rate;
}

static void add_loan(struct model *model)
{
    const struct investment_loan *loan = &model->in->loan;
    if (!is_given(&model->in->has, IN_LOAN)) {
        return;
    }
    model->loan = is_given(&loan->has, LOAN_LTV) ? share(loan->ltv_pct) * model->price
                                                 : (double)loan->amount_minor;
    model->rate = share(loan->annual_rate_pct) / MONTHS;
    model->interest_months = MONTHS * loan->interest_only_years;
    model->months = MONTHS * loan->term_years - model->interest_months;
    model->payment = model->loan / annuity_factor(model->rate, model->months);
}

static struct model model_of(const struct investment_in *in)
{
    const struct investment_opex *opex = &in->opex;
    struct model model = {.in = in, .price = (double)in->purchase_price_minor};
    const bool nightly = is_given(&in->has, IN_NIGHTLY);
    model.full_rent = nightly ? (double)NIGHTS * (double)in->nightly_rate_minor
                              : (double)MONTHS * (double)in->monthly_rent_minor;
    model.rent = nightly ? model.full_rent * share(in->occupancy_pct) : model.full_rent;
    model.other = (double)in->other_income_minor;
    model.vacancy = share(in->vacancy_pct);
    model.variable = share(opex->management_pct) + share(opex->maintenance_pct);
    model.fixed = (double)opex->insurance_minor + (double)opex->tax_minor +
                  (double)opex->hoa_minor + (double)opex->utilities_minor +
                  (double)opex->other_minor;
    add_loan(&model);
    model.cash_invested =
        model.price * (1 + share(in->closing_cost_pct)) + (double)in->renovation_minor - model.loan;
    return model;
}

static double grown(double amount, double pct, int64_t years)
{
    return amount * pow(1 + share(pct), (double)years);
}

static double effective_income(const struct model *model, int64_t year)
{
    return grown(model->rent + model->other, model->in->rent_growth_pct, year - 1) *
           (1 - model->vacancy);
}

static double expenses(const struct model *model, int64_t year)
{
    return model->variable * effective_income(model, year) +
           grown(model->fixed, model->in->expense_growth_pct, year - 1);
}

/* Months of payment that lie in the first `months`, of those that pay interest only and of the others. */
static int64_t limited(int64_t months, int64_t max)
{
    return months < 0 ? 0 : months > max ? max : months;
}

static double paid_until(const struct model *model, int64_t months)
{
    const int64_t interest = limited(months, model->interest_months);
    const int64_t paying = limited(months - model->interest_months, model->months);
    return (double)interest * model->loan * model->rate + (double)paying * model->payment;
}

/* What the payments still to come are worth: growing the loan and subtracting what was paid would leave the difference of two
 * numbers that are millions of times larger. */
static double balance_after(const struct model *model, int64_t months)
{
    const int64_t paid = limited(months - model->interest_months, model->months);
    return model->payment * annuity_factor(model->rate, model->months - paid);
}

/* ---- ratios ---- */

static const double none = (double)NAN;

struct result {
    struct ctx *ctx;
    struct investment_out *out;
};

static double rounded(double ratio)
{
    return round(ratio * RATIO_DIGITS) / RATIO_DIGITS;
}

static void set_null(struct result *result, size_t row, const char *why)
{
    struct investment_out *out = result->out;
    out->has.present &= ~(UINT64_C(1) << row);
    if (why != NULL && out->warnings.count < WARNINGS_MAX) {
        out->warnings.items[out->warnings.count++] = why;
    }
}

static void set_ratio(struct result *result, size_t row, double *to, double ratio, const char *why)
{
    if (isfinite(ratio)) {
        *to = rounded(ratio);
    } else {
        set_null(result, row, why);
    }
}

static double divided(double by, double what)
{
    return by >= AMOUNT_MIN ? what / by : none;
}

static double present_value(const struct flows *flows, double rate)
{
    double sum = 0;
    for (int64_t t = flows->years; t >= 0; t--) {
        sum = sum / (1 + rate) + flows->cash[t];
    }
    return sum;
}

/* none: there is none between the bounds. */
static double internal_rate(const struct flows *flows)
{
    double low = IRR_LOW, high = IRR_HIGH;
    const bool falls = present_value(flows, low) > 0;
    if (falls == (present_value(flows, high) > 0)) {
        return none;
    }
    for (int i = 0; i < IRR_STEPS; i++) {
        const double middle = low + (high - low) / 2;
        if ((present_value(flows, middle) > 0) == falls) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low + (high - low) / 2;
}

/* none: not while it is held. operating: cash flows without the sale. */
static double payback(const double *operating, int64_t years, double invested)
{
    double sum = 0;
    for (int64_t t = 1; t <= years; t++) {
        if (sum + operating[t] >= invested) {
            return (double)(t - 1) + (invested - sum) / operating[t];
        }
        sum += operating[t];
    }
    return none;
}

/* ---- the results ---- */

static void fill_schedule(struct ctx *ctx, const struct model *model, double *operating,
    struct list *out)
{
    const int64_t years = model->in->holding_years;
    struct investment_year *rows = ARENA_ARRAY(ctx->arena, struct investment_year, (size_t)years);
    for (int64_t t = 1; t <= years; t++) {
        const double noi = effective_income(model, t) - expenses(model, t);
        const double service = paid_until(model, MONTHS * t) - paid_until(model, MONTHS * (t - 1));
        const double balance = balance_after(model, MONTHS * t);
        const double value = grown(model->price, model->in->appreciation_pct, t);
        operating[t] = noi - service;
        rows[t - 1] = (struct investment_year){
            .year = t,
            .noi_minor = llround(noi),
            .debt_service_minor = llround(service),
            .cash_flow_minor = llround(operating[t]),
            .loan_balance_minor = llround(balance),
            .value_minor = llround(value),
            .equity_minor = llround(value - balance),
        };
    }
    *out = (struct list){rows, years};
}

static void fill_first_year(struct result *result, const struct model *model)
{
    struct investment_out *out = result->out;
    const double gross = model->rent + model->other;
    const double effective = effective_income(model, 1), spent = expenses(model, 1);
    const double noi = effective - spent, service = paid_until(model, MONTHS);
    out->gross_income_minor = llround(gross);
    out->effective_gross_income_minor = llround(effective);
    out->operating_expenses_minor = llround(spent);
    out->noi_minor = llround(noi);
    out->gross_yield_pct = rounded(100 * gross / model->price);
    out->cap_rate_pct = rounded(100 * noi / model->price);
    out->cash_invested_minor = llround(model->cash_invested);
    out->loan_amount_minor = llround(model->loan);
    out->monthly_payment_minor = llround(model->payment);
    out->annual_debt_service_minor = llround(service);
    out->cash_flow_year1_minor = llround(noi - service);
    set_ratio(result, OUT_CASH_ON_CASH, &out->cash_on_cash_pct,
        100 * divided(model->cash_invested, noi - service),
        "cash_on_cash_pct: no own money is invested");
    set_ratio(result, OUT_DSCR, &out->dscr, divided(service, noi),
        model->loan > 0 ? "dscr: the loan costs nothing in the first year" : NULL);
    set_ratio(result, OUT_BREAK_EVEN, &out->break_even_occupancy_pct,
        100 * divided(model->full_rent + model->other, spent + service),
        "break_even_occupancy_pct: there is no income");
}

static void fill_holding(struct result *result, const struct model *model, const double *operating)
{
    const struct investment_in *in = model->in;
    struct investment_out *out = result->out;
    const int64_t years = in->holding_years;
    const double invested = model->cash_invested;
    const double sale =
        grown(model->price, in->appreciation_pct, years) * (1 - share(in->selling_cost_pct)) -
        balance_after(model, MONTHS * years);
    struct flows flows = {.years = years};
    double back = sale;
    flows.cash[0] = -invested;
    for (int64_t t = 1; t <= years; t++) {
        flows.cash[t] = operating[t];
        back += operating[t];
    }
    flows.cash[years] += sale;
    out->total_profit_minor = llround(back - invested);
    out->npv_minor = llround(present_value(&flows, share(in->discount_rate_pct)));
    const bool has_own_money = invested >= AMOUNT_MIN;
    set_ratio(result, OUT_PAYBACK, &out->payback_years,
        has_own_money ? payback(operating, years, invested) : none,
        has_own_money ? "payback_years: cash flow does not bring own money back while it is held"
                      : "payback_years: no own money is invested");
    set_ratio(result, OUT_ROI, &out->roi_pct, 100 * divided(invested, back - invested),
        "roi_pct: no own money is invested");
    set_ratio(result, OUT_MULTIPLE, &out->equity_multiple, divided(invested, back),
        "equity_multiple: no own money is invested");
    set_ratio(result, OUT_IRR, &out->irr_pct, 100 * internal_rate(&flows),
        "irr_pct: the cash flows have no rate of return");
}

err investments_calculate(struct ctx *ctx, const struct investment_in *in,
    struct investment_out *out)
{
    double operating[INVESTMENT_YEARS_MAX + 1] = {0};
    TRY(check_income(ctx, in));
    TRY(check_loan(ctx, in));
    *out = (struct investment_out){
        .has = {.present = UINT64_MAX}, .assumptions = *in, .disclaimer = disclaimer};
    out->warnings.items = ARENA_ARRAY(ctx->arena, const char *, WARNINGS_MAX);
    struct investment_in *assumed = &out->assumptions;
    if (!is_given(&in->has, IN_VACANCY)) {
        assumed->vacancy_pct = is_given(&in->has, IN_OCCUPANCY) ? 0 : INVESTMENT_VACANCY_PCT;
    }
    const uint64_t absent = (in->has.null | ~in->has.present) &
                            (UINT64_C(1) << IN_RENT | UINT64_C(1) << IN_NIGHTLY |
                                UINT64_C(1) << IN_OCCUPANCY | UINT64_C(1) << IN_LOAN);
    assumed->has = (struct field_set){.present = ~absent};
    assumed->loan.has = (struct field_set){.present = in->loan.has.present & ~in->loan.has.null};
    const struct model model = model_of(assumed);
    struct result result = {ctx, out};
    fill_first_year(&result, &model);
    fill_schedule(ctx, &model, operating, &out->schedule);
    fill_holding(&result, &model, operating);
    return OK;
}
