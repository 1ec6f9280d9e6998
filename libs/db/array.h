/* db/array.h - the text form of a Postgres array, of text or of bigint: {a,"b, c",NULL}. */
#ifndef DB_ARRAY_H
#define DB_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"

struct arena;

/* One dimension, no NULL inside; false otherwise. Items are in the arena. */
bool db_array_read(struct arena *arena, const char *text, size_t len, struct strs *out);
const char *db_array_write(struct arena *arena, const struct strs *items);
const char *db_array_write_i64(struct arena *arena, const int64_t *items, int64_t count);

#endif
