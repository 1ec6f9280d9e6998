/* api/webhooks.c - events that others send. */
#include <string.h>

#include "api/api.h"
#include "auth/webhook.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"
#include "users/users.h"

static const char *const user_events[] = {"user.created", "user.updated", "user.deleted", NULL};

static bool is_user_event(const char *type)
{
    for (int i = 0; user_events[i] != NULL; i++) {
        if (strcmp(type, user_events[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Of one header pair both spellings are in use. */
static const char *either_header(const struct call *call, const char *svix, const char *standard)
{
    const char *value = call_header(call, svix);
    return value != NULL ? value : call_header(call, standard);
}

static err read_event(struct call *call, const char **out_type, const char **out_data)
{
    const struct json *event = NULL;
    TRY(json_parse(call->ctx, call->body, call->body_len, &event));
    size_t len = 0;
    *out_type = json_text(json_get(event, "type"), &len);
    const struct json *data = json_get(event, "data");
    if (*out_type == NULL || json_kind(data) != JSON_KIND_OBJECT) {
        return fail(call->ctx, ERR_BAD_REQUEST, "event without type or data");
    }
    struct buf buf;
    buf_init(&buf, call->ctx->arena, 1024, 2 * LIMIT_BODY_WEBHOOK_BYTES);
    json_dump(&buf, data);
    return buf_finish(call->ctx, &buf, out_data, &len);
}

static err clerk(struct call *call)
{
    const struct webhook_headers headers = {
        .id = either_header(call, "svix-id", "webhook-id"),
        .timestamp = either_header(call, "svix-timestamp", "webhook-timestamp"),
        .signature = either_header(call, "svix-signature", "webhook-signature"),
    };
    const int64_t now_s = clock_wall_us(call->ctx->clock) / 1000000;
    TRY(webhook_verify(call->ctx, call->services->settings->clerk_webhook_secret, &headers,
        call->body, call->body_len, now_s));
    const char *type = NULL;
    const char *data = NULL;
    TRY(read_event(call, &type, &data));
    if (!is_user_event(type)) {
        return OK; /* Clerk sends more than we asked for: taken, nothing done */
    }
    return users_apply_webhook(call->ctx, call->services->db, headers.id, type, data);
}

const struct http_route webhooks_routes[] = {
    {POST("/webhooks/clerk"), .tag = "Webhooks", .auth = AUTH_NONE, .rate = RATE_OFF,
        .raw_in = true, .body_max_bytes = LIMIT_BODY_WEBHOOK_BYTES, .status = 200,
        .summary = "Events of Clerk, signed by Svix",
        .description = "Repeated and late deliveries are harmless.",
        .errors = {ERR_BAD_REQUEST, ERR_UNAVAILABLE}, .run = clerk},
    {0},
};
