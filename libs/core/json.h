/* core/json.h - JSON in through jansson (hidden here), JSON out written directly into a buf.
 * Reading is bounded: size by the caller, depth and tokens by a scan before the parser sees the text. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct buf;
struct json; /* opaque; lives until the arena it was parsed into is released */

/* Not json_type, json_string, JSON_OBJECT: those names are jansson's, and libjwt would find ours. */
enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_I64,
    JSON_KIND_F64,
    JSON_KIND_STR,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};

/* Errors: ERR_BAD_REQUEST "malformed JSON" (also duplicate keys, NUL, invalid UTF-8, trailing bytes),
 * ERR_INVALID when depth or token count passes its limit. */
err json_parse(struct ctx *ctx, const char *text, size_t len, const struct json **out);
/* For bodies that may be long: with a limit of tokens of its own instead of LIMIT_JSON_TOKENS. */
err json_parse_long(struct ctx *ctx, const char *text, size_t len, size_t tokens_max,
    const struct json **out);

enum json_kind json_kind(const struct json *value); /* NULL reads as JSON_KIND_NULL */
const struct json *json_get(const struct json *object,
    const char *key); /* NULL if absent or no object */
const char *json_text(const struct json *value,
    size_t *out_len); /* NULL if not a string; out_len may be NULL */
bool json_i64(const struct json *value,
    int64_t *out); /* also 3.0; false for 3.5, strings, overflow */
bool json_f64(const struct json *value, double *out);
bool json_bool(const struct json *value, bool *out);
size_t json_count(const struct json *container); /* items of an array, keys of an object */
const struct json *json_at(const struct json *array, size_t index);
/* Calls fn for each key in insertion order; stops when fn returns false. */
void json_each(const struct json *object,
    bool (*fn)(void *arg, const char *key, const struct json *value), void *arg);
/* Compact text of a value; bounded by the buf. */
void json_dump(struct buf *buf, const struct json *value);

/* Writers: append to buf, never produce invalid JSON for valid UTF-8 input. */
void json_write_string(struct buf *buf, const char *text, size_t len);
void json_write_i64(struct buf *buf, int64_t value);
void json_write_f64(struct buf *buf,
    double value); /* shortest text that reads back equal; finite */
void json_write_time(struct buf *buf, int64_t wall_us);

/* True if text is one well-formed JSON value within the limits. */
bool json_is_valid(const char *text, size_t len);

#endif
