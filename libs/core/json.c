#include "core/json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/limits.h"

/* `struct json` is jansson's json_t under another name; only this file knows. */
static const json_t *inner(const struct json *value)
{
    return (const json_t *)value;
}

static const struct json *outer(const json_t *value)
{
    return (const struct json *)value;
}

/* jansson's iterators want a pointer that is not const, and change nothing. */
static json_t *iterable(const struct json *value)
{
    return (json_t *)(uintptr_t)value;
}

enum scan_result { SCAN_FITS, SCAN_TOO_DEEP, SCAN_TOO_MANY };

/* A quote behind an odd number of backslashes belongs to the string. */
static bool is_escaped(const char *text, size_t start, size_t at)
{
    size_t backslashes = 0;
    while (at - backslashes > start && text[at - backslashes - 1] == '\\') {
        backslashes++;
    }
    return backslashes % 2 == 1;
}

/* Position of the quote that ends the string starting at text[at], or len. */
static size_t skip_string(const char *text, size_t len, size_t at)
{
    const size_t start = at + 1;
    const char *quote = memchr(text + start, '"', len - start);
    while (quote != NULL && is_escaped(text, start, (size_t)(quote - text))) {
        quote = memchr(quote + 1, '"', len - (size_t)(quote + 1 - text));
    }
    return quote == NULL ? len : (size_t)(quote - text);
}

static bool is_between_tokens(char c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ',':
    case ':':
    case '{':
    case '}':
    case '[':
    case ']':
    case '"':
        return true;
    default:
        return false;
    }
}

/* Counts values and keys before the parser allocates for them. Malformed text is the parser's business. */
static enum scan_result scan(const char *text, size_t len, size_t tokens_max)
{
    size_t depth = 0;
    size_t tokens = 0;
    bool in_word = false;
    for (size_t at = 0; at < len; at++) {
        const char c = text[at];
        const bool opens = c == '{' || c == '[';
        const bool word = !is_between_tokens(c);
        tokens += opens || c == '"' || (word && !in_word);
        in_word = word;
        depth += opens;
        depth -= (c == '}' || c == ']') && depth > 0;
        if (depth > LIMIT_JSON_DEPTH) {
            return SCAN_TOO_DEEP;
        }
        if (tokens > tokens_max) {
            return SCAN_TOO_MANY;
        }
        if (c == '"') {
            at = skip_string(text, len, at);
        }
    }
    return SCAN_FITS;
}

/* What jansson asks for while json_parse runs comes from the request's arena and goes with it: nothing is changed
 * afterwards, so nothing is freed one by one. At other times (libjwt uses jansson too) it is the heap's. */
static struct arena *parsing;

static void *allocate(size_t size)
{
    return parsing != NULL ? arena_alloc_raw(parsing, size) : malloc(size);
}

static void release(void *bytes)
{
    if (parsing == NULL) {
        free(bytes);
    }
}

/* arena = NULL: the caller releases the value. */
static json_t *load(struct arena *arena, const char *text, size_t len, json_error_t *out_error)
{
    *out_error = (json_error_t){0};
    if (memchr(text, '\0', len) != NULL) { /* jansson would take it for the end of the text */
        return NULL;
    }
    json_set_alloc_funcs(allocate, release);
    parsing = arena;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, out_error);
    parsing = NULL;
    return root;
}

err json_parse(struct ctx *ctx, const char *text, size_t len, const struct json **out)
{
    return json_parse_long(ctx, text, len, LIMIT_JSON_TOKENS, out);
}

err json_parse_long(struct ctx *ctx, const char *text, size_t len, size_t tokens_max,
    const struct json **out)
{
    switch (scan(text, len, tokens_max)) {
    case SCAN_TOO_DEEP:
        return fail_field(ctx, "body", CODE_VALIDATION_ERROR, "must be nested at most %d deep",
            LIMIT_JSON_DEPTH);
    case SCAN_TOO_MANY:
        return fail_field(ctx, "body", CODE_VALIDATION_ERROR,
            "must have at most %zu keys and values", tokens_max);
    case SCAN_FITS:
        break;
    }
    json_error_t error;
    json_t *root = load(ctx->arena, text, len, &error);
    if (root == NULL) {
        /* jansson's own sentence quotes the text, which may be personal. */
        return fail(ctx, ERR_BAD_REQUEST, "malformed JSON: line %d, column %d, code %d", error.line,
            error.column, (int)json_error_code(&error));
    }
    *out = outer(root);
    return OK;
}

bool json_is_valid(const char *text, size_t len)
{
    if (scan(text, len, LIMIT_JSON_TOKENS) != SCAN_FITS) {
        return false;
    }
    json_error_t error;
    json_t *root = load(/* arena= */ NULL, text, len, &error);
    json_decref(root);
    return root != NULL;
}

enum json_kind json_kind(const struct json *value)
{
    if (value == NULL) {
        return JSON_KIND_NULL;
    }
    switch (json_typeof(inner(value))) {
    case JSON_OBJECT:
        return JSON_KIND_OBJECT;
    case JSON_ARRAY:
        return JSON_KIND_ARRAY;
    case JSON_STRING:
        return JSON_KIND_STR;
    case JSON_INTEGER:
        return JSON_KIND_I64;
    case JSON_REAL:
        return JSON_KIND_F64;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_KIND_BOOL;
    case JSON_NULL:
        break;
    }
    return JSON_KIND_NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
    return outer(json_object_get(inner(object), key));
}

const char *json_text(const struct json *value, size_t *out_len)
{
    const char *text = json_string_value(inner(value));
    if (text != NULL && out_len != NULL) {
        *out_len = json_string_length(inner(value));
    }
    return text;
}

bool json_i64(const struct json *value, int64_t *out)
{
    if (json_is_integer(inner(value))) {
        *out = json_integer_value(inner(value));
        return true;
    }
    const double real = json_real_value(inner(value)); /* 0 if it is none */
    const bool fits = real >= -0x1p63 && real < 0x1p63;
    if (!json_is_real(inner(value)) || !fits || (double)(int64_t)real != real) {
        return false;
    }
    *out = (int64_t)real;
    return true;
}

bool json_f64(const struct json *value, double *out)
{
    if (!json_is_number(inner(value))) {
        return false;
    }
    *out = json_number_value(inner(value));
    return true;
}

bool json_bool(const struct json *value, bool *out)
{
    if (!json_is_boolean(inner(value))) {
        return false;
    }
    *out = json_is_true(inner(value));
    return true;
}

size_t json_count(const struct json *container)
{
    return json_is_array(inner(container)) ? json_array_size(inner(container))
                                           : json_object_size(inner(container));
}

const struct json *json_at(const struct json *array, size_t index)
{
    return outer(json_array_get(inner(array), index));
}

void json_each(const struct json *object,
    bool (*fn)(void *arg, const char *key, const struct json *value), void *arg)
{
    json_t *items = iterable(object);
    for (void *at = json_object_iter(items); at != NULL; at = json_object_iter_next(items, at)) {
        if (!fn(arg, json_object_iter_key(at), outer(json_object_iter_value(at)))) {
            return;
        }
    }
}

static void dump_array(struct buf *buf, const struct json *array)
{
    buf_char(buf, '[');
    for (size_t i = 0; i < json_count(array); i++) {
        if (i > 0) {
            buf_char(buf, ',');
        }
        json_dump(buf, json_at(array, i));
    }
    buf_char(buf, ']');
}

struct object_dump {
    struct buf *buf;
    bool started;
};

static bool dump_member(void *arg, const char *key, const struct json *value)
{
    struct object_dump *dump = arg;
    buf_str(dump->buf, dump->started ? "," : "");
    dump->started = true;
    json_write_string(dump->buf, key, strlen(key));
    buf_char(dump->buf, ':');
    json_dump(dump->buf, value);
    return true;
}

/* As deep as the parser let the value be: LIMIT_JSON_DEPTH calls. */
void json_dump(struct buf *buf, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_KIND_NULL:
        buf_str(buf, "null");
        break;
    case JSON_KIND_BOOL:
        buf_str(buf, json_is_true(inner(value)) ? "true" : "false");
        break;
    case JSON_KIND_I64:
        json_write_i64(buf, json_integer_value(inner(value)));
        break;
    case JSON_KIND_F64:
        json_write_f64(buf, json_real_value(inner(value)));
        break;
    case JSON_KIND_STR:
        json_write_string(buf, json_string_value(inner(value)), json_string_length(inner(value)));
        break;
    case JSON_KIND_ARRAY:
        dump_array(buf, value);
        break;
    case JSON_KIND_OBJECT:
        buf_char(buf, '{');
        json_each(value, dump_member, &(struct object_dump){.buf = buf});
        buf_char(buf, '}');
        break;
    }
}
