/* chat/spending.h - what services cost, what may be spent, and what was.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. Money is in millionths of a US dollar; changes are audited. */
#ifndef CHAT_SPENDING_H
#define CHAT_SPENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;

/* ---- what was spent ---- */

struct usage_sum {
    struct field_set has;
    const char *key; /* of a row: day, model, feature, user or version */
    int64_t calls, prompt_tokens, completion_tokens;
    int64_t cost_microusd; /* null: some of it has no known price */
    int64_t errors, fallbacks;
    struct strs unpriced_models; /* of the total only */
};
struct usage_report {
    struct list rows; /* of struct usage_sum */
    struct usage_sum totals;
    struct strs unpriced_models;
};
extern const char *const usage_groups[]; /* NULL-terminated; the first is the default */
extern const struct shape usage_report_shape, usage_sum_shape;
/* from, to: days, both included. */
err spending_report(struct ctx *ctx, struct db *db, const char *const days[2], const char *group,
    struct usage_report *out);

struct my_usage {
    int64_t messages, tokens, resets_at;
};
err spending_of_user(struct ctx *ctx, struct db *db, int64_t user_id, struct my_usage *out);

/* ---- what a model costs ---- */

struct model_price {
    struct field_set has;
    const char *model;
    int64_t input_microusd_per_mtok, output_microusd_per_mtok, cached_microusd_per_mtok;
    int64_t effective_from;
};
extern const struct shape model_price_shape;
err spending_prices(struct ctx *ctx, struct db *db, struct list *out);
/* The whole list: prices of models not in it go. json: of objects with the members of model_price. */
err spending_set_prices(struct ctx *ctx, struct db *db, const char *json, int64_t actor_id);

/* ---- what may be spent ---- */

struct budget {
    struct field_set has; /* null: no limit */
    int64_t daily_microusd, monthly_microusd, per_user_daily_microusd, per_guest_daily_microusd;
    const char *on_exceed;
    int64_t alert_pct;
    int64_t version; /* not shown */
};
extern const char *const budget_steps[]; /* NULL-terminated */
extern const struct shape budget_shape;
err spending_budget(struct ctx *ctx, struct db *db, struct budget *out);
/* budget->version: the one that is to be replaced, 0 = whichever (else ERR_PRECONDITION). */
err spending_set_budget(struct ctx *ctx, struct db *db, const struct budget *budget,
    int64_t actor_id, struct budget *out);

#endif
