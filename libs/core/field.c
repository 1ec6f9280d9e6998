#include "core/field.h"

#include <inttypes.h>
#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/field_rules.h"
#include "core/utf8.h"

/* Both 0 = unlimited; a lower limit alone leaves max at 0. */
static bool is_below(const struct field *field, int64_t value)
{
    return (field->min != 0 || field->max != 0) && value < field->min;
}

static bool is_above(const struct field *field, int64_t value)
{
    return (field->min != 0 || field->max != 0) && field->max >= field->min && value > field->max;
}

const char *field_check_i64(struct ctx *ctx, const struct field *field, int64_t value)
{
    if (is_below(field, value)) {
        return arena_printf(ctx->arena, "must be at least %" PRId64, field->min);
    }
    if (is_above(field, value)) {
        return arena_printf(ctx->arena, "must be at most %" PRId64, field->max);
    }
    return NULL;
}

const char *field_check_f64(struct ctx *ctx, const struct field *field, double value)
{
    const bool limited = field->min != 0 || field->max != 0;
    if (limited && value < (double)field->min) {
        return arena_printf(ctx->arena, "must be at least %" PRId64, field->min);
    }
    if (limited && field->max >= field->min && value > (double)field->max) {
        return arena_printf(ctx->arena, "must be at most %" PRId64, field->max);
    }
    return NULL;
}

const char *field_check_count(struct ctx *ctx, const struct field *field, size_t count)
{
    if (is_below(field, (int64_t)count)) {
        return arena_printf(ctx->arena, "must have at least %" PRId64 " items", field->min);
    }
    if (is_above(field, (int64_t)count)) {
        return arena_printf(ctx->arena, "must have at most %" PRId64 " items", field->max);
    }
    return NULL;
}

const char *field_check_item(const struct field *field, const char *text)
{
    if (field->check == NULL || field->check(text)) {
        return NULL;
    }
    return field->check_text == NULL ? "must be valid" : field->check_text;
}

const char *field_check_str(struct ctx *ctx, const struct field *field, const char *text,
    size_t len)
{
    const bool limited = field->min != 0 || field->max != 0;
    const int64_t length = limited ? (int64_t)utf8_length(text, len) : 0;
    if (is_below(field, length)) {
        return length == 0 ? "must not be empty"
                           : arena_printf(ctx->arena, "must have at least %" PRId64 " characters",
                                 field->min);
    }
    if (is_above(field, length)) {
        return arena_printf(ctx->arena, "must have at most %" PRId64 " characters", field->max);
    }
    return field_check_item(field, text);
}

size_t field_size(const struct field *field)
{
    static const size_t sizes[] = {
        [FIELD_TYPE_STR] = sizeof(const char *),
        [FIELD_TYPE_I64] = sizeof(int64_t),
        [FIELD_TYPE_F64] = sizeof(double),
        [FIELD_TYPE_BOOL] = sizeof(bool),
        [FIELD_TYPE_ENUM] = sizeof(const char *),
        [FIELD_TYPE_TIME] = sizeof(int64_t),
        [FIELD_TYPE_DATE] = sizeof(const char *),
        [FIELD_TYPE_STRS] = sizeof(struct strs),
        [FIELD_TYPE_JSON] = sizeof(const char *),
        [FIELD_TYPE_LIST] = sizeof(struct list),
        [FIELD_TYPE_SECRET] = sizeof(const char *),
    };
    return field->type == FIELD_TYPE_OBJ ? field->shape->size : sizes[field->type];
}

static void set_default(struct ctx *ctx, const struct field *field, void *out)
{
    const char *why = NULL;
    switch (field->type) {
    case FIELD_TYPE_I64:
        *(int64_t *)field_member(field, out) = field->dflt;
        break;
    case FIELD_TYPE_BOOL:
        *(bool *)field_member(field, out) = field->dflt != 0;
        break;
    case FIELD_TYPE_F64:
        *(double *)field_member(field, out) = field->dflt_f64;
        break;
    case FIELD_TYPE_STR:
    case FIELD_TYPE_ENUM:
    case FIELD_TYPE_DATE:
    case FIELD_TYPE_STRS:
    case FIELD_TYPE_SECRET:
        /* A default that breaks the row's own rule is a wrong table. */
        ASSERT(field->dflt_text == NULL ||
               field_set_text(ctx, field, out, field->dflt_text, strlen(field->dflt_text), &why));
        break;
    case FIELD_TYPE_OBJ:
        field_set_defaults(ctx, field->shape, field_member(field, out));
        break;
    case FIELD_TYPE_TIME:
    case FIELD_TYPE_JSON:
    case FIELD_TYPE_LIST:
        break;
    }
}

void field_set_defaults(struct ctx *ctx, const struct shape *shape, void *out)
{
    for (size_t row = 0; row < shape->count; row++) {
        set_default(ctx, &shape->fields[row], out);
    }
}

int field_find(const struct shape *shape, const char *name, const struct field **out_member)
{
    const size_t first_len = strcspn(name, ".");
    for (size_t row = 0; row < shape->count; row++) {
        const struct field *field = &shape->fields[row];
        if (strncmp(field->name, name, first_len) != 0 || field->name[first_len] != '\0') {
            continue;
        }
        if (name[first_len] == '\0') {
            *out_member = field;
            return (int)row;
        }
        const bool nested = field->type == FIELD_TYPE_OBJ &&
                            field_find(field->shape, name + first_len + 1, out_member) >= 0;
        return nested ? (int)row : -1;
    }
    return -1;
}
