#include <inttypes.h>
#include <string.h>

#include "bookings/bookings.h"
#include "bookings/calendar.h"
#include "bookings/internal.h"
#include "bookings/policy.h"
#include "bookings/sql.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/services.h"
#include "db/db.h"

#define BATCH 100     /* rows of one statement: it must not hold locks for long */
#define SPARE_MS 5000 /* of a run, for its last statement */
#define KEEP_JOBS_S 86400

struct state {
    struct field_set has;
    int64_t id, version;
    const char *status;
    bool is_guest, is_host, hold_is_over, stay_is_over, instant_book;
    int64_t days_left, check_in, check_out, total_minor;
    const char *policy;
};
static const struct field state_fields[] = {
    FIELD_I64(struct state, id, "Id"),
    FIELD_I64(struct state, version, "Version"),
    FIELD_STR(struct state, status, "How far it is"),
    FIELD_BOOL(struct state, is_guest, "The actor's own"),
    FIELD_BOOL(struct state, is_host, "The actor works on the listing"),
    FIELD_BOOL(struct state, hold_is_over, "Its time, that is"),
    FIELD_BOOL(struct state, stay_is_over, "There"),
    FIELD_BOOL(struct state, instant_book, "Nobody need approve"),
    FIELD_I64(struct state, days_left, "Until the stay, there"),
    FIELD_I64(struct state, check_in, "First night"),
    FIELD_I64(struct state, check_out, "Day of leaving"),
    FIELD_I64(struct state, total_minor, "Price"),
    FIELD_JSON(struct state, policy, "Terms"),
};

/* What is to become of a booking. */
struct move {
    const char *to;
    bool has_refund;
    struct policy_refund refund;
    const char *new_check_out; /* NULL = stays */
};

struct moving {
    const struct booking_actor *actor;
    int64_t id;
    const char *reason, *date;
    err (*decide)(struct ctx *ctx, const struct moving *moving, const struct state *state,
        struct move *out);
    struct booking *out;
};

static err wrong_state(struct ctx *ctx)
{
    return fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE,
        "The booking is in a state that does not allow this");
}

static err not_theirs(struct ctx *ctx)
{
    return booking_or(ctx, fail(ctx, ERR_NOT_FOUND, "booking is not the actor's to move"));
}

static bool is(const struct state *state, const char *status)
{
    return strcmp(state->status, status) == 0;
}

/* Decides on the row as it was read, and moves it only if it still is in that version. */
static err move(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct moving *moving = arg;
    const struct booking_actor *actor = moving->actor;
    struct state state = {0};
    struct move to = {0};
    int64_t moved = 0;
    TRY(booking_or(ctx, db_one(ctx, tx, &SQL_bookings_state,
                            DB_ARGS(DB_I64(moving->id), DB_I64(actor->user_id),
                                DB_BOOL(actor->agent), DB_BOOL(actor->admin)),
                            SHAPE_SET(state), &state)));
    TRY(moving->decide(ctx, moving, &state, &to));
    TRY(db_count(ctx, tx, &SQL_bookings_move,
        DB_ARGS(DB_I64(state.id), DB_TEXT(state.status), DB_I64(state.version), DB_TEXT(to.to),
            DB_I64(actor->user_id), DB_TEXT(moving->reason),
            to.has_refund ? DB_I64(to.refund.pct) : DB_NULL(),
            to.has_refund ? DB_I64(to.refund.amount_minor) : DB_NULL(), DB_TEXT(to.new_check_out),
            DB_TEXT(actor->request_id)),
        &moved));
    return moved == 0 ? wrong_state(ctx) : bookings_get(ctx, tx, actor, moving->id, moving->out);
}

/* ---- guests ---- */

static err decide_confirm(struct ctx *ctx, const struct moving *moving, const struct state *state,
    struct move *out)
{
    (void)moving;
    if (!state->is_guest) {
        return not_theirs(ctx);
    }
    if (is(state, "expired") || (is(state, "hold") && state->hold_is_over)) {
        return fail_public(ctx, ERR_GONE, CODE_HOLD_EXPIRED, "The hold is over");
    }
    if (!is(state, "hold")) {
        return wrong_state(ctx);
    }
    out->to = state->instant_book ? "confirmed" : "pending";
    return OK;
}

err bookings_confirm(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    struct booking *out)
{
    struct moving moving = {.actor = actor, .id = id, .decide = decide_confirm, .out = out};
    return db_tx(ctx, db, move, &moving);
}

static err decide_cancel(struct ctx *ctx, const struct moving *moving, const struct state *state,
    struct move *out)
{
    (void)moving;
    const bool is_agreed = is(state, "confirmed");
    if (!state->is_guest && !state->is_host) {
        return not_theirs(ctx);
    }
    if ((!is_agreed && !is(state, "hold") && !is(state, "pending")) ||
        (is_agreed && state->stay_is_over)) {
        return wrong_state(ctx);
    }
    out->to = "cancelled";
    out->has_refund = true;
    if (!is_agreed || !state->is_guest) {
        out->refund = (struct policy_refund){100, state->total_minor};
        return OK;
    }
    return policy_refund(ctx, state->policy, state->days_left, state->total_minor, &out->refund);
}

err bookings_cancel(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    const char *reason, struct booking *out)
{
    struct moving moving = {
        .actor = actor, .id = id, .reason = reason, .decide = decide_cancel, .out = out};
    return db_tx(ctx, db, move, &moving);
}

/* ---- hosts ---- */

static err decide_answer(struct ctx *ctx, const struct state *state, const char *to,
    struct move *out)
{
    if (!state->is_host) {
        return not_theirs(ctx);
    }
    out->to = to;
    return is(state, "pending") ? OK : wrong_state(ctx);
}

static err decide_approve(struct ctx *ctx, const struct moving *moving, const struct state *state,
    struct move *out)
{
    (void)moving;
    return decide_answer(ctx, state, "confirmed", out);
}

static err decide_decline(struct ctx *ctx, const struct moving *moving, const struct state *state,
    struct move *out)
{
    (void)moving;
    return decide_answer(ctx, state, "declined", out);
}

err bookings_approve(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    struct booking *out)
{
    struct moving moving = {.actor = actor, .id = id, .decide = decide_approve, .out = out};
    return db_tx(ctx, db, move, &moving);
}

err bookings_decline(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    const char *reason, struct booking *out)
{
    struct moving moving = {
        .actor = actor, .id = id, .reason = reason, .decide = decide_decline, .out = out};
    return db_tx(ctx, db, move, &moving);
}

static err decide_shorten(struct ctx *ctx, const struct moving *moving, const struct state *state,
    struct move *out)
{
    int64_t day = 0;
    if (!is(state, "confirmed") || state->stay_is_over) {
        return wrong_state(ctx);
    }
    if (!calendar_read(moving->date, &day) || day <= state->check_in || day >= state->check_out) {
        return fail_field(ctx, "early_departure.date", CODE_VALIDATION_ERROR,
            "must be inside the stay");
    }
    out->to = state->status;
    out->new_check_out = moving->date;
    return OK;
}

err bookings_shorten(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct early_departure *early, struct booking *out)
{
    struct moving moving = {.actor = actor,
        .id = early->id,
        .reason = early->reason,
        .date = early->date,
        .decide = decide_shorten,
        .out = out};
    return db_tx(ctx, db, move, &moving);
}

/* ---- time ---- */

err bookings_job(struct ctx *ctx, const struct services *services, struct job *job)
{
    int64_t expired = BATCH;
    int64_t completed = BATCH;
    while ((expired == BATCH || completed == BATCH) && job_has_time(ctx, SPARE_MS)) {
        TRY(db_count(ctx, services->db, &SQL_bookings_expire, DB_ARGS(DB_NULL(), DB_I64(BATCH)),
            &expired));
        TRY(db_count(ctx, services->db, &SQL_bookings_complete, DB_ARGS(DB_I64(BATCH)),
            &completed));
    }
    job->again = expired == BATCH || completed == BATCH;
    return jobs_forget(ctx, services->db, job->kind, KEEP_JOBS_S);
}
