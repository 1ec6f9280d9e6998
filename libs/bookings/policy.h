/* bookings/policy.h - what is given back on cancelling, by how many days are left until the stay. The terms are kept with the booking
 * as they were agreed.
 * Errors: policy_refund: ERR_INTERNAL for terms that are not ours. */
#ifndef BOOKINGS_POLICY_H
#define BOOKINGS_POLICY_H

#include <stdint.h>

#include "core/err.h"

struct ctx;

struct policy {
    const char *code, *summary;
    int64_t free_days;    /* everything is given back until so many days before */
    const char *snapshot; /* JSON: code and tiers */
};
/* Never NULL: an unknown code has the terms of moderate. */
const struct policy *policy_find(const char *code);

struct policy_refund {
    int64_t pct, amount_minor; /* rounded down */
};
err policy_refund(struct ctx *ctx, const char *snapshot, int64_t days_left, int64_t total_minor,
    struct policy_refund *out);

#endif
