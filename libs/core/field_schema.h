/* core/field_schema.h - field tables as JSON Schema: for the OpenAPI document and for the tools of a model.
 * Owns: nothing; text goes to the caller's buf. */
#ifndef CORE_FIELD_SCHEMA_H
#define CORE_FIELD_SCHEMA_H

#include <stdbool.h>

#include "core/field.h"

struct buf;

/* How a shape inside another one is told: a reference to where it is described. NULL: in place. */
typedef void field_schema_ref(struct buf *out, const struct shape *shape);

/* Type and range of one value, without braces. */
void field_schema_value(struct buf *out, const struct field *field, bool nullable,
    field_schema_ref *ref);
/* ,"default":... if the row has one; ,"description":"..." */
void field_schema_default(struct buf *out, const struct field *field);
void field_schema_description(struct buf *out, const struct field *field);
/* {"type":"object",...}. An input names what must be sent and allows nothing else, an output names what is always there. */
void field_schema_object(struct buf *out, const struct shape *shape, bool input,
    field_schema_ref *ref);

#endif
