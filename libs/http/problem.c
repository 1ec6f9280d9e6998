#include "http/problem.h"

#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/json.h"

#define RETRY_SOON_S 1
#define RETRY_LATER_S 5

static const struct problem problems[] = {
    [ERR_OK] = {500, "INTERNAL_ERROR", "Something went wrong on our side"},
    [ERR_BAD_REQUEST] = {400, "BAD_REQUEST", "The request could not be understood"},
    [ERR_INVALID] = {422, CODE_VALIDATION_ERROR, "Some values are not valid"},
    [ERR_UNAUTHENTICATED] = {401, "UNAUTHORIZED", "Invalid or expired token"},
    [ERR_FORBIDDEN] = {403, "FORBIDDEN", "Access denied"},
    [ERR_NOT_FOUND] = {404, "NOT_FOUND", "Not found"},
    [ERR_CONFLICT] = {409, "CONFLICT", "The present state does not allow this"},
    [ERR_GONE] = {410, "GONE", "No longer available"},
    [ERR_PRECONDITION] = {412, "PRECONDITION_FAILED", "The resource has changed in the meantime"},
    [ERR_TOO_LARGE] = {413, "PAYLOAD_TOO_LARGE", "Too large"},
    [ERR_RATE_LIMITED] = {429, "RATE_LIMITED", "Too many requests", RETRY_SOON_S},
    [ERR_TIMEOUT] = {504, "UPSTREAM_TIMEOUT", "Took too long to answer"},
    [ERR_CANCELLED] = {503, CODE_SHUTTING_DOWN, "The server is restarting", RETRY_SOON_S},
    [ERR_UPSTREAM] = {502, "UPSTREAM_ERROR", "Another service gave no usable answer"},
    [ERR_UNAVAILABLE] = {503, "SERVICE_UNAVAILABLE", "Temporarily unavailable", RETRY_LATER_S},
    [ERR_INTERNAL] = {500, "INTERNAL_ERROR", "Something went wrong on our side"},
};

static const struct problem refusals[] = {
    [REFUSED_NOT] = {500, "INTERNAL_ERROR", "Something went wrong on our side"},
    [REFUSED_REQUEST] = {400, "BAD_REQUEST", "The request could not be understood"},
    [REFUSED_METHOD] = {405, "METHOD_NOT_ALLOWED", "This method is not allowed here"},
    [REFUSED_TIMEOUT] = {408, "REQUEST_TIMEOUT", "The request did not arrive in time"},
    [REFUSED_TARGET] = {414, "BAD_REQUEST", "The address is too long"},
    [REFUSED_MEDIA_TYPE] = {415, "UNSUPPORTED_MEDIA_TYPE",
        "The body is of a type that is not taken here"},
    [REFUSED_EXPECTATION] = {417, "BAD_REQUEST", "This expectation cannot be met"},
    [REFUSED_HEADERS] = {431, "BAD_REQUEST", "The headers are too large"},
};

/* The catalogue: defaults of the tables above and the finer codes of core/codes.h. */
const char *const problem_codes[] = {"BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND",
    CODE_FEATURE_DISABLED, "METHOD_NOT_ALLOWED", "REQUEST_TIMEOUT", "CONFLICT",
    CODE_DATES_UNAVAILABLE, CODE_INVALID_STATE, CODE_CONVERSATION_BUSY, CODE_BUDGET_EXCEEDED,
    CODE_IDEMPOTENCY_IN_PROGRESS, "GONE", CODE_HOLD_EXPIRED, CODE_QUOTE_EXPIRED,
    "PRECONDITION_FAILED", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", CODE_VALIDATION_ERROR,
    CODE_UNKNOWN_FIELD, CODE_UNKNOWN_PARAMETER, CODE_IDEMPOTENCY_KEY_REUSED, "RATE_LIMITED",
    "INTERNAL_ERROR", "UPSTREAM_ERROR", "SERVICE_UNAVAILABLE", CODE_AUTH_UNAVAILABLE,
    CODE_SHUTTING_DOWN, "UPSTREAM_TIMEOUT", CODE_LLM_PROVIDER_ERROR, CODE_LLM_TIMEOUT, NULL};

struct problem problem_of(const struct err_detail *error)
{
    struct problem problem = problems[error->code];
    if (error->public_name != NULL) {
        problem.code = error->public_name;
    }
    if (error->public_message != NULL) {
        problem.message = error->public_message;
    }
    if (error->retry_after_s > 0 && problem.retry_after_s > 0) {
        problem.retry_after_s = error->retry_after_s;
    }
    return problem;
}

struct problem problem_of_refusal(enum refusal refusal)
{
    return refusals[refusal];
}

int problem_status(enum err_code code)
{
    return problems[code].status;
}

static void add_member(struct buf *out, const char *name, const char *value)
{
    buf_str(out, name);
    json_write_string(out, value, strlen(value));
}

static void add_details(struct buf *out, const struct err_detail *error)
{
    buf_str(out, ",\"details\":[");
    for (int i = 0; i < error->field_count; i++) {
        const struct err_field *row = &error->fields[i];
        add_member(out, i == 0 ? "{\"field\":" : ",{\"field\":", row->field);
        add_member(out, ",\"code\":", row->code);
        add_member(out, ",\"message\":", row->message);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

void problem_write(struct buf *out, const struct ctx *ctx, const struct problem *problem,
    const struct problem_place *place)
{
    add_member(out, "{\"error\":{\"code\":", problem->code);
    add_member(out, ",\"message\":", problem->message);
    add_member(out, ",\"product\":", place->product);
    buf_str(out, ",\"timestamp\":");
    json_write_time(out, clock_wall_us(ctx->clock));
    add_member(out, ",\"path\":", place->path);
    add_member(out, ",\"request_id\":", ctx->request_id);
    if (ctx->error.field_count > 0) {
        add_details(out, &ctx->error);
    }
    buf_str(out, "}}\n");
}
