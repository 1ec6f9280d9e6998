#include "bookings/availability.h"

#include "bookings/calendar.h"
#include "bookings/sql.h"
#include "core/arena.h"
#include "core/ctx.h"
#include "db/db.h"

static const char *const statuses[] = {"hold", "booked", "blocked", NULL};

static const struct field availability_day_fields[] = {
    FIELD_DATE(struct availability_day, date, "Day the night begins on"),
    FIELD_BOOL(struct availability_day, available, "The night can be had"),
    FIELD_I64(struct availability_day, price_minor, "The night alone", .unit = "minor units"),
    FIELD_I64(struct availability_day, min_nights, "Shortest stay that begins here"),
    FIELD_I64(struct availability_day, max_nights, "Longest stay that begins here"),
    FIELD_BOOL(struct availability_day, closed_to_arrival, "No stay begins here"),
    FIELD_BOOL(struct availability_day, closed_to_departure, "No stay ends here"),
    FIELD_ENUM(struct availability_day, status, "Who has it; for those who work on the listing",
        .choices = statuses, .nullable = true, .omit = true),
    FIELD_I64(struct availability_day, booking_id, "Likewise", .nullable = true, .omit = true),
};
enum { ROW_STATUS = 7, ROW_BOOKING = 8 };
const struct shape availability_day_shape = {
    .name = "AvailabilityDay",
    .size = sizeof(struct availability_day),
    .fields = availability_day_fields,
    .count = sizeof(availability_day_fields) / sizeof(availability_day_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct availability_day, has),
};

struct taken {
    int64_t id, from_day, to_day;
    const char *status;
};
static const struct field taken_fields[] = {
    FIELD_I64(struct taken, id, "Booking"),
    FIELD_I64(struct taken, from_day, "First night"),
    FIELD_I64(struct taken, to_day, "Day of leaving"),
    FIELD_ENUM(struct taken, status, "Kind", .choices = statuses),
};

static struct availability_day *make_days(struct ctx *ctx, const struct quote_rates *rates,
    const struct offer_days *days, int64_t today)
{
    const int64_t count = days->check_out - days->check_in;
    struct availability_day *out = ARENA_ARRAY(ctx->arena, struct availability_day, (size_t)count);
    for (int64_t i = 0; i < count; i++) {
        const int64_t day = days->check_in + i;
        const struct quote_day says = quote_day(rates, day);
        char *date = arena_alloc_raw(ctx->arena, CALENDAR_DATE_LEN + 1);
        calendar_write(day, date);
        out[i] = (struct availability_day){
            .date = date,
            .available = day >= today,
            .price_minor = says.price_minor,
            .min_nights = says.min_nights,
            .max_nights = says.max_nights,
            .closed_to_arrival = says.no_arrival,
            .closed_to_departure = says.no_departure,
        };
    }
    return out;
}

static void take(struct availability_day *day, const struct taken *by, bool tell)
{
    day->available = false;
    if (tell) {
        day->status = by->status;
        day->booking_id = by->id;
        day->has.present |= UINT64_C(1) << ROW_STATUS | UINT64_C(1) << ROW_BOOKING;
    }
}

err availability_get(struct ctx *ctx, struct db *db, const struct booking_actor *viewer,
    int64_t property_id, const struct offer_days *days, struct availability *out)
{
    const struct rates_query query = {
        property_id, /* currency= */ NULL, days->check_in, days->check_out, /* with_free= */ false};
    struct rates_listing listing = {0};
    struct quote_rates rates = {0};
    struct list rows = {0};
    TRY(rates_find(ctx, db, viewer, &query, &listing, &rates));
    TRY(db_list(ctx, db, &SQL_availability_taken,
        DB_ARGS(DB_I64(property_id), DB_I64(days->check_in), DB_I64(days->check_out)), SHAPE(taken),
        /* max */ 0, &rows));
    struct availability_day *list = make_days(ctx, &rates, days, listing.today);
    const struct taken *taken = rows.items;
    for (int64_t i = 0; i < rows.count; i++) {
        const int64_t from =
            taken[i].from_day > days->check_in ? taken[i].from_day : days->check_in;
        const int64_t to = taken[i].to_day < days->check_out ? taken[i].to_day : days->check_out;
        for (int64_t day = from; day < to; day++) {
            take(&list[day - days->check_in], &taken[i], listing.is_mine);
        }
    }
    *out = (struct availability){
        .property_id = property_id,
        .time_zone = listing.time_zone,
        .currency = listing.currency,
        .days = {list, days->check_out - days->check_in},
    };
    return OK;
}
