#include "core/field.h"

#include <string.h>

#include "core/assert.h"
#include "core/codes.h"
#include "core/field_rules.h"
#include "core/json.h"

static const char *read_param(struct ctx *ctx, const struct field *field,
    const struct field_param *param, void *out)
{
    const char *why = NULL;
    if (field->type == FIELD_TYPE_JSON && !json_is_valid(param->value, param->value_len)) {
        return "must be JSON";
    }
    field_set_text(ctx, field, out, param->value, param->value_len, &why);
    return why;
}

static void decode_param(struct ctx *ctx, const struct shape *shape,
    const struct field_param *param, void *out, struct field_set *seen)
{
    const struct field *field = NULL;
    const int row = field_find(shape, param->name, &field);
    if (row < 0 || field != &shape->fields[row]) {
        (void)fail_field(ctx, param->name, CODE_UNKNOWN_PARAMETER, "unknown parameter");
        return;
    }
    if (field_is_present(seen, (size_t)row)) {
        (void)fail_field(ctx, field->name, CODE_VALIDATION_ERROR, "given twice");
        return;
    }
    seen->present |= UINT64_C(1) << row;
    const char *why = read_param(ctx, field, param, out);
    if (why != NULL) {
        (void)fail_field(ctx, field->name, CODE_VALIDATION_ERROR, "%s", why);
    }
}

err field_decode_query(struct ctx *ctx, const struct shape *shape, const struct field_param *params,
    size_t count, void *out)
{
    ASSERT(shape->count <= FIELD_ROWS_MAX);
    err_clear(ctx); /* problems are collected from here on */
    memset(out, 0, shape->size);
    field_set_defaults(ctx, shape, out);
    struct field_set seen = {0};
    for (size_t i = 0; i < count; i++) {
        decode_param(ctx, shape, &params[i], out, &seen);
    }
    for (size_t row = 0; row < shape->count; row++) {
        if (shape->fields[row].required && !field_is_present(&seen, row)) {
            (void)fail_field(ctx, shape->fields[row].name, CODE_VALIDATION_ERROR, "is required");
        }
    }
    struct field_set *set = field_set_of(shape, out);
    if (set != NULL) {
        *set = seen;
    }
    return (err){ctx->error.code};
}
