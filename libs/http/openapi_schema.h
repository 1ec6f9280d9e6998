/* http/openapi_schema.h - field tables as JSON Schema: components, each shape once, and parameters.
 * Owns: nothing; text goes to the caller's buf. */
#ifndef HTTP_OPENAPI_SCHEMA_H
#define HTTP_OPENAPI_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/field.h"

struct buf;

#define OPENAPI_SHAPES_MAX 192

/* Shapes that the document refers to, in the order of their first use. One shape serves as input or as output:
 * an input names what must be sent, an output names what is always there. */
struct openapi_shapes {
    struct {
        const struct shape *shape;
        bool input;
    } items[OPENAPI_SHAPES_MAX];
    size_t count;
};

/* Adds the shape and what it contains. */
void openapi_collect(struct openapi_shapes *shapes, const struct shape *shape, bool input);
/* {"$ref":"#/components/schemas/Name"} */
void openapi_ref(struct buf *out, const struct shape *shape);
/* "Name":{...},... of all collected shapes. */
void openapi_components(struct buf *out, const struct openapi_shapes *shapes);
/* One entry of `parameters` a row; *first is false once something was written. */
void openapi_parameters(struct buf *out, const struct shape *shape, const char *in, bool *first);

void openapi_text(struct buf *out, const char *text);

#endif
