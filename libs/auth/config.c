/* auth/config.c - the settings of sign-in. */
#include <ctype.h>
#include <string.h>

#include "auth/auth.h"
#include "auth/keys.h"
#include "auth/token.h"
#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"

#define HOST_MAX_BYTES 254

static bool is_webhook_secret(const char *text)
{
    uint8_t key[128];
    static const char prefix[] = "whsec_";
    return *text == '\0' ||
           (strncmp(text, prefix, sizeof(prefix) - 1) == 0 &&
               crypto_base64_decode(text + sizeof(prefix) - 1, strlen(text) - sizeof(prefix) + 1,
                   /* url */ false, key, sizeof(key)) > 0);
}

static bool is_public_key(const char *text)
{
    if (*text == '\0') {
        return true;
    }
    struct auth_key_set set = {0};
    struct ctx ctx;
    struct arena *scratch = arena_new(/* pool */ NULL);
    ctx_init(&ctx, scratch, /* clock */ NULL, /* log */ NULL, /* timeout_ms */ 0);
    const bool good = is_ok(keys_parse_pem(&ctx, text, &set));
    keys_free(&set);
    arena_free(scratch);
    return good;
}

static bool is_http_url(const char *text)
{
    const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
                       : strncmp(text, "http://", 7) == 0 ? text + 7
                                                          : "";
    return isalnum((unsigned char)*host) && strpbrk(text, " \t\r\n") == NULL;
}

static bool is_http_url_or_empty(const char *text)
{
    return *text == '\0' || is_http_url(text);
}

/* Something on both sides of one @. */
static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');
    return at != NULL && at > text && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strpbrk(text, " \t;") == NULL;
}

const struct field auth_config_fields[] = {
    FIELD_SECRET(struct auth_config, clerk_secret_key,
        "sk_test_... or sk_live_... of the product's Clerk application"),
    FIELD_STR(struct auth_config, clerk_publishable_key,
        "pk_test_... or pk_live_...; the issuer follows from it", .required = true),
    FIELD_SECRET(struct auth_config, clerk_webhook_secret,
        "whsec_... of the webhook endpoint; empty = the route is closed",
        .check = is_webhook_secret, .check_text = "must be whsec_ and base64"),
    FIELD_SECRET(struct auth_config, clerk_jwt_key,
        "Public key (PEM): tokens are verified without network", .check = is_public_key,
        .check_text = "must be the PEM of an RSA public key of at least 2048 bits"),
    FIELD_STR(struct auth_config, clerk_jwks_url,
        "Address of the key set; empty = follows from the publishable key",
        .check = is_http_url_or_empty, .check_text = "must be an https:// address"),
    FIELD_STR(struct auth_config, clerk_api_url, "Clerk's API",
        .dflt_text = "https://api.clerk.com/v1", .check = is_http_url,
        .check_text = "must be an https:// address"),
    FIELD_STRS(struct auth_config, admin_emails, "First admins, by verified e-mail",
        .check = is_email, .check_text = "must be e-mail addresses"),
    FIELD_STRS(struct auth_config, admin_clerk_ids, "First admins, by Clerk user id",
        .check = token_is_user_id, .check_text = "must be Clerk user ids like user_2abc"),
};
const int auth_config_count = sizeof(auth_config_fields) / sizeof(auth_config_fields[0]);

/* Host of "pk_test_<base64 of host$>" into out; what is wrong, else NULL. */
static const char *read_host(const char *key, char out[HOST_MAX_BYTES + 1])
{
    static const char live[] = "pk_live_", test[] = "pk_test_";
    if (strncmp(key, live, sizeof(live) - 1) != 0 && strncmp(key, test, sizeof(test) - 1) != 0) {
        return "must start with pk_test_ or pk_live_";
    }
    const char *code = key + sizeof(live) - 1;
    const long len =
        crypto_base64_decode(code, strlen(code), /* url */ false, (uint8_t *)out, HOST_MAX_BYTES);
    if (len < 2 || out[len - 1] != '$') {
        return "must end with the base64 of a host and '$'; copy it from Clerk's dashboard";
    }
    out[len - 1] = '\0';
    for (const char *c = out; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-') {
            return "names something that is not a host";
        }
    }
    return strlen(out) == (size_t)len - 1 && strchr(out, '.') != NULL
               ? NULL
               : "names something that is not a host";
}

const char *auth_publishable_key_problem(const char *key)
{
    char host[HOST_MAX_BYTES + 1];
    return read_host(key, host);
}

const char *auth_publishable_key_host(struct ctx *ctx, const char *key)
{
    char host[HOST_MAX_BYTES + 1];
    return key != NULL && read_host(key, host) == NULL ? arena_strdup(ctx->arena, host) : "";
}
