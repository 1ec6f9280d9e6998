/* api/users.c - people: oneself, and everybody for admins. */
#include "users/users.h"

#include "api/api.h"
#include "api/faq_input.h"
#include "api/input.h"
#include "auth/auth.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"

static const char *const role_choices[] = {"user", "agent", "admin", NULL};
static const char *const status_choices[] = {"active", "suspended", NULL};
static const char *const any_status_choices[] = {"active", "suspended", "deleted", NULL};

static err me(struct call *call)
{
    return users_get(call->ctx, call->services->db, call->principal.user_id, call->out);
}

struct me_patch {
    struct field_set has;
    const char *display_name, *locale, *currency, *phone;
};
static const struct field me_patch_fields[] = {
    FIELD_STR(struct me_patch, display_name, "How others see the name", .nullable = true, .min = 1,
        .max = 120),
    FIELD_STR(struct me_patch, locale, "One of the product's locales", .nullable = true, .max = 8),
    FIELD_STR(struct me_patch, currency, "One of the product's currencies", .nullable = true,
        .min = 3, .max = 3),
    FIELD_STR(struct me_patch, phone, "With country code, like +66 2 123 4567", .nullable = true,
        .max = 32, .check = input_is_phone,
        .check_text = "must be a phone number with country code"),
};

static err update_me(struct call *call)
{
    const struct me_patch *in = call->in;
    const struct product_settings *settings = call->services->settings;
    TRY(settings_one_of(call->ctx, "locale", in->locale, &settings->locales));
    TRY(settings_one_of(call->ctx, "currency", in->currency, &settings->currencies));
    const char *patch = NULL;
    TRY(input_patch(call->ctx, SHAPE_SET(me_patch), in, &patch));
    return users_update_me(call->ctx, call->services->db, call->principal.user_id, patch,
        call->out);
}

static err export_me(struct call *call)
{
    call->raw_type = "application/json";
    return users_export(call->ctx, call->services->db, call->principal.user_id, &call->raw,
        &call->raw_len);
}

static err erase_me(struct call *call)
{
    struct faq_job *out = call->out;
    const int64_t user_id = call->principal.user_id;
    TRY(users_erase(call->ctx, call->services->db, user_id, call->ctx->request_id, &out->job_id));
    auth_forget(call->services->auth, user_id);
    return OK;
}

struct users_query {
    struct field_set has;
    const char *q, *role, *status, *sort;
    int64_t created_from, created_to;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field users_query_fields[] = {
    FIELD_STR(struct users_query, q, "Part of e-mail or name", .min = 1, .max = 100),
    FIELD_ENUM(struct users_query, role, "Only this role", .choices = role_choices),
    FIELD_ENUM(struct users_query, status, "Only this status", .choices = any_status_choices),
    FIELD_TIME(struct users_query, created_from, "Created at or after"),
    FIELD_TIME(struct users_query, created_to, "Created before"),
    FIELD_ENUM(struct users_query, sort, "Order", .choices = user_sorts,
        .dflt_text = "-created_at"),
    PAGE_QUERY_FIELDS(struct users_query),
};
enum { USERS_CREATED_FROM = 3, USERS_CREATED_TO = 4 };

static err list(struct call *call)
{
    const struct users_query *in = call->query;
    struct cursor after = {0};
    TRY(cursor_read(call, in->cursor, in->sort, &after));
    const struct user_filter filter = {
        .q = in->q,
        .role = in->role,
        .status = in->status,
        .has_created_from = field_is_present(&in->has, USERS_CREATED_FROM),
        .has_created_to = field_is_present(&in->has, USERS_CREATED_TO),
        .created_from = in->created_from,
        .created_to = in->created_to,
        .sort = in->sort,
        .after_id = after.id,
        .limit = in->limit + 1,
    };
    struct page *page = &call->page;
    TRY(users_list(call->ctx, call->services->db, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct user_admin *rows = page->items.items;
        const struct cursor next = {.id = rows[page->items.count - 1].id};
        page->next_cursor = cursor_write(call, in->sort, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(users_count(call->ctx, call->services->db, &filter, &page->total));
    }
    return OK;
}

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    struct user_admin *out = call->out;
    TRY(users_get_admin(call->ctx, call->services->db, params->id, out));
    call->version = out->version;
    return OK;
}

struct user_patch {
    const char *role, *status;
};
static const struct field user_patch_fields[] = {
    FIELD_ENUM(struct user_patch, role, "New role", .choices = role_choices),
    FIELD_ENUM(struct user_patch, status, "New status", .choices = status_choices),
};

static err update(struct call *call)
{
    const struct id_params *params = call->params;
    const struct user_patch *in = call->in;
    struct user_admin *out = call->out;
    const struct user_change change = {
        .id = params->id,
        .role = in->role,
        .status = in->status,
        .if_version = call->if_match,
        .actor_id = call->principal.user_id,
        .request_id = call->ctx->request_id,
    };
    TRY(users_change(call->ctx, call->services->db, &change, out));
    auth_forget(call->services->auth, params->id);
    call->version = out->version;
    return OK;
}

#define USERS_ROW .tag = "Users", .auth = AUTH_USER, .rate = RATE_DEFAULT

const struct http_route users_routes[] = {
    {GET("/users/me"), USERS_ROW, .summary = "The signed-in user", .out = &user_shape, .run = me},
    {PATCH("/users/me"), USERS_ROW, .summary = "Change one's own profile",
        .in = SHAPE_SET(me_patch), .out = &user_shape, .run = update_me},
    {DELETE("/users/me"), USERS_ROW, .summary = "Erase oneself",
        .description =
            "The token is refused from then on. A job erases profile, conversations and votes, and "
            "takes the person out of inquiries and stays, which are kept for the accounts.",
        .status = 202, .out = &faq_job_shape, .errors = {ERR_CONFLICT}, .run = erase_me},
    {GET("/users/me/export"), USERS_ROW, .summary = "Everything that belongs to oneself, as JSON",
        .description = "At most 2000 rows of a kind and 4 MB in all, the newest first; complete "
                       "says of each kind whether that is everything.",
        .status = 200, .run = export_me},
    {GET("/users"), USERS_ROW, .role = ROLE_ADMIN, .summary = "All users, page by page",
        .query = SHAPE_SET(users_query), .page = true, .out = &user_admin_shape, .run = list},
    {GET("/users/{id}"), USERS_ROW, .role = ROLE_ADMIN, .summary = "One user",
        .params = &id_params_shape, .versioned = true, .out = &user_admin_shape,
        .errors = {ERR_NOT_FOUND}, .run = get},
    {PATCH("/users/{id}"), USERS_ROW, .role = ROLE_ADMIN, .summary = "Change role or status",
        .description = "Nobody changes their own role or status, and the last active admin stays.",
        .params = &id_params_shape, .versioned = true, .in = SHAPE(user_patch),
        .out = &user_admin_shape, .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION},
        .run = update},
    {0},
};
