#include "core/field.h"

#include <string.h>

#include "core/assert.h"
#include "core/buf.h"
#include "core/json.h"

/* This is the hot path of every reply. */

static const void *member_of(const struct field *field, const void *base)
{
    return (const char *)base + field->offset;
}

static const struct field_set *set_of(const struct shape *shape, const void *base)
{
    return shape->has_set ? (const void *)((const char *)base + shape->set_offset) : NULL;
}

static bool is_null(const struct field *field, size_t row, const struct field_set *set,
    const void *member)
{
    if (set != NULL && (set->null >> row & 1) != 0) {
        return true;
    }
    switch (field->type) {
    case FIELD_TYPE_STR:
    case FIELD_TYPE_ENUM:
    case FIELD_TYPE_DATE:
    case FIELD_TYPE_JSON:
    case FIELD_TYPE_SECRET:
        return *(const char *const *)member == NULL;
    case FIELD_TYPE_STRS:
        return field->nullable && ((const struct strs *)member)->items == NULL;
    case FIELD_TYPE_LIST:
        return field->nullable && ((const struct list *)member)->items == NULL;
    case FIELD_TYPE_I64:
    case FIELD_TYPE_F64:
    case FIELD_TYPE_BOOL:
    case FIELD_TYPE_TIME:
    case FIELD_TYPE_OBJ:
        break;
    }
    return field->nullable && set != NULL && !field_is_present(set, row);
}

/* `,"name":` - names are constants that need no escape. */
static void write_key(struct buf *buf, const char *name, bool first)
{
    const size_t len = strlen(name);
    char *to = buf_reserve(buf, len + 4);
    if (to == NULL) {
        return;
    }
    char *at = to;
    if (!first) {
        *at++ = ',';
    }
    *at++ = '"';
    memcpy(at, name, len);
    at += len;
    *at++ = '"';
    *at++ = ':';
    buf->len += (size_t)(at - to);
}

static void write_text(struct buf *buf, const char *text)
{
    json_write_string(buf, text, strlen(text));
}

static void write_strs(struct buf *buf, const struct strs *strs)
{
    buf_char(buf, '[');
    for (int64_t i = 0; i < strs->count; i++) {
        if (i > 0) {
            buf_char(buf, ',');
        }
        write_text(buf, strs->items[i]);
    }
    buf_char(buf, ']');
}

static void write_list(struct buf *buf, const struct shape *shape, const struct list *list)
{
    buf_char(buf, '[');
    for (int64_t i = 0; i < list->count; i++) {
        if (i > 0) {
            buf_char(buf, ',');
        }
        field_encode(buf, shape, (const char *)list->items + (size_t)i * shape->size);
    }
    buf_char(buf, ']');
}

static void write_object(struct buf *buf, const struct shape *shape, const void *base,
    bool present_only);

static void write_value(struct buf *buf, const struct field *field, const void *member,
    bool present_only)
{
    switch (field->type) {
    case FIELD_TYPE_STR:
    case FIELD_TYPE_ENUM:
    case FIELD_TYPE_DATE:
        write_text(buf, *(const char *const *)member);
        break;
    case FIELD_TYPE_I64:
        json_write_i64(buf, *(const int64_t *)member);
        break;
    case FIELD_TYPE_F64:
        json_write_f64(buf, *(const double *)member);
        break;
    case FIELD_TYPE_BOOL:
        buf_str(buf, *(const bool *)member ? "true" : "false");
        break;
    case FIELD_TYPE_TIME:
        json_write_time(buf, *(const int64_t *)member);
        break;
    case FIELD_TYPE_STRS:
        write_strs(buf, member);
        break;
    case FIELD_TYPE_JSON:
        buf_str(buf, *(const char *const *)member);
        break;
    case FIELD_TYPE_OBJ:
        write_object(buf, field->shape, member, present_only && field->shape->has_set);
        break;
    case FIELD_TYPE_LIST:
        write_list(buf, field->shape, member);
        break;
    case FIELD_TYPE_SECRET:
        break; /* its row is left out before */
    }
}

static void write_object(struct buf *buf, const struct shape *shape, const void *base,
    bool present_only)
{
    const struct field_set *set = set_of(shape, base);
    bool first = true;
    buf_char(buf, '{');
    for (size_t row = 0; row < shape->count; row++) {
        const struct field *field = &shape->fields[row];
        const void *member = member_of(field, base);
        const bool null = is_null(field, row, set, member);
        const bool absent = present_only && !field_is_present(set, row);
        if (field->type == FIELD_TYPE_SECRET || absent || (null && field->omit && !present_only)) {
            continue;
        }
        write_key(buf, field->name, first);
        first = false;
        if (null) {
            buf_add(buf, "null", 4);
        } else {
            write_value(buf, field, member, present_only);
        }
    }
    buf_char(buf, '}');
}

void field_encode(struct buf *buf, const struct shape *shape, const void *base)
{
    write_object(buf, shape, base, /* present_only */ false);
}

void field_encode_present(struct buf *buf, const struct shape *shape, const void *base)
{
    ASSERT(shape->has_set);
    write_object(buf, shape, base, /* present_only */ true);
}
