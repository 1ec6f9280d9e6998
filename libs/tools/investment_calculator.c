/* tools/investment_calculator.c - what figures of the visitor's yield. */
#include "investments/investments.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/services.h"
#include "core/settings.h"
#include "tools/finding.h"
#include "tools/listing.h"
#include "tools/tools.h"

#define LINE_MAX_BYTES 1024

/* As a model gets it: written out, so that it has nothing to convert. NULL = there is none. */
struct yield {
    const char *net_operating_income, *cap_rate, *gross_yield, *cash_invested, *loan,
        *monthly_payment, *cash_flow_first_year, *cash_on_cash, *dscr, *break_even_occupancy,
        *payback, *holding, *total_profit, *roi, *equity_multiple, *npv, *irr;
    struct strs warnings;
    const char *note;
};
static const struct field yield_fields[] = {
    FIELD_STR(struct yield, net_operating_income, "First year"),
    FIELD_STR(struct yield, cap_rate, "Of the price"),
    FIELD_STR(struct yield, gross_yield, "Of the price"),
    FIELD_STR(struct yield, cash_invested, "Own money"),
    FIELD_STR(struct yield, loan, "Loan", .nullable = true),
    FIELD_STR(struct yield, monthly_payment, "On the loan", .nullable = true),
    FIELD_STR(struct yield, cash_flow_first_year, "After payments"),
    FIELD_STR(struct yield, cash_on_cash, "Of own money", .nullable = true),
    FIELD_STR(struct yield, dscr, "Times", .nullable = true),
    FIELD_STR(struct yield, break_even_occupancy, "Of full income", .nullable = true),
    FIELD_STR(struct yield, payback, "Years", .nullable = true),
    FIELD_STR(struct yield, holding, "Years"),
    FIELD_STR(struct yield, total_profit, "With the sale"),
    FIELD_STR(struct yield, roi, "Of own money", .nullable = true),
    FIELD_STR(struct yield, equity_multiple, "Times", .nullable = true),
    FIELD_STR(struct yield, npv, "Net present value"),
    FIELD_STR(struct yield, irr, "A year", .nullable = true),
    FIELD_STRS(struct yield, warnings, "Why something is missing"),
    FIELD_STR(struct yield, note, "What it is not"),
};

struct writer {
    struct ctx *ctx;
    const struct investment_out *result;
    const char *locale;
};

static const char *money(const struct writer *writer, int64_t minor)
{
    return listing_money(writer->ctx, minor, writer->result->assumptions.currency, writer->locale);
}

/* NULL when the member is null. At most two decimals, none that is 0. */
static const char *ratio(const struct writer *writer, const char *name, const char *unit)
{
    const struct field *member = NULL;
    const int row = field_find(&investment_out_shape, name, &member);
    if (row < 0 || !field_is_present(&writer->result->has, (size_t)row)) {
        return NULL;
    }
    double value = 0;
    char *text = NULL;
    memcpy(&value, (const char *)writer->result + member->offset, sizeof(value));
    text = arena_printf(writer->ctx->arena, "%.2f", fabs(value) < 0.005 ? 0 : value); /* no "-0" */
    size_t len = strlen(text);
    while (text[len - 1] == '0') {
        len--;
    }
    len -= text[len - 1] == '.';
    return arena_printf(writer->ctx->arena, "%.*s%s", (int)len, text, unit);
}

static struct yield yield_of(const struct writer *writer)
{
    const struct investment_out *result = writer->result;
    const bool borrowed = result->loan_amount_minor > 0;
    return (struct yield){
        .net_operating_income = money(writer, result->noi_minor),
        .cap_rate = ratio(writer, "cap_rate_pct", "%"),
        .gross_yield = ratio(writer, "gross_yield_pct", "%"),
        .cash_invested = money(writer, result->cash_invested_minor),
        .loan = borrowed ? money(writer, result->loan_amount_minor) : NULL,
        .monthly_payment = borrowed ? money(writer, result->monthly_payment_minor) : NULL,
        .cash_flow_first_year = money(writer, result->cash_flow_year1_minor),
        .cash_on_cash = ratio(writer, "cash_on_cash_pct", "%"),
        .dscr = ratio(writer, "dscr", ""),
        .break_even_occupancy = ratio(writer, "break_even_occupancy_pct", "%"),
        .payback = ratio(writer, "payback_years", " years"),
        .holding = arena_printf(writer->ctx->arena, "%" PRId64 " years",
            result->assumptions.holding_years),
        .total_profit = money(writer, result->total_profit_minor),
        .roi = ratio(writer, "roi_pct", "%"),
        .equity_multiple = ratio(writer, "equity_multiple", ""),
        .npv = money(writer, result->npv_minor),
        .irr = ratio(writer, "irr_pct", "%"),
        .warnings = result->warnings,
        .note = result->disclaimer,
    };
}

static void add_part(struct buf *line, const char *name, const char *value)
{
    if (value != NULL) {
        buf_printf(line, "%s%s %s", line->len > 0 ? ", " : "", name, value);
    }
}

/* For an answer, and for the check of its figures. */
static const char *line_of(const struct writer *writer, const struct yield *yield)
{
    struct buf line;
    buf_init(&line, writer->ctx->arena, 256, LINE_MAX_BYTES);
    add_part(&line, "price", money(writer, writer->result->assumptions.purchase_price_minor));
    add_part(&line, "net operating income", yield->net_operating_income);
    add_part(&line, "cap rate", yield->cap_rate);
    add_part(&line, "gross yield", yield->gross_yield);
    add_part(&line, "cash flow of the first year", yield->cash_flow_first_year);
    add_part(&line, "cash on cash", yield->cash_on_cash);
    add_part(&line, "monthly payment", yield->monthly_payment);
    add_part(&line, "total profit", yield->total_profit);
    add_part(&line, "return on investment", yield->roi);
    add_part(&line, "internal rate of return", yield->irr);
    return buf_text(&line);
}

static err run(struct ctx *ctx, const struct chat_asker *asker, const void *in,
    struct chat_finding *out)
{
    struct investment_out result;
    TRY(investments_calculate(ctx, in, &result));
    const struct writer writer = {ctx, &result, asker->locale};
    const struct yield yield = yield_of(&writer);
    const char *line = line_of(&writer, &yield);
    const char **json = ARENA_ARRAY(ctx->arena, const char *, 1);
    struct chat_source *source = ARENA_NEW(ctx->arena, struct chat_source);
    if (!finding_item(ctx, SHAPE(yield), &yield, json)) {
        return fail(ctx, ERR_INTERNAL, "result does not fit");
    }
    *source = (struct chat_source){
        .has = {.present = ~(UINT64_C(1) << CHAT_SOURCE_ID)},
        .type = "calculator",
        .title = arena_printf(ctx->arena, "Calculation: %s, %s",
            money(&writer, result.assumptions.purchase_price_minor), yield.holding),
        .snippet = line,
        .score = 1,
        .text = line,
    };
    out->sources = (struct list){source, 1};
    return finding_write(ctx, &(struct finding_items){.json = json, .count = 1}, &out->json);
}

static const struct chat_told told[] = {
    {"purchase_price_minor"},
    {"monthly_rent_minor", .a_month = true},
    {"nightly_rate_minor"},
    {0},
};

static bool is_on(const struct product_settings *settings)
{
    return settings->investment;
}

const struct chat_tool tool_investment_calculator = {
    .name = "investment_calculator",
    .description =
        "Computes yield, cash flow, loan payments and return of an investment from figures that "
        "the visitor gives or a listing names; a price or rent that nobody named is refused. All "
        "amounts are in minor units: THB 1,000 is 100000. Use it for every calculation; never "
        "calculate yourself.",
    .arguments = &investment_in_shape,
    .is_on = is_on,
    .told = told,
    .run = run,
};
