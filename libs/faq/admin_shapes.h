/* faq/admin_shapes.h - inside this library: rows as the statements return them. */
#ifndef FAQ_ADMIN_SHAPES_H
#define FAQ_ADMIN_SHAPES_H

#include "core/field.h"

extern const struct shape faq_admin_row_shape;      /* faq_admin_shape without warnings */
extern const struct shape faq_admin_list_row_shape; /* faq_admin_list_shape and the sort key */
extern const struct shape faq_warning_shape;
extern const struct shape faq_gap_row_shape; /* faq_gap_shape and the sort key */

#endif
