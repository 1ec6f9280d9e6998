/* api/rates.c - what hosts ask for their nights. */
#include "bookings/rates.h"

#include <string.h>

#include "api/api.h"
#include "api/booking_input.h"
#include "api/input.h"
#include "bookings/calendar.h"
#include "core/codes.h"
#include "core/json.h"
#include "core/services.h"
#include "http/call.h"

#define AMOUNT_MAX 1000000000000000
#define RATES_HOST_ROW                                                                             \
    .tag = "Stays", .feature = FEATURE_BOOKINGS, .auth = AUTH_USER, .role = ROLE_AGENT,            \
    .rate = RATE_DEFAULT, .params = &id_params_shape, .versioned = true, .out = &rate_plan_shape

struct rule_in {
    struct field_set has;
    const char *from, *to;
    int64_t nightly_minor, min_nights, max_nights;
    const char *closed_to_arrival_dow, *closed_to_departure_dow;
    int64_t priority;
};
#define RULE_AMOUNT(s, m, doc, ...)                                                                \
    FIELD_I64(s, m, doc, .min = 0, .max = AMOUNT_MAX, .unit = "minor units", __VA_ARGS__)
static const struct field rule_in_fields[] = {
    FIELD_DATE(struct rule_in, from, "First day", .required = true),
    FIELD_DATE(struct rule_in, to, "Day after the last", .required = true),
    RULE_AMOUNT(struct rule_in, nightly_minor, "A night", .nullable = true),
    FIELD_I64(struct rule_in, min_nights, "Shortest stay that begins here", .nullable = true,
        .min = 1, .max = CALENDAR_NIGHTS_MAX),
    FIELD_I64(struct rule_in, max_nights, "Longest stay that begins here", .nullable = true,
        .min = 1, .max = CALENDAR_NIGHTS_MAX),
    FIELD_JSON(struct rule_in, closed_to_arrival_dow, "Weekdays without arrivals, 0 = Sunday",
        .list = true, .max = 7),
    FIELD_JSON(struct rule_in, closed_to_departure_dow, "Weekdays without departures, 0 = Sunday",
        .list = true, .max = 7),
    FIELD_I64(struct rule_in, priority, "The higher one decides", .min = -1000, .max = 1000),
};

struct rates_in {
    struct field_set has;
    int64_t base_nightly_minor, weekend_nightly_minor, cleaning_fee_minor, extra_guest_minor,
        extra_guest_from;
    double weekly_discount_pct, monthly_discount_pct, tax_pct;
    int64_t min_nights, max_nights;
    bool instant_book;
    struct list rules;
};
#define PCT(m, doc) FIELD_F64(struct rates_in, m, doc, .min = 0, .max = 100, .unit = "%")
static const struct field rates_in_fields[] = {
    RULE_AMOUNT(struct rates_in, base_nightly_minor, "A night", .required = true),
    RULE_AMOUNT(struct rates_in, weekend_nightly_minor, "A night of Friday or Saturday",
        .nullable = true),
    RULE_AMOUNT(struct rates_in, cleaning_fee_minor, "A stay", .dflt = 0),
    RULE_AMOUNT(struct rates_in, extra_guest_minor, "A guest more and night", .dflt = 0),
    FIELD_I64(struct rates_in, extra_guest_from, "So many guests are in the price of a night",
        .nullable = true, .min = 1, .max = 1000),
    PCT(weekly_discount_pct, "Off the nights from 7 on"),
    PCT(monthly_discount_pct, "Off the nights from 28 on"),
    PCT(tax_pct, "On top of everything"),
    FIELD_I64(struct rates_in, min_nights, "Shortest stay", .min = 1, .max = CALENDAR_NIGHTS_MAX,
        .dflt = 1),
    FIELD_I64(struct rates_in, max_nights, "Longest stay", .min = 1, .max = CALENDAR_NIGHTS_MAX,
        .dflt = CALENDAR_NIGHTS_MAX),
    FIELD_BOOL(struct rates_in, instant_book, "Booked without being asked", .dflt = true),
    FIELD_LIST(struct rates_in, rules, "Other prices and limits for some days",
        .shape = SHAPE_SET(rule_in), .max = QUOTE_RULES_MAX),
};

/* Also NULL: none. */
static bool are_weekdays(struct ctx *ctx, const char *text)
{
    const struct json *list = NULL;
    if (text == NULL) {
        return true;
    }
    if (!is_ok(json_parse(ctx, text, strlen(text), &list))) {
        err_clear(ctx); /* it was well formed when it came: said by the caller */
        return false;
    }
    for (size_t i = 0; i < json_count(list); i++) {
        int64_t weekday = 0;
        if (!json_i64(json_at(list, i), &weekday) || weekday < 0 || weekday > 6) {
            return false;
        }
    }
    return true;
}

static err check_rule(struct ctx *ctx, const struct rule_in *rule)
{
    int64_t from = 0;
    int64_t to = 0;
    if (!calendar_read(rule->from, &from) || !calendar_read(rule->to, &to) || to <= from) {
        return fail_field(ctx, "rules.to", CODE_VALIDATION_ERROR, "must be after from");
    }
    if (rule->max_nights != 0 && rule->max_nights < rule->min_nights) {
        return fail_field(ctx, "rules.max_nights", CODE_VALIDATION_ERROR,
            "must be at least min_nights");
    }
    if (!are_weekdays(ctx, rule->closed_to_arrival_dow)) {
        return fail_field(ctx, "rules.closed_to_arrival_dow", CODE_VALIDATION_ERROR,
            "must be weekdays from 0 to 6");
    }
    if (!are_weekdays(ctx, rule->closed_to_departure_dow)) {
        return fail_field(ctx, "rules.closed_to_departure_dow", CODE_VALIDATION_ERROR,
            "must be weekdays from 0 to 6");
    }
    return OK;
}

static err check_rates(struct ctx *ctx, const struct rates_in *in)
{
    const struct rule_in *rules = in->rules.items;
    if (in->max_nights < in->min_nights) {
        return fail_field(ctx, "max_nights", CODE_VALIDATION_ERROR, "must be at least min_nights");
    }
    for (int64_t i = 0; i < in->rules.count; i++) {
        TRY(check_rule(ctx, &rules[i]));
    }
    return OK;
}

static err show(struct call *call)
{
    const struct id_params *params = call->params;
    const struct booking_actor actor = booking_actor_of(call);
    struct rate_plan *out = call->out;
    TRY(rates_get(call->ctx, call->services->db, &actor, params->id, out));
    call->version = out->version;
    return OK;
}

static err put(struct call *call)
{
    const struct id_params *params = call->params;
    const struct rates_in *in = call->in;
    const struct booking_actor actor = booking_actor_of(call);
    struct rates_change change = {.property_id = params->id, .if_version = call->if_match};
    struct rate_plan *out = call->out;
    TRY(check_rates(call->ctx, in));
    TRY(input_patch(call->ctx, SHAPE_SET(rates_in), in, &change.columns));
    TRY(rates_put(call->ctx, call->services->db, &actor, &change, out));
    call->version = out->version;
    return OK;
}

const struct http_route rates_routes[] = {
    {GET("/properties/{id}/rates"), RATES_HOST_ROW, .summary = "Rates of a property",
        .errors = {ERR_NOT_FOUND}, .run = show},
    {PUT("/properties/{id}/rates"), RATES_HOST_ROW, .summary = "Set the rates of a property",
        .description = "All of them: what is left out has its default. Two rules of the same "
                       "priority may not have a day in common.",
        .in = SHAPE_SET(rates_in), .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION},
        .run = put},
    {0},
};
