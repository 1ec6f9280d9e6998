/* api/overview.c - what goes on, all together, for administrators. */
#include "bookings/overview.h"
#include "api/api.h"
#include "chat/review.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"

struct overview_out {
    struct field_set has;
    struct overview_period last_24h, last_7d, last_30d;
    struct bookings_overview bookings;
};
static const struct field overview_out_fields[] = {
    FIELD_OBJ(struct overview_out, last_24h, overview_period, "The last 24 hours",
        .shape = &overview_period_shape),
    FIELD_OBJ(struct overview_out, last_7d, overview_period, "The last 7 days",
        .shape = &overview_period_shape),
    FIELD_OBJ(struct overview_out, last_30d, overview_period, "The last 30 days",
        .shape = &overview_period_shape),
    FIELD_OBJ(struct overview_out, bookings, bookings_overview, "Stays as they are now",
        .shape = &bookings_overview_shape, .nullable = true, .omit = true),
};
enum { OUT_BOOKINGS = 3 };
static const struct shape overview_shape = {
    .name = "Overview",
    .size = sizeof(struct overview_out),
    .fields = overview_out_fields,
    .count = sizeof(overview_out_fields) / sizeof(overview_out_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct overview_out, has),
};

static err show(struct call *call)
{
    const struct services *services = call->services;
    const bool with_bookings = services->settings->bookings;
    struct overview_out *out = call->out;
    struct overview periods = {0};
    TRY(review_overview(call->ctx, services->db, with_bookings, &periods));
    out->last_24h = periods.last_24h;
    out->last_7d = periods.last_7d;
    out->last_30d = periods.last_30d;
    if (with_bookings) {
        out->has.present |= UINT64_C(1) << OUT_BOOKINGS;
        TRY(bookings_overview(call->ctx, services->db, &out->bookings));
    }
    return OK;
}

const struct http_route overview_routes[] = {
    {GET("/admin/overview"), .auth = AUTH_USER, .role = ROLE_ADMIN, .rate = RATE_DEFAULT,
        .tag = "Overview", .summary = "What went on in the last day, week and month",
        .description = "Bookings are left out where they are switched off.", .out = &overview_shape,
        .run = show},
    {0},
};
