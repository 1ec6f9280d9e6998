/* properties/shapes.h - inside this library: a row of a list as the statements return it. */
#ifndef PROPERTIES_SHAPES_H
#define PROPERTIES_SHAPES_H

#include "core/field.h"

extern const struct shape property_summary_row_shape; /* property_summary_shape and the sort key */

#endif
