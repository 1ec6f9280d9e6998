/* core/field_rules.h - the rules of a row, wherever its value comes from. For core/field_*.c only.
 * Errors: each check returns NULL, or what the value must be ("must be at most 50"; constant or arena). */
#ifndef CORE_FIELD_RULES_H
#define CORE_FIELD_RULES_H

#include "core/ctx.h"
#include "core/field.h"

const char *field_check_i64(struct ctx *ctx, const struct field *field, int64_t value);
const char *field_check_f64(struct ctx *ctx, const struct field *field, double value);
/* Valid UTF-8 with a NUL at text[len]. */
const char *field_check_str(struct ctx *ctx, const struct field *field, const char *text,
    size_t len);
const char *field_check_item(const struct field *field, const char *text);
const char *field_check_count(struct ctx *ctx, const struct field *field, size_t count);

/* The row's member in the struct at base. */
static inline void *field_member(const struct field *field, void *base)
{
    return (char *)base + field->offset;
}

/* NULL if the shape keeps no set. */
static inline struct field_set *field_set_of(const struct shape *shape, void *base)
{
    return shape->has_set ? (struct field_set *)(void *)((char *)base + shape->set_offset) : NULL;
}

#define FIELD_NOT_STRS "must be a list of strings"
const char *field_read_strs(struct ctx *ctx, const struct field *field, const struct json *array,
    struct strs *to);

size_t field_size(const struct field *field);

#endif
