#include "http/openapi_schema.h"

#include <ctype.h>
#include <string.h>

#include "core/assert.h"
#include "core/buf.h"
#include "core/field_schema.h"
#include "core/json.h"

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

static void add_component(struct buf *out, const struct shape *shape, bool input)
{
    buf_char(out, '"');
    add_name(out, shape);
    buf_str(out, "\":");
    field_schema_object(out, shape, input, openapi_ref);
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
        field_schema_description(out, field);
        buf_printf(out, ",\"required\":%s",
            field->required || strcmp(in, "path") == 0 ? "true" : "false");
        if (field->type == FIELD_TYPE_STRS) {
            buf_str(out, ",\"style\":\"form\",\"explode\":false");
        }
        buf_str(out, ",\"schema\":{");
        field_schema_value(out, field, /* nullable= */ false, openapi_ref);
        field_schema_default(out, field);
        buf_str(out, "}}");
    }
}
