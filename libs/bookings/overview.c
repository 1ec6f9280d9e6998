#include "bookings/overview.h"

#include "bookings/sql.h"
#include "core/ctx.h"
#include "db/db.h"

#define SOON_MINUTES 5
#define ARRIVAL_DAYS 7

static const struct field bookings_overview_fields[] = {
    FIELD_I64(struct bookings_overview, hold, "Held"),
    FIELD_I64(struct bookings_overview, pending, "Asked for"),
    FIELD_I64(struct bookings_overview, confirmed, "Confirmed"),
    FIELD_I64(struct bookings_overview, completed, "Over"),
    FIELD_I64(struct bookings_overview, cancelled, "Cancelled"),
    FIELD_I64(struct bookings_overview, declined, "Declined"),
    FIELD_I64(struct bookings_overview, expired, "Held and not confirmed in time"),
    FIELD_I64(struct bookings_overview, holds_expiring, "Held, for another 5 minutes at most"),
    FIELD_I64(struct bookings_overview, requests_waiting,
        "Asked for, not answered, and the day of arriving is not over"),
    FIELD_I64(struct bookings_overview, next_arrivals,
        "Confirmed guests who arrive today or on one of the 6 days after it"),
};
const struct shape bookings_overview_shape = {
    .name = "OverviewBookings",
    .size = sizeof(struct bookings_overview),
    .fields = bookings_overview_fields,
    .count = sizeof(bookings_overview_fields) / sizeof(bookings_overview_fields[0]),
};

err bookings_overview(struct ctx *ctx, struct db *db, struct bookings_overview *out)
{
    struct list rows = {0};
    TRY(db_list_slow(ctx, db, &SQL_bookings_overview,
        DB_ARGS(DB_I64(SOON_MINUTES), DB_I64(ARRIVAL_DAYS)), &bookings_overview_shape,
        /* max */ 1, &rows));
    *out = *(const struct bookings_overview *)rows.items;
    return OK;
}
