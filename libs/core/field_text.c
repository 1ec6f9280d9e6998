#include "core/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/field_rules.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/utf8.h"

#define NOT_AN_INTEGER "must be an integer"
#define NOT_TEXT "must be valid UTF-8 without NUL"

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static const char *read_i64(struct ctx *ctx, const struct field *field, void *to, const char *text,
    size_t len)
{
    const bool negative = len > 0 && text[0] == '-';
    size_t at = negative;
    int64_t value = 0;
    if (at == len) {
        return NOT_AN_INTEGER;
    }
    for (; at < len; at++) { /* downwards: the lowest number has no positive twin */
        if (text[at] < '0' || text[at] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text[at] - '0', &value)) {
            return NOT_AN_INTEGER;
        }
    }
    if (!negative && __builtin_sub_overflow(0, value, &value)) {
        return NOT_AN_INTEGER;
    }
    const char *why = field_check_i64(ctx, field, value);
    if (why == NULL) {
        *(int64_t *)to = value;
    }
    return why;
}

static const char *read_f64(struct ctx *ctx, const struct field *field, void *to, const char *text,
    size_t len)
{
    /* strtod also takes blanks, hexadecimal and "nan". */
    const bool decimal = len > 0 && strspn(text, "+-.0123456789eE") == len;
    char *end = NULL;
    const double value = decimal ? strtod(text, &end) : 0;
    if (!decimal || end != text + len || !isfinite(value)) {
        return "must be a number";
    }
    const char *why = field_check_f64(ctx, field, value);
    if (why == NULL) {
        *(double *)to = value;
    }
    return why;
}

static const char *read_bool(void *to, const char *text, size_t len)
{
    const bool yes = is_word(text, len, "true") || is_word(text, len, "t");
    if (!yes && !is_word(text, len, "false") && !is_word(text, len, "f")) {
        return "must be true or false";
    }
    *(bool *)to = yes;
    return NULL;
}

static const char *read_time(void *to, const char *text, size_t len)
{
    return clock_parse(text, len, to) ? NULL : "must be an instant like 2026-01-31T09:30:00Z";
}

static const char *read_str(struct ctx *ctx, const struct field *field, void *to, const char *text,
    size_t len)
{
    const char *why = utf8_is_valid(text, len) ? field_check_str(ctx, field, text, len) : NOT_TEXT;
    if (why == NULL) {
        *(const char **)to = text;
    }
    return why;
}

static const char *read_date(void *to, const char *text, size_t len)
{
    if (!clock_is_date(text, len)) {
        return "must be a date like 2026-01-31";
    }
    *(const char **)to = text;
    return NULL;
}

static const char *list_choices(struct ctx *ctx, const struct field *field)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 64, LIMIT_BODY_BYTES);
    for (const char *const *choice = field->choices; *choice != NULL; choice++) {
        buf_str(&buf, choice == field->choices ? "must be one of " : ", ");
        buf_str(&buf, *choice);
    }
    const char *text = NULL;
    size_t len = 0;
    return is_ok(buf_finish(ctx, &buf, &text, &len)) ? text
                                                     : "must be one of the documented values";
}

static const char *read_enum(struct ctx *ctx, const struct field *field, void *to, const char *text,
    size_t len)
{
    for (const char *const *choice = field->choices; *choice != NULL; choice++) {
        if (is_word(text, len, *choice)) {
            *(const char **)to = *choice;
            return NULL;
        }
    }
    return list_choices(ctx, field);
}

static size_t count_items(const char *text, size_t len)
{
    size_t count = len > 0;
    for (size_t i = 0; i < len; i++) {
        count += text[i] == ',';
    }
    return count;
}

static const char *read_csv(struct ctx *ctx, const struct field *field, struct strs *to,
    const char *text, size_t len)
{
    if (!utf8_is_valid(text, len)) {
        return NOT_TEXT;
    }
    const size_t count = count_items(text, len);
    const char *why = field_check_count(ctx, field, count);
    if (why != NULL) {
        return why;
    }
    struct strs list = {.items = ARENA_ARRAY(ctx->arena, const char *, count)};
    for (const char *at = text; (size_t)list.count < count; list.count++) {
        const char *comma = memchr(at, ',', (size_t)(text + len - at));
        const char *end = comma == NULL ? text + len : comma;
        const char *item = arena_strndup(ctx->arena, at, (size_t)(end - at));
        why = *item == '\0' ? "must not have empty items" : field_check_item(field, item);
        if (why != NULL) {
            return why;
        }
        list.items[list.count] = item;
        at = end + 1;
    }
    *to = list;
    return NULL;
}

const char *field_read_strs(struct ctx *ctx, const struct field *field, const struct json *array,
    struct strs *to)
{
    if (json_kind(array) != JSON_KIND_ARRAY) {
        return FIELD_NOT_STRS;
    }
    const size_t count = json_count(array);
    const char *why = field_check_count(ctx, field, count);
    if (why != NULL) {
        return why;
    }
    struct strs list = {.items = ARENA_ARRAY(ctx->arena, const char *, count)};
    for (; (size_t)list.count < count; list.count++) {
        const char *item = json_text(json_at(array, (size_t)list.count), /* out_len */ NULL);
        why = item == NULL ? FIELD_NOT_STRS : field_check_item(field, item);
        if (why != NULL) {
            return why;
        }
        list.items[list.count] = item;
    }
    *to = list;
    return NULL;
}

static const char *read_strs(struct ctx *ctx, const struct field *field, void *to, const char *text,
    size_t len)
{
    if (len == 0 || text[0] != '[') {
        return read_csv(ctx, field, to, text, len);
    }
    const struct json *array = NULL;
    if (!is_ok(json_parse(ctx, text, len, &array))) {
        err_clear(ctx); /* told by what is returned */
        return FIELD_NOT_STRS;
    }
    return field_read_strs(ctx, field, array, to);
}

bool field_set_text(struct ctx *ctx, const struct field *field, void *base, const char *text,
    size_t len, const char **out_why)
{
    void *to = field_member(field, base);
    const char *why = NULL;
    switch (field->type) {
    case FIELD_TYPE_STR:
    case FIELD_TYPE_SECRET:
        why = read_str(ctx, field, to, text, len);
        break;
    case FIELD_TYPE_I64:
        why = read_i64(ctx, field, to, text, len);
        break;
    case FIELD_TYPE_F64:
        why = read_f64(ctx, field, to, text, len);
        break;
    case FIELD_TYPE_BOOL:
        why = read_bool(to, text, len);
        break;
    case FIELD_TYPE_ENUM:
        why = read_enum(ctx, field, to, text, len);
        break;
    case FIELD_TYPE_TIME:
        why = read_time(to, text, len);
        break;
    case FIELD_TYPE_DATE:
        why = read_date(to, text, len);
        break;
    case FIELD_TYPE_STRS:
        why = read_strs(ctx, field, to, text, len);
        break;
    case FIELD_TYPE_JSON:
        *(const char **)to = text;
        break;
    case FIELD_TYPE_OBJ:
    case FIELD_TYPE_LIST:
        why = "must not be given as text";
        break;
    }
    if (why != NULL) {
        *out_why = why;
    }
    return why == NULL;
}
