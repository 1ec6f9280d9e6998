#include "db/row.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "db/array.h"

struct column {
    const struct field
        *field; /* where the value goes: a row of the shape, or of an embedded object */
    const struct field *object; /* the row of the shape that embeds it; NULL = none */
    int row, object_row;        /* their places in their field tables */
    bool needs_value;           /* NULL cannot be expressed */
};

struct db_row_map {
    struct db_row_map *next;
    const struct db_stmt *stmt;
    const struct field *fields; /* shapes may be compound literals; their tables are what stays */
    int count;
    struct column *columns;
};

static bool is_number(enum field_type type)
{
    return type == FIELD_TYPE_I64 || type == FIELD_TYPE_F64 || type == FIELD_TYPE_BOOL ||
           type == FIELD_TYPE_TIME;
}

static bool map_column(const struct shape *shape, const char *name, struct column *out)
{
    const struct field *member = NULL;
    const int row = field_find(shape, name, &member);
    if (row < 0) {
        return false;
    }
    *out = (struct column){.field = &shape->fields[row], .row = row};
    if (member != out->field) {
        out->object = out->field;
        out->object_row = row;
        out->field = member;
        out->row = (int)(member - out->object->shape->fields);
    }
    out->needs_value = is_number(out->field->type) && !out->field->nullable && !out->field->omit;
    return true;
}

static err map_columns(struct ctx *ctx, const struct db_stmt *stmt, const struct shape *shape,
    const PGresult *result, struct column **out)
{
    const int count = PQnfields(result);
    struct column *columns = ARENA_ARRAY(ctx->arena, struct column, (size_t)count);
    for (int i = 0; i < count; i++) {
        const char *name = PQfname(result, i);
        if (!map_column(shape, name, &columns[i])) {
            return fail(ctx, ERR_INTERNAL, "%s: column %s has no member in %s", stmt->name, name,
                shape->name);
        }
    }
    *out = columns;
    return OK;
}

err db_row_map(struct ctx *ctx, struct db_row_maps *maps, const struct db_stmt *stmt,
    const struct shape *shape, const PGresult *result, const struct db_row_map **out)
{
    const int count = PQnfields(result);
    const size_t hash = ((uintptr_t)stmt >> 4U) * 31 + ((uintptr_t)shape->fields >> 4U);
    struct db_row_map **bucket = &maps->buckets[hash % DB_ROW_BUCKETS];
    for (struct db_row_map *map = *bucket; map != NULL; map = map->next) {
        if (map->stmt == stmt && map->fields == shape->fields && map->count == count) {
            *out = map;
            return OK;
        }
    }
    struct column *columns = NULL;
    TRY(map_columns(ctx, stmt, shape, result, &columns));
    struct db_row_map *map = ARENA_NEW(maps->arena, struct db_row_map);
    *map =
        (struct db_row_map){.next = *bucket, .stmt = stmt, .fields = shape->fields, .count = count};
    map->columns = ARENA_ARRAY(maps->arena, struct column, (size_t)count);
    memcpy(map->columns, columns, sizeof(struct column) * (size_t)count);
    *bucket = map;
    *out = map;
    return OK;
}

static void set_present(const struct shape *shape, void *base, int row)
{
    if (shape->has_set) {
        void *member = (char *)base + shape->set_offset;
        struct field_set *set = member;
        set->present |= UINT64_C(1) << row;
    }
}

/* A column of type text[]; what is not text[] goes the common way. */
static bool read_array(struct ctx *ctx, const struct field *field, void *base, const char *text,
    size_t len)
{
    void *member = (char *)base + field->offset;
    return field->type == FIELD_TYPE_STRS && db_array_read(ctx->arena, text, len, member);
}

static err read_value(struct ctx *ctx, const struct db_rows *rows, int row, int i, void *out)
{
    const struct column *column = &rows->map->columns[i];
    void *base = out;
    if (column->object != NULL) {
        base = (char *)out + column->object->offset;
        set_present(rows->shape, out, column->object_row);
    }
    const char *text = PQgetvalue(rows->result, row, i);
    const size_t len = (size_t)PQgetlength(rows->result, row, i);
    const char *why = NULL;
    if (!read_array(ctx, column->field, base, text, len) &&
        !field_set_text(ctx, column->field, base, text, len, &why)) {
        return fail(ctx, ERR_INTERNAL, "%s: column %s %s", rows->map->stmt->name,
            PQfname(rows->result, i), why);
    }
    set_present(column->object == NULL ? rows->shape : column->object->shape, base, column->row);
    return OK;
}

/* An embedded object that may be null is null when all its columns are (an outer join found nothing). */
static bool is_null_object(const struct db_rows *rows, int row, const struct field *object)
{
    if (object == NULL || !object->nullable) {
        return false;
    }
    for (int i = 0; i < rows->map->count; i++) {
        if (rows->map->columns[i].object == object && !PQgetisnull(rows->result, row, i)) {
            return false;
        }
    }
    return true;
}

err db_row_read(struct ctx *ctx, const struct db_rows *rows, int row, void *out)
{
    for (int i = 0; i < rows->map->count; i++) {
        const struct column *column = &rows->map->columns[i];
        if (!PQgetisnull(rows->result, row, i)) {
            TRY(read_value(ctx, rows, row, i, out));
        } else if (column->needs_value && !is_null_object(rows, row, column->object)) {
            return fail(ctx, ERR_INTERNAL, "%s: column %s is NULL, %s needs a value",
                rows->map->stmt->name, PQfname(rows->result, i), rows->shape->name);
        }
    }
    return OK;
}
