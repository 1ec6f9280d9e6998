#include "db/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"

/* Copies one item to `to` and ends it with NUL; NULL = not an array of texts. Returns what follows the item. */
static const char *read_item(const char *from, char *to)
{
    const bool quoted = *from == '"';
    const char *start = to;
    from += quoted;
    while (*from != '\0' && (quoted ? *from != '"' : *from != ',' && *from != '}')) {
        from += *from == '\\' && from[1] != '\0';
        *to++ = *from++;
    }
    *to = '\0';
    if (*from == '\0' || (!quoted && (strcmp(start, "NULL") == 0 || *start == '{'))) {
        return NULL;
    }
    return from + quoted;
}

bool db_array_read(struct arena *arena, const char *text, size_t len, struct strs *out)
{
    if (len < 2 || text[0] != '{') {
        return false;
    }
    struct strs list = {0};
    if (text[1] == '}') {
        *out = list;
        return true;
    }
    /* Every item takes at least one byte more in the text than its own. */
    char *to = arena_alloc(arena, len);
    list.items = ARENA_ARRAY(arena, const char *, len / 2 + 1);
    for (const char *from = text; *from == ',' || from == text; list.count++) {
        list.items[list.count] = to;
        from = read_item(from + 1, to);
        if (from == NULL) {
            return false;
        }
        to += strlen(to) + 1;
        if (*from == '}' && from[1] == '\0') {
            list.count++;
            *out = list;
            return true;
        }
    }
    return false;
}

const char *db_array_write(struct arena *arena, const struct strs *items)
{
    size_t size = strlen("{}") + 1;
    for (int64_t i = 0; i < items->count; i++) {
        size += 2 * strlen(items->items[i]) + strlen("\"\",");
    }
    char *text = arena_alloc_raw(arena, size);
    char *to = text;
    *to++ = '{';
    for (int64_t i = 0; i < items->count; i++) {
        *to++ = '"';
        for (const char *c = items->items[i]; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\') {
                *to++ = '\\';
            }
            *to++ = *c;
        }
        *to++ = '"';
        *to++ = i + 1 < items->count ? ',' : '}';
    }
    if (items->count == 0) {
        *to++ = '}';
    }
    *to = '\0';
    return text;
}

const char *db_array_write_i64(struct arena *arena, const int64_t *items, int64_t count)
{
    const size_t size = (size_t)count * sizeof("-9223372036854775808") + sizeof("{}");
    char *text = arena_alloc_raw(arena, size);
    size_t len = 0;
    text[len++] = '{';
    for (int64_t i = 0; i < count; i++) {
        if (i > 0) {
            text[len++] = ',';
        }
        len += (size_t)snprintf(text + len, size - len, "%" PRId64, items[i]);
    }
    text[len++] = '}';
    text[len] = '\0';
    return text;
}
