#include "auth/clerk.h"

#include <string.h>

#include "auth/auth.h"
#include "core/arena.h"
#include "core/ctx.h"
#include "core/json.h"
#include "net/client.h"

#define TIMEOUT_MS 2000
#define REPLY_MAX_BYTES 262144

bool clerk_can_be_asked(const struct auth_config *config)
{
    return config->clerk_secret_key != NULL && *config->clerk_secret_key != '\0';
}

static bool member_is(const struct json *object, const char *name, const char *wanted)
{
    const char *text = json_text(json_get(object, name), /* out_len */ NULL);
    return text != NULL && wanted != NULL && strcmp(text, wanted) == 0;
}

/* The primary address is the one whose id the person names. */
static void read_email(const struct json *person, struct auth_claims *claims)
{
    const char *primary =
        json_text(json_get(person, "primary_email_address_id"), /* out_len */ NULL);
    const struct json *list = json_get(person, "email_addresses");
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *address = json_at(list, i);
        if (member_is(address, "id", primary)) {
            claims->email = json_text(json_get(address, "email_address"), /* out_len */ NULL);
            claims->email_verified =
                member_is(json_get(address, "verification"), "status", "verified");
        }
    }
}

static void read_name(struct ctx *ctx, const struct json *person, struct auth_claims *claims)
{
    const char *first = json_text(json_get(person, "first_name"), /* out_len */ NULL);
    const char *last = json_text(json_get(person, "last_name"), /* out_len */ NULL);
    if (first != NULL && last != NULL) {
        claims->name = arena_printf(ctx->arena, "%s %s", first, last);
    } else {
        claims->name = first != NULL ? first : last;
    }
}

err clerk_read_person(struct ctx *ctx, struct client *client, const struct auth_config *config,
    struct auth_claims *claims)
{
    const struct client_request request = {
        .method = "GET",
        .url = arena_printf(ctx->arena, "%s/users/%s", config->clerk_api_url, claims->subject),
        .headers = {arena_printf(ctx->arena, "Authorization: Bearer %s", config->clerk_secret_key)},
        .timeout_ms = TIMEOUT_MS,
        .reply_max_bytes = REPLY_MAX_BYTES,
    };
    struct client_reply reply = {0};
    const struct json *person = NULL;
    TRY(client_send(ctx, client, &request, &reply));
    if (reply.status != 200) {
        return fail(ctx, ERR_UPSTREAM, "Clerk answered %d for a user", reply.status);
    }
    TRY(json_parse(ctx, reply.body, reply.body_len, &person));
    read_email(person, claims);
    read_name(ctx, person, claims);
    return OK;
}
