/* api/chat_spending.c - what the chat costs: reports, prices and budgets for administrators, one's own use for users. */
#include <inttypes.h>
#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "chat/spending.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/services.h"
#include "faq/csv.h"
#include "http/call.h"
#include "http/server.h"

#define DAY_US INT64_C(86400000000)
#define DAYS_SHOWN 30 /* when no beginning is given */
#define DATE_LEN 10

/* ---- what was spent ---- */

struct usage_query {
    const char *from, *to, *group_by;
};
static const struct field usage_query_fields[] = {
    FIELD_DATE(struct usage_query, from, "First day (UTC); by default 30 days ago"),
    FIELD_DATE(struct usage_query, to, "Last day (UTC); by default today"),
    FIELD_ENUM(struct usage_query, group_by, "One row for each", .choices = usage_groups,
        .dflt_text = "day"),
};

static const char *day_of(struct call *call, int64_t wall_us)
{
    char text[CLOCK_RFC3339_LEN + 1];
    clock_format(wall_us, text);
    return arena_strndup(call->ctx->arena, text, DATE_LEN);
}

static void add_cell(struct buf *out, const struct usage_sum *sum, const int64_t *value, size_t row)
{
    buf_char(out, ',');
    if (field_is_present(&sum->has, row)) {
        buf_i64(out, *value);
    }
}

static err reply_csv(struct call *call, const struct usage_report *report)
{
    struct buf out;
    const struct usage_sum *rows = report->rows.items;
    buf_init(&out, call->ctx->arena, 4096, LIMIT_REPLY_BYTES);
    buf_str(&out, "key,calls,prompt_tokens,completion_tokens,cost_microusd,errors,fallbacks\r\n");
    for (int64_t i = 0; i < report->rows.count; i++) {
        csv_write(&out, rows[i].key);
        const int64_t *values[] = {&rows[i].calls, &rows[i].prompt_tokens,
            &rows[i].completion_tokens, &rows[i].cost_microusd, &rows[i].errors,
            &rows[i].fallbacks};
        for (size_t column = 0; column < sizeof(values) / sizeof(values[0]); column++) {
            add_cell(&out, &rows[i], values[column], column + 1);
        }
        buf_str(&out, "\r\n");
    }
    call->raw_type = "text/csv; charset=utf-8";
    return buf_finish(call->ctx, &out, &call->raw, &call->raw_len);
}

static err usage(struct call *call)
{
    const struct usage_query *in = call->query;
    struct usage_report *out = call->out;
    const int64_t now_us = clock_wall_us(call->ctx->clock);
    const char *const days[] = {
        in->from != NULL ? in->from : day_of(call, now_us - DAYS_SHOWN * DAY_US),
        in->to != NULL ? in->to : day_of(call, now_us)};
    const char *accept = call_header(call, "accept");
    TRY(spending_report(call->ctx, call->services->db, days, in->group_by, out));
    return accept != NULL && strncmp(accept, "text/csv", strlen("text/csv")) == 0
               ? reply_csv(call, out)
               : OK;
}

/* ---- prices ---- */

struct price_in {
    const char *model;
    int64_t input_microusd_per_mtok, output_microusd_per_mtok, cached_microusd_per_mtok;
    struct field_set has;
};
static const struct field price_in_fields[] = {
    FIELD_STR(struct price_in, model, "As the service names it", .required = true, .min = 1,
        .max = 120),
    FIELD_I64(struct price_in, input_microusd_per_mtok, "A million tokens read", .required = true,
        .max = 1000000000000),
    FIELD_I64(struct price_in, output_microusd_per_mtok, "A million tokens written",
        .required = true, .max = 1000000000000),
    FIELD_I64(struct price_in, cached_microusd_per_mtok,
        "A million tokens read before; null = as other input", .nullable = true,
        .max = 1000000000000),
};
struct prices_in {
    struct list prices;
};
static const struct field prices_in_fields[] = {
    FIELD_LIST(struct prices_in, prices, "All prices; those of other models go", .required = true,
        .max = 200, .shape = SHAPE_SET(price_in)),
};
struct prices_out {
    struct list prices;
};
static const struct field prices_out_fields[] = {
    FIELD_LIST(struct prices_out, prices, "By model", .shape = &model_price_shape),
};

static err prices(struct call *call)
{
    struct prices_out *out = call->out;
    return spending_prices(call->ctx, call->services->db, &out->prices);
}

static err check_models(struct ctx *ctx, const struct list *list)
{
    const struct price_in *rows = list->items;
    for (int64_t i = 0; i < list->count; i++) {
        for (int64_t j = 0; j < i; j++) {
            if (strcmp(rows[i].model, rows[j].model) == 0) {
                return fail_field(ctx, "prices", CODE_VALIDATION_ERROR, "names a model twice");
            }
        }
    }
    return OK;
}

static err set_prices(struct call *call)
{
    const struct prices_in *in = call->in;
    struct buf json;
    const char *text = NULL;
    size_t len = 0;
    TRY(check_models(call->ctx, &in->prices));
    buf_init(&json, call->ctx->arena, 1024, 2 * LIMIT_BODY_BYTES);
    const struct price_in *rows = in->prices.items;
    buf_char(&json, '[');
    for (int64_t i = 0; i < in->prices.count; i++) {
        buf_str(&json, i > 0 ? "," : "");
        field_encode_present(&json, SHAPE_SET(price_in), &rows[i]);
    }
    buf_char(&json, ']');
    TRY(buf_finish(call->ctx, &json, &text, &len));
    TRY(spending_set_prices(call->ctx, call->services->db, text, call->principal.user_id));
    return prices(call);
}

/* ---- budgets ---- */

static err budgets(struct call *call)
{
    struct budget *out = call->out;
    TRY(spending_budget(call->ctx, call->services->db, out));
    call->version = out->version;
    return OK;
}

static err set_budgets(struct call *call)
{
    struct budget wanted = *(const struct budget *)call->in;
    struct budget *out = call->out;
    wanted.version = call->if_match;
    TRY(spending_set_budget(call->ctx, call->services->db, &wanted, call->principal.user_id, out));
    call->version = out->version;
    return OK;
}

/* ---- one's own ---- */

struct usage_today {
    int64_t messages, limit;
};
static const struct field usage_today_fields[] = {
    FIELD_I64(struct usage_today, messages, "Questions since midnight UTC"),
    FIELD_I64(struct usage_today, limit, "Questions that a day allows"),
};
struct usage_month {
    int64_t tokens;
};
static const struct field usage_month_fields[] = {
    FIELD_I64(struct usage_month, tokens, "Tokens read and written this month"),
};
struct usage_mine {
    struct usage_today today;
    struct usage_month month;
    int64_t resets_at;
};
static const struct field usage_mine_fields[] = {
    FIELD_OBJ(struct usage_mine, today, usage_today, "Today", .shape = SHAPE(usage_today)),
    FIELD_OBJ(struct usage_mine, month, usage_month, "This month", .shape = SHAPE(usage_month)),
    FIELD_TIME(struct usage_mine, resets_at, "Begin of the next day"),
};

static err mine(struct call *call)
{
    struct usage_mine *out = call->out;
    struct my_usage used;
    TRY(spending_of_user(call->ctx, call->services->db, call->principal.user_id, &used));
    out->today.messages = used.messages;
    out->today.limit = http_server_options(call->server)->config->rate_limit_chat_user_per_day;
    out->month.tokens = used.tokens;
    out->resets_at = used.resets_at;
    return OK;
}

#define SPENDING_ROW                                                                               \
    .tag = "Chat administration", .feature = FEATURE_CHAT, .auth = AUTH_USER, .role = ROLE_ADMIN,  \
    .rate = RATE_DEFAULT

const struct http_route chat_spending_routes[] = {
    {GET("/admin/usage"), SPENDING_ROW, .summary = "What the chat cost",
        .description = "With `Accept: text/csv` its rows as CSV.", .query = SHAPE(usage_query),
        .out = &usage_report_shape, .run = usage},
    {GET("/admin/model-prices"), SPENDING_ROW, .summary = "Prices of models",
        .description =
            "For services that do not say what a call cost. In millionths of a US dollar.",
        .out = SHAPE(prices_out), .run = prices},
    {PUT("/admin/model-prices"), SPENDING_ROW, .summary = "Set the prices of models",
        .in = SHAPE(prices_in), .out = SHAPE(prices_out), .run = set_prices},
    {GET("/admin/budgets"), SPENDING_ROW, .summary = "What the chat may cost", .versioned = true,
        .out = &budget_shape, .run = budgets},
    {PUT("/admin/budgets"), SPENDING_ROW, .summary = "Set what the chat may cost",
        .description = "In millionths of a US dollar; what is absent or null has no limit.",
        .versioned = true, .in = &budget_shape, .out = &budget_shape, .errors = {ERR_PRECONDITION},
        .run = set_budgets},
    {GET("/users/me/usage"), .tag = "Users", .feature = FEATURE_CHAT, .auth = AUTH_USER,
        .rate = RATE_DEFAULT, .summary = "One's own use of the chat", .out = SHAPE(usage_mine),
        .run = mine},
    {0},
};
