#include "chat/spending.h"

#include <string.h>

#include "chat/sql.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "db/db.h"

/* ---- what was spent ---- */

const char *const usage_groups[] = {"day", "model", "feature", "user", "prompt_version", NULL};

static const struct field usage_sum_fields[] = {
    FIELD_STR(struct usage_sum, key, "Day, model, feature, user or version"),
    FIELD_I64(struct usage_sum, calls, "Calls of a service"),
    FIELD_I64(struct usage_sum, prompt_tokens, "Read"),
    FIELD_I64(struct usage_sum, completion_tokens, "Written"),
    FIELD_I64(struct usage_sum, cost_microusd, "Cost; null when the price of some of it is unknown",
        .nullable = true),
    FIELD_I64(struct usage_sum, errors, "Calls that failed"),
    FIELD_I64(struct usage_sum, fallbacks, "Calls of another model than the usual one"),
};
#define SUM_ROWS (sizeof(usage_sum_fields) / sizeof(usage_sum_fields[0]))
const struct shape usage_sum_shape = {
    .name = "usage_sum",
    .size = sizeof(struct usage_sum),
    .fields = usage_sum_fields,
    .count = SUM_ROWS,
    .has_set = true,
    .set_offset = offsetof(struct usage_sum, has),
};
static const struct shape usage_totals_shape = {
    .name = "usage_totals",
    .size = sizeof(struct usage_sum),
    .fields = usage_sum_fields + 1, /* without a key */
    .count = SUM_ROWS - 1,
    .has_set = true,
    .set_offset = offsetof(struct usage_sum, has),
};

static const struct field usage_report_fields[] = {
    FIELD_LIST(struct usage_report, rows, "One a key", .shape = &usage_sum_shape),
    FIELD_OBJ(struct usage_report, totals, usage_sum, "Of all rows", .shape = &usage_totals_shape),
    FIELD_STRS(struct usage_report, unpriced_models, "Models whose price is unknown"),
};
const struct shape usage_report_shape = {
    .name = "usage_report",
    .size = sizeof(struct usage_report),
    .fields = usage_report_fields,
    .count = sizeof(usage_report_fields) / sizeof(usage_report_fields[0]),
};

/* The row of sums, with the models that have no price. */
static const struct field totals_row_fields[] = {
    FIELD_I64(struct usage_sum, calls, "Calls"),
    FIELD_I64(struct usage_sum, prompt_tokens, "Read"),
    FIELD_I64(struct usage_sum, completion_tokens, "Written"),
    FIELD_I64(struct usage_sum, cost_microusd, "Cost", .nullable = true),
    FIELD_I64(struct usage_sum, errors, "Failed"),
    FIELD_I64(struct usage_sum, fallbacks, "Of another model"),
    FIELD_STRS(struct usage_sum, unpriced_models, "Without a price"),
};
static const struct shape totals_row_shape = {
    .name = "usage_totals",
    .size = sizeof(struct usage_sum),
    .fields = totals_row_fields,
    .count = sizeof(totals_row_fields) / sizeof(totals_row_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct usage_sum, has),
};

err spending_report(struct ctx *ctx, struct db *db, const char *const days[2], const char *group,
    struct usage_report *out)
{
    TRY(db_list_slow(ctx, db, &SQL_chat_usage,
        DB_ARGS(DB_TEXT(days[0]), DB_TEXT(days[1]), DB_TEXT(group)), &usage_sum_shape,
        /* max */ 0, &out->rows));
    struct list totals = {0};
    TRY(db_list_slow(ctx, db, &SQL_chat_usage_total, DB_ARGS(DB_TEXT(days[0]), DB_TEXT(days[1])),
        &totals_row_shape, /* max */ 1, &totals));
    out->totals = *(const struct usage_sum *)totals.items;
    out->unpriced_models = out->totals.unpriced_models;
    return OK;
}

static const struct field my_usage_fields[] = {
    FIELD_I64(struct my_usage, messages, "Questions today"),
    FIELD_I64(struct my_usage, tokens, "Tokens this month"),
    FIELD_TIME(struct my_usage, resets_at, "Begin of the next day"),
};

err spending_of_user(struct ctx *ctx, struct db *db, int64_t user_id, struct my_usage *out)
{
    return db_one(ctx, db, &SQL_chat_usage_mine, DB_ARGS(DB_I64(user_id)), SHAPE(my_usage), out);
}

/* ---- what a model costs ---- */

static const struct field model_price_fields[] = {
    FIELD_STR(struct model_price, model, "As the service names it"),
    FIELD_I64(struct model_price, input_microusd_per_mtok, "A million tokens read"),
    FIELD_I64(struct model_price, output_microusd_per_mtok, "A million tokens written"),
    FIELD_I64(struct model_price, cached_microusd_per_mtok,
        "A million tokens read before; null = as other input", .nullable = true),
    FIELD_TIME(struct model_price, effective_from, "Since when"),
};
const struct shape model_price_shape = {
    .name = "model_price",
    .size = sizeof(struct model_price),
    .fields = model_price_fields,
    .count = sizeof(model_price_fields) / sizeof(model_price_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct model_price, has),
};

err spending_prices(struct ctx *ctx, struct db *db, struct list *out)
{
    return db_list(ctx, db, &SQL_chat_prices, DB_NO_ARGS, &model_price_shape, /* max */ 0, out);
}

struct change {
    const char *json; /* as asked for */
    int64_t actor_id;
    const struct budget *budget;
};

static err record(struct ctx *ctx, struct db *tx, const struct change *change, const char *action)
{
    return db_exec(ctx, tx, &SQL_chat_audit,
        DB_ARGS(DB_I64(change->actor_id), DB_TEXT(action), DB_TEXT("chat_spending"), DB_I64(0),
            DB_TEXT(change->json), DB_TEXT(ctx->request_id)),
        /* out_affected */ NULL);
}

static err set_prices(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct change *change = arg;
    const struct db_args json = DB_ARGS(DB_TEXT(change->json));
    TRY(db_exec(ctx, tx, &SQL_chat_prices_clear, json, /* out_affected */ NULL));
    TRY(db_exec(ctx, tx, &SQL_chat_prices_put, json, /* out_affected */ NULL));
    return record(ctx, tx, change, "model_prices.update");
}

err spending_set_prices(struct ctx *ctx, struct db *db, const char *json, int64_t actor_id)
{
    struct change change = {json, actor_id, NULL};
    return db_tx(ctx, db, set_prices, &change);
}

/* ---- what may be spent ---- */

const char *const budget_steps[] = {"cheaper", "retrieval_only", "block", NULL};

static const struct field budget_fields[] = {
    FIELD_I64(struct budget, daily_microusd, "Of the product a day; null = no limit",
        .nullable = true, .max = INT64_MAX / 1000),
    FIELD_I64(struct budget, monthly_microusd, "Of the product a month; null = no limit",
        .nullable = true, .max = INT64_MAX / 1000),
    FIELD_I64(struct budget, per_user_daily_microusd, "Of a user a day; null = no limit",
        .nullable = true, .max = INT64_MAX / 1000),
    FIELD_I64(struct budget, per_guest_daily_microusd, "Of a guest a day; null = no limit",
        .nullable = true, .max = INT64_MAX / 1000),
    FIELD_ENUM(struct budget, on_exceed,
        "Beyond a limit: the fallback model, answers without a model, or 429",
        .choices = budget_steps, .dflt_text = "retrieval_only"),
    FIELD_I64(struct budget, alert_pct,
        "From this share of the product's limits a warning is logged", .min = 1, .max = 100,
        .dflt = 80),
    FIELD_I64(struct budget, version, "Version"),
};
enum { ROW_DAILY = 0, ROW_MONTHLY = 1, ROW_USER = 2, ROW_GUEST = 3, BUDGET_SHOWN = 6 };
const struct shape budget_shape = {
    .name = "budget",
    .size = sizeof(struct budget),
    .fields = budget_fields,
    .count = BUDGET_SHOWN,
    .has_set = true,
    .set_offset = offsetof(struct budget, has),
};

err spending_budget(struct ctx *ctx, struct db *db, struct budget *out)
{
    const err found = db_one(ctx, db, &SQL_chat_budget_get, DB_NO_ARGS, SHAPE_SET(budget), out);
    if (found.code != ERR_NOT_FOUND) {
        return found;
    }
    err_clear(ctx); /* none is set */
    *out = (struct budget){.has = {.present = ~UINT64_C(15)},
        .on_exceed = budget_steps[1],
        .alert_pct = 80,
        .version = 1};
    return OK;
}

static struct db_arg limit(const struct budget *budget, size_t row, int64_t value)
{
    const bool given = field_is_present(&budget->has, row) && (budget->has.null >> row & 1U) == 0;
    return given ? DB_I64(value) : DB_NULL();
}

struct lock_row {
    bool done;
};
static const struct field lock_row_fields[] = {FIELD_BOOL(struct lock_row, done, "Locked")};

static err set_budget(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct change *change = arg;
    const struct budget *budget = change->budget;
    struct budget before;
    struct lock_row row;
    TRY(db_one(ctx, tx, &SQL_chat_budget_lock, DB_NO_ARGS, SHAPE(lock_row), &row));
    TRY(spending_budget(ctx, tx, &before));
    if (budget->version != 0 && budget->version != before.version) {
        return fail(ctx, ERR_PRECONDITION, "budgets have another version");
    }
    TRY(db_exec(ctx, tx, &SQL_chat_budget_put,
        DB_ARGS(limit(budget, ROW_DAILY, budget->daily_microusd),
            limit(budget, ROW_MONTHLY, budget->monthly_microusd),
            limit(budget, ROW_USER, budget->per_user_daily_microusd),
            limit(budget, ROW_GUEST, budget->per_guest_daily_microusd), DB_TEXT(budget->on_exceed),
            DB_I64(budget->alert_pct), DB_I64(before.version + 1)),
        /* out_affected */ NULL));
    return record(ctx, tx, change, "budgets.update");
}

err spending_set_budget(struct ctx *ctx, struct db *db, const struct budget *budget,
    int64_t actor_id, struct budget *out)
{
    struct buf json;
    buf_init(&json, ctx->arena, 512, 4096);
    field_encode(&json, &budget_shape, budget);
    struct change change = {buf_text(&json), actor_id, budget};
    TRY(db_tx(ctx, db, set_budget, &change));
    return spending_budget(ctx, db, out);
}
