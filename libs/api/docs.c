/* api/docs.c - the API document and two ways to read it. Everything comes from the binary: no other host is asked. */
#include <string.h>

#include "api/api.h"
#include "api/docs_files.h"
#include "api/files.h"
#include "http/call.h"
#include "http/server.h"

static err openapi(struct call *call)
{
    TRY(http_openapi(call->ctx, http_server_options(call->server), &call->raw, &call->raw_len));
    call->raw_type = "application/json";
    call->etag = files_etag(call, call->raw, call->raw_len);
    return OK;
}

struct docs_asset {
    const char *page; /* "/docs" or "/redoc" */
    const char *name;
    const char *type;
};

/* What each page may load; names are those of docs_files, which holds them compressed. */
static const struct docs_asset assets[] = {
    {"/docs", "swagger-ui-bundle.js", "text/javascript; charset=utf-8"},
    {"/docs", "swagger-ui.css", "text/css; charset=utf-8"},
    {"/docs", "swagger-init.js", "text/javascript; charset=utf-8"},
    {"/docs", "favicon-32x32.png", "image/png"},
    {"/redoc", "redoc.standalone.js", "text/javascript; charset=utf-8"},
};

static err swagger(struct call *call)
{
    call->content_security_policy = "default-src 'none'; script-src 'self'; style-src 'self'; "
                                    "img-src 'self' data:; connect-src 'self'; "
                                    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    return files_reply(call, docs_files, "swagger.html", "text/html; charset=utf-8");
}

/* Its styled components need inline styles; search runs in a worker made from a blob. */
static err redoc(struct call *call)
{
    call->content_security_policy = "default-src 'none'; script-src 'self'; style-src 'self' "
                                    "'unsafe-inline'; img-src 'self' data:; "
                                    "connect-src 'self'; worker-src blob:; font-src 'self'; "
                                    "frame-ancestors 'none'; base-uri 'none'";
    return files_reply(call, docs_files, "redoc.html", "text/html; charset=utf-8");
}

struct asset_params {
    const char *asset;
};
static const struct field asset_params_fields[] = {
    FIELD_STR(struct asset_params, asset, "File of the page", .required = true, .max = 64),
};

static err asset(struct call *call)
{
    const struct asset_params *params = call->params;
    for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++) {
        const size_t page_len = strlen(assets[i].page);
        if (strncmp(call->route->path, assets[i].page, page_len) == 0 &&
            call->route->path[page_len] == '/' && strcmp(assets[i].name, params->asset) == 0) {
            call->cache_control = "public, max-age=86400";
            return files_reply(call, docs_files, assets[i].name, assets[i].type);
        }
    }
    return fail(call->ctx, ERR_NOT_FOUND, "no such docs file");
}

#define DOCS_ROW                                                                                   \
    .tag = "Docs", .auth = AUTH_NONE, .rate = RATE_OFF, .feature = FEATURE_DOCS,                   \
    .cache_control = "no-cache"

const struct http_route docs_routes[] = {
    {ROOT_GET("/openapi.json"), DOCS_ROW, .summary = "This document", .run = openapi},
    {ROOT_GET("/docs"), DOCS_ROW, .summary = "Swagger UI", .run = swagger},
    {ROOT_GET("/docs/{asset}"), DOCS_ROW, .summary = "Files of Swagger UI",
        .params = SHAPE(asset_params), .errors = {ERR_NOT_FOUND}, .run = asset},
    {ROOT_GET("/redoc"), DOCS_ROW, .summary = "ReDoc", .run = redoc},
    {ROOT_GET("/redoc/{asset}"), DOCS_ROW, .summary = "Files of ReDoc",
        .params = SHAPE(asset_params), .errors = {ERR_NOT_FOUND}, .run = asset},
    {0},
};
