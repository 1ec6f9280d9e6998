#include "bookings/policy.h"

#include <stdbool.h>
#include <string.h>

#include "core/ctx.h"
#include "core/json.h"

static const struct policy policies[] = {
    {"moderate",
        "Full refund up to 30 days before check-in, 50% up to 14 days before, nothing after", 30,
        "{\"code\":\"moderate\",\"tiers\":[{\"days\":30,\"pct\":100},{\"days\":14,\"pct\":50}]}"},
    {"flexible",
        "Full refund up to 7 days before check-in, 50% up to the day before, nothing after", 7,
        "{\"code\":\"flexible\",\"tiers\":[{\"days\":7,\"pct\":100},{\"days\":1,\"pct\":50}]}"},
    {"strict", "Full refund up to 30 days before check-in, nothing after", 30,
        "{\"code\":\"strict\",\"tiers\":[{\"days\":30,\"pct\":100}]}"},
};

const struct policy *policy_find(const char *code)
{
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        if (code != NULL && strcmp(policies[i].code, code) == 0) {
            return &policies[i];
        }
    }
    return &policies[0];
}

err policy_refund(struct ctx *ctx, const char *snapshot, int64_t days_left, int64_t total_minor,
    struct policy_refund *out)
{
    const struct json *terms = NULL;
    int64_t best = 0;
    TRY(json_parse(ctx, snapshot, strlen(snapshot), &terms));
    const struct json *tiers = json_get(terms, "tiers");
    for (size_t i = 0; i < json_count(tiers); i++) {
        int64_t days = 0;
        int64_t pct = 0;
        if (!json_i64(json_get(json_at(tiers, i), "days"), &days) ||
            !json_i64(json_get(json_at(tiers, i), "pct"), &pct) || pct < 0 || pct > 100) {
            return fail(ctx, ERR_INTERNAL, "terms of a booking are not ours");
        }
        best = days_left >= days && pct > best ? pct : best;
    }
    out->pct = best;
    out->amount_minor = total_minor / 100 * best + total_minor % 100 * best / 100;
    return OK;
}
