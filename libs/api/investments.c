/* api/investments.c - what a property yields: from figures sent, or from those of a listing. */
#include "investments/investments.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "api/property_filters.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/services.h"
#include "http/call.h"
#include "properties/properties.h"

#define MONTHS 12

static err calculate(struct call *call)
{
    return investments_calculate(call->ctx, call->in, call->out);
}

/* ---- of a listing ---- */

/* The input, flat: a query has no objects in it. Its rows stand in groups, one an object. */
struct investment_query {
    struct field_set has;
    int64_t purchase_price_minor, monthly_rent_minor, nightly_rate_minor;
    double occupancy_pct, vacancy_pct;
    double ltv_pct;
    int64_t amount_minor;
    double annual_rate_pct;
    int64_t term_years, interest_only_years;
    double management_pct, maintenance_pct;
    int64_t insurance_minor, tax_minor, hoa_minor, utilities_minor, other_minor;
    double closing_cost_pct;
    int64_t renovation_minor, other_income_minor, holding_years;
    double appreciation_pct, rent_growth_pct, expense_growth_pct, selling_cost_pct,
        discount_rate_pct;
};
enum { ROW_PRICE, ROW_RENT, ROW_NIGHTLY, ROW_OCCUPANCY, ROW_VACANCY, ROW_OTHER_EXPENSES = 16 };
enum {
    LOAN_FIRST = 5,
    LOAN_ROWS = 5,
    OPEX_FIRST = 10,
    OPEX_ROWS = 7,
    REST_FIRST = 17,
    REST_ROWS = 9
};
#define QUERY_I64(m, doc, ...) FIELD_I64(struct investment_query, m, doc, __VA_ARGS__)
#define QUERY_F64(m, doc, ...) FIELD_F64(struct investment_query, m, doc, __VA_ARGS__)
/* Ranges are those of the calculator, which is given these figures as if they had been sent to it. */
static const struct field investment_query_fields[] = {
    QUERY_I64(purchase_price_minor, "Price; by default that of a listing for sale"),
    QUERY_I64(monthly_rent_minor, "Rent a month; by default that of the listing"),
    QUERY_I64(nightly_rate_minor, "Price a night; by default that of the listing"),
    QUERY_F64(occupancy_pct, "Nights that are let"),
    QUERY_F64(vacancy_pct, "Income that is missing; by default that of the listing"),
    QUERY_F64(ltv_pct, "Loan, of the price; or amount_minor"),
    QUERY_I64(amount_minor, "Loan; or ltv_pct"),
    QUERY_F64(annual_rate_pct, "Nominal interest of the loan a year"),
    QUERY_I64(term_years, "Until the loan is paid back"),
    QUERY_I64(interest_only_years, "Of these without paying back"),
    QUERY_F64(management_pct, "Management, of effective gross income"),
    QUERY_F64(maintenance_pct, "Maintenance, of effective gross income"),
    QUERY_I64(insurance_minor, "Insurance a year"),
    QUERY_I64(tax_minor, "Property tax a year"),
    QUERY_I64(hoa_minor, "Common fees a year"),
    QUERY_I64(utilities_minor, "Utilities a year"),
    QUERY_I64(other_minor, "Other expenses a year; with no expense given all those of the listing"),
    QUERY_F64(closing_cost_pct, "Taxes and fees of buying, of the price"),
    QUERY_I64(renovation_minor, "Put in at the beginning"),
    QUERY_I64(other_income_minor, "Other income a year"),
    QUERY_I64(holding_years, "Until it is sold"),
    QUERY_F64(appreciation_pct, "Growth of the value a year"),
    QUERY_F64(rent_growth_pct, "Growth of income a year"),
    QUERY_F64(expense_growth_pct, "Growth of fixed expenses a year"),
    QUERY_F64(selling_cost_pct, "Costs of selling, of the value then"),
    QUERY_F64(discount_rate_pct, "What the money would bring elsewhere"),
};

static bool is_given(const struct investment_query *query, size_t first, size_t count)
{
    return (query->has.present >> first & ((UINT64_C(1) << count) - 1)) != 0;
}

static void set_default(struct investment_query *query, size_t row, int64_t *to, int64_t value)
{
    if (!is_given(query, row, 1)) {
        *to = value;
        query->has.present |= UINT64_C(1) << row;
    }
}

static bool find_i64(const struct json *object, const char *name, int64_t *out)
{
    return json_i64(json_get(object, name), out);
}

/* What it brings: its price where that is a rent, else what its owner says of it. */
static void add_income(const struct property_price *price, const struct json *financials,
    struct investment_query *query)
{
    int64_t income = 0;
    if (is_given(query, ROW_RENT, 2)) {
        return;
    }
    if (strcmp(price->period, "month") == 0) {
        set_default(query, ROW_RENT, &query->monthly_rent_minor, price->amount_minor);
    } else if (strcmp(price->period, "night") == 0) {
        set_default(query, ROW_NIGHTLY, &query->nightly_rate_minor, price->amount_minor);
    } else if (find_i64(financials, "gross_income_minor", &income)) {
        set_default(query, ROW_RENT, &query->monthly_rent_minor, llround((double)income / MONTHS));
    }
}

static void add_listing(const struct property *listing, const struct json *financials,
    struct investment_query *query)
{
    int64_t expenses = 0;
    double vacancy = 0;
    if (strcmp(listing->price.period, "total") == 0) {
        set_default(query, ROW_PRICE, &query->purchase_price_minor, listing->price.amount_minor);
    }
    add_income(&listing->price, financials, query);
    if (!is_given(query, ROW_VACANCY, 1) && !is_given(query, ROW_OCCUPANCY, 1) &&
        json_f64(json_get(financials, "vacancy_rate_pct"), &vacancy)) {
        query->vacancy_pct = vacancy;
        query->has.present |= UINT64_C(1) << ROW_VACANCY;
    }
    if (!is_given(query, OPEX_FIRST, OPEX_ROWS) &&
        find_i64(financials, "operating_expense_minor", &expenses)) {
        set_default(query, ROW_OTHER_EXPENSES, &query->other_minor, expenses);
    }
}

/* The rows of one group that are there, as an object. */
static void add_group(struct buf *out, const struct investment_query *query, size_t first,
    size_t count)
{
    struct investment_query part = *query;
    part.has.present = query->has.present >> first & ((UINT64_C(1) << count) - 1);
    const struct shape group = {
        .name = "group",
        .size = sizeof(part),
        .fields = investment_query_fields + first,
        .count = count,
        .has_set = true,
        .set_offset = offsetof(struct investment_query, has),
    };
    field_encode_present(out, &group, &part);
}

/* Its members only: they stand among those of the object around. */
static void add_members(struct call *call, struct buf *out, const struct investment_query *query,
    size_t first, size_t count)
{
    struct buf group;
    buf_init(&group, call->ctx->arena, 256, LIMIT_BODY_BYTES);
    add_group(&group, query, first, count);
    if (group.len > 2) {
        buf_char(out, ',');
        buf_add(out, group.data + 1, group.len - 2);
    }
}

/* As if it had been sent to the calculator: the same checks, ranges and defaults. */
static err as_input(struct call *call, const struct investment_query *query, const char *currency,
    struct investment_in *out)
{
    struct ctx *ctx = call->ctx;
    struct buf text;
    const char *bytes = NULL;
    size_t len = 0;
    const struct json *json = NULL;
    buf_init(&text, ctx->arena, 512, LIMIT_BODY_BYTES);
    buf_str(&text, "{\"currency\":");
    json_write_string(&text, currency, strlen(currency));
    add_members(call, &text, query, 0, LOAN_FIRST);
    add_members(call, &text, query, REST_FIRST, REST_ROWS);
    if (is_given(query, LOAN_FIRST, LOAN_ROWS)) {
        buf_str(&text, ",\"loan\":");
        add_group(&text, query, LOAN_FIRST, LOAN_ROWS);
    }
    buf_str(&text, ",\"opex\":");
    add_group(&text, query, OPEX_FIRST, OPEX_ROWS);
    buf_char(&text, '}');
    TRY(buf_finish(ctx, &text, &bytes, &len));
    TRY(json_parse(ctx, bytes, len, &json));
    return field_decode(ctx, &investment_in_shape, json, out);
}

static err calculate_query(struct call *call, const struct investment_query *query,
    const char *currency)
{
    struct investment_in in;
    TRY(as_input(call, query, currency, &in));
    return investments_calculate(call->ctx, &in, call->out);
}

/* As the parameters are called: what is "loan.ltv_pct" in a body is "ltv_pct" here. */
static void name_parameters(struct ctx *ctx)
{
    for (int i = 0; i < ctx->error.field_count; i++) {
        const char *dot = strchr(ctx->error.fields[i].field, '.');
        if (dot != NULL) {
            ctx->error.fields[i].field = dot + 1;
        }
    }
}

static err calculate_listing(struct call *call)
{
    const struct id_params *params = call->params;
    struct investment_query query = *(const struct investment_query *)call->query;
    struct property_view view;
    struct property listing;
    const struct json *financials = NULL;
    TRY(call_property_view(call, /* locale */ NULL, /* currency */ NULL, &view));
    TRY(properties_get(call->ctx, call->services->db, params->id, /* slug */ NULL, &view,
        &listing));
    const char *text = listing.financials == NULL ? "{}" : listing.financials;
    TRY(json_parse(call->ctx, text, strlen(text), &financials));
    add_listing(&listing, financials, &query);
    const err calculated = calculate_query(call, &query, listing.price.currency);
    if (!is_ok(calculated)) {
        name_parameters(call->ctx);
    }
    return calculated;
}

#define INVESTMENT_ROW                                                                             \
    .tag = "Investments", .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT, .feature = FEATURE_INVESTMENT

const struct http_route investments_routes[] = {
    {POST("/investments/calculate"), INVESTMENT_ROW, .summary = "What a property yields",
        .description = "From the figures sent; nothing is kept. Either monthly_rent_minor, or "
                       "nightly_rate_minor with occupancy_pct.",
        .idempotent = true, .in = &investment_in_shape, .out = &investment_out_shape,
        .run = calculate},
    {GET("/properties/{id}/investment"), INVESTMENT_ROW, .summary = "What a listing yields",
        .description = "The same with the price, income and expenses of the listing; each can be "
                       "given in its place. A listing that is let has no purchase price.",
        .params = &id_params_shape, .query = SHAPE_SET(investment_query),
        .out = &investment_out_shape, .errors = {ERR_NOT_FOUND}, .run = calculate_listing},
    {0},
};
