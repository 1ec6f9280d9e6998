/* api/audit.c - who changed what, for administrators. */
#include "audit/audit.h"

#include "api/api.h"
#include "api/input.h"
#include "core/limits.h"
#include "core/services.h"
#include "http/call.h"

#define NEWEST_FIRST "-id" /* the one order there is */

struct audit_query {
    struct field_set has;
    int64_t actor;
    const char *actor_kind, *action, *entity;
    int64_t entity_id, from, to;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field audit_query_fields[] = {
    FIELD_I64(struct audit_query, actor, "Only what this user did", .min = 1, .max = INT64_MAX),
    FIELD_ENUM(struct audit_query, actor_kind, "Only what such actors did",
        .choices = audit_actor_kinds),
    FIELD_STR(struct audit_query, action, "Only this, like booking.confirmed", .min = 1, .max = 60),
    FIELD_STR(struct audit_query, entity, "Only what was done to such things, like booking",
        .min = 1, .max = 60),
    FIELD_I64(struct audit_query, entity_id, "Only to the one with this id", .min = 0,
        .max = INT64_MAX),
    FIELD_TIME(struct audit_query, from, "At or after"),
    FIELD_TIME(struct audit_query, to, "Before"),
    PAGE_QUERY_FIELDS(struct audit_query),
};
enum { QUERY_ENTITY_ID = 4, QUERY_FROM = 5, QUERY_TO = 6 };

static err list(struct call *call)
{
    const struct audit_query *in = call->query;
    struct cursor after = {0};
    struct page *page = &call->page;
    TRY(cursor_read(call, in->cursor, NEWEST_FIRST, &after));
    const struct audit_filter filter = {
        .actor_id = in->actor,
        .actor_kind = in->actor_kind,
        .action = in->action,
        .entity = in->entity,
        .has_entity_id = field_is_present(&in->has, QUERY_ENTITY_ID),
        .has_from = field_is_present(&in->has, QUERY_FROM),
        .has_to = field_is_present(&in->has, QUERY_TO),
        .entity_id = in->entity_id,
        .from = in->from,
        .to = in->to,
        .after_id = after.id,
        .limit = in->limit + 1,
    };
    TRY(audit_list(call->ctx, call->services->db, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct audit_row *rows = page->items.items;
        const struct cursor next = {.id = rows[page->items.count - 1].id};
        page->next_cursor = cursor_write(call, NEWEST_FIRST, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(audit_count(call->ctx, call->services->db, &filter, &page->total));
    }
    return OK;
}

const struct http_route audit_routes[] = {
    {GET("/admin/audit"), .tag = "Audit", .auth = AUTH_USER, .role = ROLE_ADMIN,
        .rate = RATE_DEFAULT, .summary = "Who changed what, newest first",
        .query = SHAPE_SET(audit_query), .page = true, .out = &audit_row_shape, .run = list},
    {0},
};
