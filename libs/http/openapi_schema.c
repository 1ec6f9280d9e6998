#include "http/openapi_schema.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/assert.h"
#include "core/buf.h"
#include "core/json.h"

#define DESCRIPTION_MAX_BYTES 512

void openapi_text(struct buf *out, const char *text)
{
    json_write_string(out, text, strlen(text));
}

/* Shapes are called like C structs or like public names; the document has one style. */
static void add_name(struct buf *out, const struct shape *shape)
{
    bool upper = true;
    for (const char *c = shape->name; *c != '\0'; c++) {
        if (*c == '_') {
            upper = true;
            continue;
        }
        buf_char(out, upper ? (char)toupper((unsigned char)*c) : *c);
        upper = false;
    }
}

void openapi_ref(struct buf *out, const struct shape *shape)
{
    buf_str(out, "{\"$ref\":\"#/components/schemas/");
    add_name(out, shape);
    buf_str(out, "\"}");
}

void openapi_collect(struct openapi_shapes *shapes, const struct shape *shape, bool input)
{
    if (shape == NULL) {
        return;
    }
    for (size_t i = 0; i < shapes->count; i++) {
        if (strcmp(shapes->items[i].shape->name, shape->name) == 0) {
            return;
        }
    }
    ASSERT(shapes->count < OPENAPI_SHAPES_MAX);
    shapes->items[shapes->count].shape = shape;
    shapes->items[shapes->count++].input = input;
    for (size_t i = 0; i < shape->count; i++) {
        openapi_collect(shapes, shape->fields[i].shape, input);
    }
}

static void add_i64(struct buf *out, const char *name, int64_t value)
{
    buf_printf(out, ",\"%s\":%" PRId64, name, value);
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
    buf_printf(out, nullable ? "\"type\":[\"%s\",\"null\"]" : "\"type\":\"%s\"", type);
}

static void add_choices(struct buf *out, const struct field *field, bool nullable)
{
    buf_str(out, ",\"enum\":[");
    for (size_t i = 0; field->choices[i] != NULL; i++) {
        buf_str(out, i > 0 ? "," : "");
        openapi_text(out, field->choices[i]);
    }
    buf_str(out, nullable ? ",null]" : "]");
}

/* The type of an object, or a list of them; a reference where the shape is described. */
static void add_nested(struct buf *out, const struct field *field, bool list, bool nullable)
{
    if (list) {
        add_type(out, "array", nullable);
        buf_str(out, ",\"items\":");
        if (field->shape != NULL) {
            openapi_ref(out, field->shape);
        } else {
            buf_str(out, "{\"type\":\"object\"}");
        }
        add_range(out, field, "minItems", "maxItems");
    } else if (field->shape == NULL) {
        add_type(out, "object", nullable);
    } else if (nullable) {
        buf_str(out, "\"anyOf\":[");
        openapi_ref(out, field->shape);
        buf_str(out, ",{\"type\":\"null\"}]");
    } else {
        buf_str(out, "\"allOf\":[");
        openapi_ref(out, field->shape);
        buf_str(out, "]");
    }
}

static void add_value(struct buf *out, const struct field *field, bool nullable)
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
        add_nested(out, field, field->list, nullable);
        break;
    case FIELD_TYPE_OBJ:
        add_nested(out, field, /* list= */ false, nullable);
        break;
    case FIELD_TYPE_LIST:
        add_nested(out, field, /* list= */ true, nullable);
        break;
    case FIELD_TYPE_STR:
    case FIELD_TYPE_SECRET:
    default:
        add_type(out, "string", nullable);
        add_range(out, field, "minLength", "maxLength");
        break;
    }
}

static void add_default(struct buf *out, const struct field *field)
{
    if (field->type == FIELD_TYPE_I64 && field->dflt != 0) {
        add_i64(out, "default", field->dflt);
    } else if (field->type == FIELD_TYPE_BOOL && field->dflt != 0) {
        buf_str(out, ",\"default\":true");
    } else if (field->dflt_text != NULL && *field->dflt_text != '\0' &&
               field->type != FIELD_TYPE_STRS) {
        buf_str(out, ",\"default\":");
        openapi_text(out, field->dflt_text);
    }
}

static void add_description(struct buf *out, const struct field *field)
{
    char text[DESCRIPTION_MAX_BYTES];
    snprintf(text, sizeof(text), "%s%s%s", field->doc, field->unit == NULL ? "" : ", in ",
        field->unit == NULL ? "" : field->unit);
    buf_str(out, ",\"description\":");
    openapi_text(out, text);
}

static void add_schema(struct buf *out, const struct field *field, bool input)
{
    buf_char(out, '{');
    add_value(out, field, field->nullable);
    if (input) {
        add_default(out, field);
    }
    add_description(out, field);
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
            openapi_text(out, shape->fields[i].name);
            first = false;
        }
    }
    buf_str(out, first ? "" : "]");
}

static void add_component(struct buf *out, const struct shape *shape, bool input)
{
    buf_char(out, '"');
    add_name(out, shape);
    buf_str(out, "\":{\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < shape->count; i++) {
        buf_str(out, i > 0 ? "," : "");
        openapi_text(out, shape->fields[i].name);
        buf_char(out, ':');
        add_schema(out, &shape->fields[i], input);
    }
    buf_char(out, '}');
    add_required(out, shape, input);
    buf_str(out, input ? ",\"additionalProperties\":false}" : "}");
}

void openapi_components(struct buf *out, const struct openapi_shapes *shapes)
{
    for (size_t i = 0; i < shapes->count; i++) {
        buf_str(out, i > 0 ? "," : "");
        add_component(out, shapes->items[i].shape, shapes->items[i].input);
    }
}

void openapi_parameters(struct buf *out, const struct shape *shape, const char *in, bool *first)
{
    for (size_t i = 0; shape != NULL && i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        buf_str(out, *first ? "" : ",");
        *first = false;
        buf_str(out, "{\"name\":");
        openapi_text(out, field->name);
        buf_printf(out, ",\"in\":\"%s\"", in);
        add_description(out, field);
        buf_printf(out, ",\"required\":%s",
            field->required || strcmp(in, "path") == 0 ? "true" : "false");
        if (field->type == FIELD_TYPE_STRS) {
            buf_str(out, ",\"style\":\"form\",\"explode\":false");
        }
        buf_str(out, ",\"schema\":{");
        add_value(out, field, /* nullable= */ false);
        add_default(out, field);
        buf_str(out, "}}");
    }
}
