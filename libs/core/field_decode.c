#include "core/field.h"

#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/field_rules.h"
#include "core/json.h"
#include "core/limits.h"

#define NO_INDEX SIZE_MAX

/* Where in the body we are; rendered only when something is wrong there. */
struct path {
    const struct path *parent;
    const char *name;
    size_t index; /* of the item in the list `name` */
};

static const char *render(struct ctx *ctx, const struct path *path)
{
    const char *parent = path->parent == NULL ? "" : render(ctx, path->parent);
    const char *dot = *parent == '\0' ? "" : ".";
    if (path->index == NO_INDEX) {
        return arena_printf(ctx->arena, "%s%s%s", parent, dot, path->name);
    }
    return arena_printf(ctx->arena, "%s%s%s[%zu]", parent, dot, path->name, path->index);
}

static void report(struct ctx *ctx, const struct path *path, const char *code, const char *why)
{
    (void)fail_field(ctx, render(ctx, path), code, "%s", why);
}

static void decode_object(struct ctx *ctx, const struct shape *shape, const struct json *object,
    const struct path *path, void *out);

static const char *read_text(struct ctx *ctx, const struct field *field, const struct json *value,
    void *base)
{
    size_t len = 0;
    const char *text = json_text(value, &len);
    const char *why = "must be a string";
    if (text != NULL && field_set_text(ctx, field, base, text, len, &why)) {
        return NULL;
    }
    return why;
}

static const char *read_i64(struct ctx *ctx, const struct field *field, const struct json *value,
    int64_t *to)
{
    /* 3.0 is a real: money must never have been one. */
    if (json_kind(value) != JSON_KIND_I64 || !json_i64(value, to)) {
        return "must be an integer";
    }
    return field_check_i64(ctx, field, *to);
}

static const char *read_f64(struct ctx *ctx, const struct field *field, const struct json *value,
    double *to)
{
    return json_f64(value, to) ? field_check_f64(ctx, field, *to) : "must be a number";
}

/* Kept as text: it goes into a jsonb column or on to somebody else. */
static const char *read_json(struct ctx *ctx, const struct field *field, const struct json *value,
    const char **to)
{
    if (json_kind(value) != (field->list ? JSON_KIND_ARRAY : JSON_KIND_OBJECT)) {
        return field->list ? "must be a list" : "must be an object";
    }
    const char *why = field->list ? field_check_count(ctx, field, json_count(value)) : NULL;
    if (why != NULL) {
        return why;
    }
    struct buf buf;
    size_t len = 0;
    buf_init(&buf, ctx->arena, 256, LIMIT_REPLY_BYTES);
    json_dump(&buf, value);
    return is_ok(buf_finish(ctx, &buf, to, &len)) ? NULL : "must be shorter";
}

static const char *read_list(struct ctx *ctx, const struct field *field, const struct json *value,
    const struct path *path, struct list *to)
{
    if (json_kind(value) != JSON_KIND_ARRAY) {
        return "must be a list";
    }
    const size_t count = json_count(value);
    const char *why = field_check_count(ctx, field, count);
    if (why != NULL) {
        return why;
    }
    char *items = arena_alloc(ctx->arena, count * field->shape->size);
    for (size_t i = 0; i < count; i++) {
        const struct path item = {path->parent, path->name, i};
        decode_object(ctx, field->shape, json_at(value, i), &item, items + i * field->shape->size);
    }
    *to = (struct list){.items = items, .count = (int64_t)count};
    return NULL;
}

/* NULL, or why the value does not fit; what is wrong inside an object or a list is reported there. */
static const char *read_value(struct ctx *ctx, const struct field *field, const struct json *value,
    const struct path *path, void *base)
{
    void *to = field_member(field, base);
    switch (field->type) {
    case FIELD_TYPE_STR:
    case FIELD_TYPE_ENUM:
    case FIELD_TYPE_TIME:
    case FIELD_TYPE_DATE:
    case FIELD_TYPE_SECRET:
        return read_text(ctx, field, value, base);
    case FIELD_TYPE_I64:
        return read_i64(ctx, field, value, to);
    case FIELD_TYPE_F64:
        return read_f64(ctx, field, value, to);
    case FIELD_TYPE_BOOL:
        return json_bool(value, to) ? NULL : "must be true or false";
    case FIELD_TYPE_STRS:
        return field_read_strs(ctx, field, value, to);
    case FIELD_TYPE_JSON:
        return read_json(ctx, field, value, to);
    case FIELD_TYPE_LIST:
        return read_list(ctx, field, value, path, to);
    case FIELD_TYPE_OBJ:
        decode_object(ctx, field->shape, value, path, to);
        return NULL;
    }
    return "must be left out";
}

static const char *read_null(const struct field *field, void *base)
{
    if (!field->nullable) {
        return "must not be null";
    }
    memset(field_member(field, base), 0, field_size(field)); /* not the default */
    return NULL;
}

struct unknown_search {
    struct ctx *ctx;
    const struct shape *shape;
    const struct path *path;
};

static bool report_unknown(void *arg, const char *key, const struct json *value)
{
    (void)value;
    const struct unknown_search *search = arg;
    for (size_t row = 0; row < search->shape->count; row++) {
        if (strcmp(search->shape->fields[row].name, key) == 0) {
            return true;
        }
    }
    const struct path unknown = {search->path, key, NO_INDEX};
    report(search->ctx, &unknown, CODE_UNKNOWN_FIELD, "unknown field");
    return search->ctx->error.field_count < ERR_FIELDS_MAX;
}

static void decode_row(struct ctx *ctx, const struct field *field, const struct json *value,
    const struct path *parent, void *out)
{
    const struct path path = {parent, field->name, NO_INDEX};
    const char *why = NULL;
    if (value == NULL) {
        why = field->required ? "is required" : NULL;
    } else if (json_kind(value) == JSON_KIND_NULL) {
        why = read_null(field, out);
    } else {
        why = read_value(ctx, field, value, &path, out);
    }
    if (why != NULL) {
        report(ctx, &path, CODE_VALIDATION_ERROR, why);
    }
}

static void decode_object(struct ctx *ctx, const struct shape *shape, const struct json *object,
    const struct path *path, void *out)
{
    ASSERT(shape->count <= FIELD_ROWS_MAX);
    if (json_kind(object) != JSON_KIND_OBJECT) {
        report(ctx, path, CODE_VALIDATION_ERROR, "must be an object");
        return;
    }
    field_set_defaults(ctx, shape, out);
    struct field_set seen = {0};
    size_t known = 0;
    for (size_t row = 0; row < shape->count; row++) {
        const struct json *value = json_get(object, shape->fields[row].name);
        known += value != NULL;
        seen.present |= (uint64_t)(value != NULL) << row;
        seen.null |= (uint64_t)(value != NULL && json_kind(value) == JSON_KIND_NULL) << row;
        decode_row(ctx, &shape->fields[row], value, path, out);
    }
    if (known < json_count(object)) {
        json_each(object, report_unknown, &(struct unknown_search){ctx, shape, path});
    }
    struct field_set *set = field_set_of(shape, out);
    if (set != NULL) {
        *set = seen;
    }
}

err field_decode(struct ctx *ctx, const struct shape *shape, const struct json *object, void *out)
{
    err_clear(ctx); /* problems are collected from here on */
    memset(out, 0, shape->size);
    if (json_kind(object) != JSON_KIND_OBJECT) {
        return fail_field(ctx, "body", CODE_VALIDATION_ERROR, "must be an object");
    }
    decode_object(ctx, shape, object, /* path */ NULL, out);
    return (err){ctx->error.code};
}
