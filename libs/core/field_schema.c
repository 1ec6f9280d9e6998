#include "core/field_schema.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"

static void add_text(struct buf *out, const char *text)
{
    json_write_string(out, text, strlen(text));
}

static void add_i64(struct buf *out, const char *name, int64_t value)
{
    buf_str(out, ",\"");
    buf_str(out, name);
    buf_str(out, "\":");
    buf_i64(out, value);
}

/* Lowest and highest, under the names that the type gives them. */
static void add_range(struct buf *out, const struct field *field, const char *low, const char *high)
{
    if (field->min == 0 && field->max == 0) {
        return;
    }
    if (field->min != 0 || strcmp(low, "minimum") == 0) {
        add_i64(out, low, field->min);
    }
    if (field->max != 0) {
        add_i64(out, high, field->max);
    }
}

static void add_type(struct buf *out, const char *type, bool nullable)
{
    buf_str(out, nullable ? "\"type\":[\"" : "\"type\":\"");
    buf_str(out, type);
    buf_str(out, nullable ? "\",\"null\"]" : "\"");
}

static void add_choices(struct buf *out, const struct field *field, bool nullable)
{
    buf_str(out, ",\"enum\":[");
    for (size_t i = 0; field->choices[i] != NULL; i++) {
        buf_str(out, i > 0 ? "," : "");
        add_text(out, field->choices[i]);
    }
    buf_str(out, nullable ? ",null]" : "]");
}

/* One level of nesting is all there is: a shape in place is an input of a tool. */
static void add_inner(struct buf *out, const struct shape *shape, field_schema_ref *ref)
{
    if (ref != NULL) {
        ref(out, shape);
    } else {
        field_schema_object(out, shape, /* input */ true, ref);
    }
}

/* The type of an object, or a list of them. */
static void add_nested(struct buf *out, const struct field *field, bool list, bool nullable,
    field_schema_ref *ref)
{
    if (list) {
        add_type(out, "array", nullable);
        buf_str(out, ",\"items\":");
        if (field->shape != NULL) {
            add_inner(out, field->shape, ref);
        } else {
            buf_str(out, "{\"type\":\"object\"}");
        }
        add_range(out, field, "minItems", "maxItems");
    } else if (field->shape == NULL) {
        add_type(out, "object", nullable);
    } else if (nullable) {
        buf_str(out, "\"anyOf\":[");
        add_inner(out, field->shape, ref);
        buf_str(out, ",{\"type\":\"null\"}]");
    } else {
        buf_str(out, "\"allOf\":[");
        add_inner(out, field->shape, ref);
        buf_str(out, "]");
    }
}

void field_schema_value(struct buf *out, const struct field *field, bool nullable,
    field_schema_ref *ref)
{
    switch (field->type) {
    case FIELD_TYPE_I64:
        add_type(out, "integer", nullable);
        buf_str(out, ",\"format\":\"int64\"");
        add_range(out, field, "minimum", "maximum");
        break;
    case FIELD_TYPE_F64:
        add_type(out, "number", nullable);
        add_range(out, field, "minimum", "maximum");
        break;
    case FIELD_TYPE_BOOL:
        add_type(out, "boolean", nullable);
        break;
    case FIELD_TYPE_ENUM:
        add_type(out, "string", nullable);
        add_choices(out, field, nullable);
        break;
    case FIELD_TYPE_TIME:
        add_type(out, "string", nullable);
        buf_str(out, ",\"format\":\"date-time\"");
        break;
    case FIELD_TYPE_DATE:
        add_type(out, "string", nullable);
        buf_str(out, ",\"format\":\"date\"");
        break;
    case FIELD_TYPE_STRS:
        buf_str(out, "\"type\":\"array\",\"items\":{\"type\":\"string\"}");
        add_range(out, field, "minItems", "maxItems");
        break;
    case FIELD_TYPE_JSON:
        add_nested(out, field, field->list, nullable, ref);
        break;
    case FIELD_TYPE_OBJ:
        add_nested(out, field, /* list= */ false, nullable, ref);
        break;
    case FIELD_TYPE_LIST:
        add_nested(out, field, /* list= */ true, nullable, ref);
        break;
    case FIELD_TYPE_STR:
    case FIELD_TYPE_SECRET:
    default:
        add_type(out, "string", nullable);
        add_range(out, field, "minLength", "maxLength");
        break;
    }
}

void field_schema_default(struct buf *out, const struct field *field)
{
    if (field->type == FIELD_TYPE_I64 && field->dflt != 0) {
        add_i64(out, "default", field->dflt);
    } else if (field->type == FIELD_TYPE_BOOL && field->dflt != 0) {
        buf_str(out, ",\"default\":true");
    } else if (field->dflt_text != NULL && *field->dflt_text != '\0' &&
               field->type != FIELD_TYPE_STRS) {
        buf_str(out, ",\"default\":");
        add_text(out, field->dflt_text);
    }
}

void field_schema_description(struct buf *out, const struct field *field)
{
    buf_str(out, ",\"description\":");
    add_text(out, field->doc);
    if (field->unit != NULL && !out->failed) {
        out->len--; /* the quote */
        buf_str(out, ", in ");
        buf_str(out, field->unit);
        buf_char(out, '"');
    }
}

static void add_schema(struct buf *out, const struct field *field, bool input,
    field_schema_ref *ref)
{
    buf_char(out, '{');
    field_schema_value(out, field, field->nullable, ref);
    if (input) {
        field_schema_default(out, field);
    }
    field_schema_description(out, field);
    buf_char(out, '}');
}

static bool is_required(const struct field *field, bool input)
{
    return input ? field->required : !field->omit;
}

static void add_required(struct buf *out, const struct shape *shape, bool input)
{
    bool first = true;
    for (size_t i = 0; i < shape->count; i++) {
        if (is_required(&shape->fields[i], input)) {
            buf_str(out, first ? ",\"required\":[" : ",");
            add_text(out, shape->fields[i].name);
            first = false;
        }
    }
    buf_str(out, first ? "" : "]");
}

void field_schema_object(struct buf *out, const struct shape *shape, bool input,
    field_schema_ref *ref)
{
    buf_str(out, "{\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < shape->count; i++) {
        buf_str(out, i > 0 ? "," : "");
        add_text(out, shape->fields[i].name);
        buf_char(out, ':');
        add_schema(out, &shape->fields[i], input, ref);
    }
    buf_char(out, '}');
    add_required(out, shape, input);
    buf_str(out, input ? ",\"additionalProperties\":false}" : "}");
}
