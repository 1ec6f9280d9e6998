#include "api/booking_input.h"

#include "http/call.h"
#include "http/server.h"

struct booking_actor booking_actor_of(const struct call *call)
{
    return (struct booking_actor){
        .user_id = call->principal.user_id,
        .agent = role_includes(call->principal.role, ROLE_AGENT),
        .admin = call->principal.role == ROLE_ADMIN,
        .request_id = call->ctx->request_id,
    };
}

struct quote_key booking_quote_key(const struct call *call)
{
    const struct http_options *options = http_server_options(call->server);
    return (struct quote_key){
        options->signing_key, sizeof(options->signing_key), options->product_id};
}
