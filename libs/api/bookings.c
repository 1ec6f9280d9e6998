/* api/bookings.c - stays, from holding the nights to leaving. */
#include "bookings/bookings.h"

#include "api/api.h"
#include "api/booking_input.h"
#include "api/input.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"

#define NEWEST_FIRST "-id" /* the one order there is */
#define CONTACT_MAX_BYTES 4096

/* ---- held ---- */

struct contact {
    struct field_set has;
    const char *name, *email, *phone;
};

static const struct field contact_fields[] = {
    FIELD_STR(struct contact, name, "Who comes", .required = true, .max = 120,
        .check = input_is_said, .check_text = "must not be blank"),
    FIELD_STR(struct contact, email, "Where to write", .required = true, .max = 254,
        .check = input_is_email, .check_text = "must be an e-mail address"),
    FIELD_STR(struct contact, phone, "Where to call, like +66 2 123 4567", .nullable = true,
        .max = 32, .check = input_is_phone,
        .check_text = "must be a phone number with country code"),
};

struct booking_in {
    int64_t property_id;
    const char *check_in, *check_out;
    int64_t guests;
    struct contact contact;
    const char *quote_token, *note;
};
static const struct field booking_in_fields[] = {
    FIELD_I64(struct booking_in, property_id, "Property", .required = true, .min = 1,
        .max = INT64_MAX),
    FIELD_DATE(struct booking_in, check_in, "Day of arriving", .required = true),
    FIELD_DATE(struct booking_in, check_out, "Day of leaving", .required = true),
    FIELD_I64(struct booking_in, guests, "How many come", .required = true, .min = 1, .max = 1000),
    FIELD_OBJ(struct booking_in, contact, contact, "Whom to reach", .required = true,
        .shape = SHAPE_SET(contact)),
    FIELD_STR(struct booking_in, quote_token, "Of the quote whose price is to be kept",
        .nullable = true, .min = 1, .max = LIMIT_QUOTE_TOKEN_BYTES),
    FIELD_STR(struct booking_in, note, "For the host", .nullable = true, .max = 2000),
};

static err contact_text(struct ctx *ctx, const struct contact *contact, const char **out)
{
    struct buf buf;
    size_t len = 0;
    buf_init(&buf, ctx->arena, 256, CONTACT_MAX_BYTES);
    field_encode_present(&buf, SHAPE_SET(contact), contact);
    return buf_finish(ctx, &buf, out, &len);
}

static err hold(struct call *call)
{
    const struct booking_in *in = call->in;
    const struct booking_actor actor = booking_actor_of(call);
    const struct quote_key key = booking_quote_key(call);
    struct hold_request request = {
        .property_id = in->property_id,
        .check_in = in->check_in,
        .check_out = in->check_out,
        .guests = in->guests,
        .note = in->note,
        .quote_token = in->quote_token,
        .key = &key,
        .minutes = call->services->settings->hold_minutes,
        .at_a_time = call->services->settings->holds_per_user,
    };
    struct booking *out = call->out;
    bool made = false;
    TRY(contact_text(call->ctx, &in->contact, &request.contact));
    TRY(bookings_hold(call->ctx, call->services->db, &actor, &request, out, &made));
    call->status = made ? 201 : 200;
    call->version = out->version;
    return OK;
}

/* ---- seen ---- */

struct bookings_query {
    const char *status;
    int64_t property_id;
    const char *from, *to;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field bookings_query_fields[] = {
    FIELD_ENUM(struct bookings_query, status, "Only these", .choices = booking_statuses),
    FIELD_I64(struct bookings_query, property_id, "Only at this property", .min = 1,
        .max = INT64_MAX),
    FIELD_DATE(struct bookings_query, from, "Only with a night on this day or later"),
    FIELD_DATE(struct bookings_query, to, "Only with a night before this day"),
    PAGE_QUERY_FIELDS(struct bookings_query),
};

static err list(struct call *call)
{
    const struct bookings_query *in = call->query;
    const struct booking_actor actor = booking_actor_of(call);
    struct cursor after = {0};
    struct page *page = &call->page;
    TRY(cursor_read(call, in->cursor, NEWEST_FIRST, &after));
    const struct booking_filter filter = {
        .status = in->status,
        .property_id = in->property_id,
        .from = in->from,
        .to = in->to,
        .after_id = after.id,
        .limit = in->limit + 1,
    };
    TRY(bookings_list(call->ctx, call->services->db, &actor, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct booking *rows = page->items.items;
        const struct cursor next = {.id = rows[page->items.count - 1].id};
        page->next_cursor = cursor_write(call, NEWEST_FIRST, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(bookings_count(call->ctx, call->services->db, &actor, &filter, &page->total));
    }
    return OK;
}

/* The version is for those who ask again: If-None-Match. */
static err show(struct call *call, err found)
{
    const struct booking *out = call->out;
    call->version = out->version;
    return found;
}

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    const struct booking_actor actor = booking_actor_of(call);
    return show(call, bookings_get(call->ctx, call->services->db, &actor, params->id, call->out));
}

/* ---- moved on ---- */

struct confirm_in {
    bool accept_terms;
};
static const struct field confirm_in_fields[] = {
    FIELD_BOOL(struct confirm_in, accept_terms, "That the terms are agreed to: true",
        .required = true),
};

static err confirm(struct call *call)
{
    const struct id_params *params = call->params;
    const struct confirm_in *in = call->in;
    const struct booking_actor actor = booking_actor_of(call);
    if (!in->accept_terms) {
        return fail_field(call->ctx, "accept_terms", CODE_VALIDATION_ERROR, "must be true");
    }
    return show(call,
        bookings_confirm(call->ctx, call->services->db, &actor, params->id, call->out));
}

static err approve(struct call *call)
{
    const struct id_params *params = call->params;
    const struct booking_actor actor = booking_actor_of(call);
    return show(call,
        bookings_approve(call->ctx, call->services->db, &actor, params->id, call->out));
}

struct decline_in {
    const char *reason;
};
static const struct field decline_in_fields[] = {
    FIELD_STR(struct decline_in, reason, "Why", .nullable = true, .max = 500)};

static err decline(struct call *call)
{
    const struct id_params *params = call->params;
    const struct decline_in *in = call->in;
    const struct booking_actor actor = booking_actor_of(call);
    return show(call,
        bookings_decline(call->ctx, call->services->db, &actor, params->id, in->reason, call->out));
}

struct early {
    const char *date;
};
static const struct field early_fields[] = {
    FIELD_DATE(struct early, date, "New day of leaving", .required = true)};

struct cancel_in {
    const char *reason;
    struct early early_departure;
};
static const struct field cancel_in_fields[] = {
    FIELD_STR(struct cancel_in, reason, "Why", .nullable = true, .max = 500),
    FIELD_OBJ(struct cancel_in, early_departure, early,
        "Shortens the stay instead, at the same price; admins only", .shape = SHAPE(early)),
};

static err cancel(struct call *call)
{
    const struct id_params *params = call->params;
    const struct cancel_in *in = call->in;
    const struct booking_actor actor = booking_actor_of(call);
    if (in->early_departure.date == NULL) {
        return show(call, bookings_cancel(call->ctx, call->services->db, &actor, params->id,
                              in->reason, call->out));
    }
    if (!actor.admin) {
        return fail_public(call->ctx, ERR_FORBIDDEN, /* name */ NULL, "Required role: admin");
    }
    const struct early_departure early = {params->id, in->early_departure.date, in->reason};
    return show(call, bookings_shorten(call->ctx, call->services->db, &actor, &early, call->out));
}

#define BOOKING_ROW                                                                                \
    .tag = "Bookings", .feature = FEATURE_BOOKINGS, .auth = AUTH_USER, .rate = RATE_DEFAULT
#define MOVE_ROW                                                                                   \
    BOOKING_ROW, .idempotent = true, .params = &id_params_shape, .versioned = true,                \
                 .out = &booking_shape

const struct http_route bookings_routes[] = {
    {POST("/bookings"), BOOKING_ROW, .summary = "Hold nights",
        .description =
            "201 with a hold that is to be confirmed before it expires; 200 with the "
            "one there is when the same nights are held already. Taken nights are 409 "
            "DATES_UNAVAILABLE, whose details say when as many are free. Who holds as many "
            "stays as one user may gets 409 CONFLICT.",
        .idempotent = true, .versioned = true, .in = SHAPE(booking_in), .out = &booking_shape,
        .status = 201, .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_GONE}, .run = hold},
    {GET("/bookings"), BOOKING_ROW, .summary = "Bookings, newest first",
        .description = "One's own; agents also those of their listings; admins all.",
        .query = SHAPE(bookings_query), .page = true, .out = &booking_shape, .run = list},
    {GET("/bookings/{id}"), BOOKING_ROW, .summary = "One booking", .params = &id_params_shape,
        .versioned = true, .out = &booking_shape, .errors = {ERR_NOT_FOUND}, .run = get},
    {POST("/bookings/{id}/confirm"), MOVE_ROW, .summary = "Confirm a hold",
        .description = "Confirmed at once, or pending where the host wants to be asked.",
        .in = SHAPE(confirm_in), .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_GONE}, .run = confirm},
    {POST("/bookings/{id}/approve"), MOVE_ROW, .role = ROLE_AGENT,
        .summary = "Accept a guest who asked", .errors = {ERR_NOT_FOUND, ERR_CONFLICT},
        .run = approve},
    {POST("/bookings/{id}/decline"), MOVE_ROW, .role = ROLE_AGENT,
        .summary = "Refuse a guest who asked", .in = SHAPE(decline_in),
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = decline},
    {POST("/bookings/{id}/cancel"), MOVE_ROW, .summary = "Cancel a booking",
        .description = "refund says what is given back: by the terms that were agreed when the "
                       "guest cancels, everything when the host does.",
        .in = SHAPE(cancel_in), .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_FORBIDDEN},
        .run = cancel},
    {0},
};
