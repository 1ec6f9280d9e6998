#include "audit/audit.h"

#include "audit/sql.h"
#include "core/ctx.h"
#include "db/db.h"

const char *const audit_actor_kinds[] = {"user", "system", "cli", "webhook", NULL};

static const struct field audit_row_fields[] = {
    FIELD_I64(struct audit_row, id, "Id"),
    FIELD_TIME(struct audit_row, at, "When"),
    FIELD_I64(struct audit_row, actor_id, "User who did it", .nullable = true),
    FIELD_ENUM(struct audit_row, actor_kind, "Who did it", .choices = audit_actor_kinds),
    FIELD_STR(struct audit_row, action, "What was done, like booking.confirmed"),
    FIELD_STR(struct audit_row, entity, "Kind of what it was done to, like booking"),
    FIELD_I64(struct audit_row, entity_id, "Its id; 0 = none in particular"),
    FIELD_JSON(struct audit_row, before, "How it was", .nullable = true),
    FIELD_JSON(struct audit_row, after, "How it is since, or what was sent", .nullable = true),
    FIELD_STR(struct audit_row, request_id, "Of the request; empty = none"),
};
const struct shape audit_row_shape = {
    .name = "AuditRow",
    .size = sizeof(struct audit_row),
    .fields = audit_row_fields,
    .count = sizeof(audit_row_fields) / sizeof(audit_row_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct audit_row, has),
};

#define FILTER_ARGS(filter)                                                                        \
    DB_ID((filter)->actor_id), DB_TEXT((filter)->actor_kind), DB_TEXT((filter)->action),           \
        DB_TEXT((filter)->entity),                                                                 \
        (filter)->has_entity_id ? DB_I64((filter)->entity_id) : DB_NULL(),                         \
        (filter)->has_from ? DB_TIME((filter)->from) : DB_NULL(),                                  \
        (filter)->has_to ? DB_TIME((filter)->to) : DB_NULL()

err audit_list(struct ctx *ctx, struct db *db, const struct audit_filter *filter, struct list *out)
{
    return db_list_slow(ctx, db, &SQL_audit_list,
        DB_ARGS(FILTER_ARGS(filter), DB_I64(filter->after_id), DB_I64(filter->limit)),
        &audit_row_shape, filter->limit, out);
}

struct total {
    int64_t total;
};
static const struct field total_fields[] = {FIELD_I64(struct total, total, "Rows")};

err audit_count(struct ctx *ctx, struct db *db, const struct audit_filter *filter, int64_t *out)
{
    struct list rows = {0};
    TRY(db_list_slow(ctx, db, &SQL_audit_count, DB_ARGS(FILTER_ARGS(filter)), SHAPE(total),
        /* max */ 1, &rows));
    *out = ((const struct total *)rows.items)->total;
    return OK;
}
