#include "http/query.h"

#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = (char)(c | ' ');
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

long query_unescape(const char *text, size_t len, bool plus, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '+' && plus) {
            c = ' ';
        } else if (c == '%') {
            const int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
            const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
            if (low < 0) {
                return -1;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        out[written++] = c;
    }
    return (long)written;
}

static bool decode(struct ctx *ctx, const char *text, size_t len, const char **out, size_t *out_len)
{
    char *decoded = arena_alloc_raw(ctx->arena, len + 1);
    const long decoded_len = query_unescape(text, len, /* plus= */ true, decoded);
    if (decoded_len < 0 || !utf8_is_valid(decoded, (size_t)decoded_len)) {
        return false;
    }
    decoded[decoded_len] = '\0';
    *out = decoded;
    *out_len = (size_t)decoded_len;
    return true;
}

static bool decode_pair(struct ctx *ctx, const char *text, size_t len, struct field_param *out)
{
    const char *equals = memchr(text, '=', len);
    const size_t name_len = equals == NULL ? len : (size_t)(equals - text);
    const char *value = equals == NULL ? text + len : equals + 1;
    size_t unused = 0;
    return decode(ctx, text, name_len, &out->name, &unused) &&
           decode(ctx, value, (size_t)(text + len - value), &out->value, &out->value_len);
}

/* How many pairs there can be. */
static size_t count_pairs(const char *text, size_t len)
{
    size_t count = len > 0;
    for (size_t i = 0; i < len && count < LIMIT_QUERY_PARAMETERS; i++) {
        count += text[i] == '&';
    }
    return count;
}

err query_parse(struct ctx *ctx, const char *text, size_t len, struct field_param **out,
    size_t *out_count)
{
    struct field_param *params =
        ARENA_ARRAY(ctx->arena, struct field_param, count_pairs(text, len));
    size_t count = 0;
    for (const char *end = text + len; text < end;) {
        const char *ampersand = memchr(text, '&', (size_t)(end - text));
        const size_t pair_len = (size_t)((ampersand == NULL ? end : ampersand) - text);
        if (count == LIMIT_QUERY_PARAMETERS) {
            return fail_field(ctx, "query", CODE_VALIDATION_ERROR,
                "must have at most %d parameters", LIMIT_QUERY_PARAMETERS);
        }
        if (pair_len > 0 && !decode_pair(ctx, text, pair_len, &params[count++])) {
            return fail_field(ctx, "query", CODE_VALIDATION_ERROR, "must be escaped UTF-8");
        }
        text += pair_len + 1;
    }
    *out = params;
    *out_count = count;
    return OK;
}
