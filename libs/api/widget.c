/* api/widget.c - the chat for web sites: one script for any page, and a page of our own to try it on. */
#include "api/api.h"
#include "api/files.h"
#include "api/widget_files.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"

static err script(struct call *call)
{
    return files_reply(call, widget_files, "chat-widget.js", "text/javascript; charset=utf-8");
}

/* As strict as a page with the widget can be: it needs no style and no image, and makes no markup out of text. */
static err demo(struct call *call)
{
    if (!call->services->settings->chat) {
        return fail(call->ctx, ERR_NOT_FOUND, "chat is off");
    }
    call->content_security_policy =
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'";
    return files_reply(call, widget_files, "demo.html", "text/html; charset=utf-8");
}

#define WIDGET_ROW .tag = "Chat widget", .auth = AUTH_NONE, .rate = RATE_OFF

const struct http_route widget_routes[] = {
    {ROOT_GET("/chat-widget.js"), WIDGET_ROW, .feature = FEATURE_CHAT,
        .cache_control = "public, max-age=3600", .summary = "The chat as a script for web sites",
        .run = script},
    {ROOT_GET("/demo"), WIDGET_ROW, .feature = FEATURE_DOCS, .cache_control = "no-cache",
        .summary = "A page with the chat on it", .errors = {ERR_NOT_FOUND}, .run = demo},
    {0},
};
