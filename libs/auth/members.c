#include "auth/members.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/crypto.h"
#include "core/json_scan.h"
#include "core/utf8.h"

static const struct member *find(const struct members *members, const char *name, size_t len)
{
    for (size_t i = 0; i < members->count; i++) {
        const struct member *item = &members->items[i];
        if (item->name_len == len && crypto_equal(item->name, name, len)) {
            return item;
        }
    }
    return NULL;
}

static void read_value(struct json_scan *scan, struct member *out)
{
    if (json_scan_next(scan) == '"') {
        out->kind = JSON_KIND_STR;
        out->value = json_scan_string(scan, &out->len);
        return;
    }
    out->value = scan->at;
    out->kind = json_scan_skip(scan);
    out->len = (size_t)(scan->at - out->value);
}

bool members_read(struct arena *arena, const char *text, size_t len, struct members *out)
{
    struct json_scan scan = {.at = text, .end = text + len, .fitting = true};
    struct json_key key;
    out->arena = arena;
    out->count = 0;
    if (memchr(text, '\0', len) != NULL || !json_scan_escapes_are_whole(text, len) ||
        !utf8_is_valid(text, len)) {
        return false;
    }
    for (bool first = true; json_scan_member(&scan, first, &key); first = false) {
        if (out->count == MEMBERS_MAX || memchr(key.text, '\\', key.len) != NULL ||
            find(out, key.text, key.len) != NULL) {
            return false;
        }
        struct member *item = &out->items[out->count++];
        item->name = key.text;
        item->name_len = key.len;
        read_value(&scan, item);
    }
    json_scan_next(&scan);
    return !scan.broken && scan.at == scan.end;
}

const struct member *members_find(const struct members *members, const char *name)
{
    return find(members, name, strlen(name));
}

/* NULL if absent or not a string; ends with NUL only where an escape was resolved. */
static const char *decode(const struct members *members, const char *name, size_t *out_len)
{
    const struct member *found = members_find(members, name);
    if (found == NULL || found->kind != JSON_KIND_STR) {
        return NULL;
    }
    struct buf scratch;
    buf_init(&scratch, members->arena, /* first_cap= */ 0, found->len);
    return json_scan_decode(found->value, found->len, &scratch, out_len);
}

const char *members_text(const struct members *members, const char *name, size_t *out_len)
{
    size_t len = 0;
    const char *text = decode(members, name, &len);
    if (out_len != NULL) {
        *out_len = len;
    }
    return text == NULL ? NULL : arena_strndup(members->arena, text, len);
}

bool members_equal(const struct members *members, const char *name, const char *wanted)
{
    size_t len = 0;
    const char *text = decode(members, name, &len);
    return text != NULL && len == strlen(wanted) && crypto_equal(text, wanted, len);
}

bool members_i64(const struct members *members, const char *name, int64_t *out)
{
    const struct member *found = members_find(members, name);
    if (found == NULL || found->kind != JSON_KIND_I64) {
        return false;
    }
    *out =
        strtoll(found->value, /* end= */ NULL, 10); /* fits, and ends at the brace at the latest */
    return true;
}

bool members_bool(const struct members *members, const char *name, bool *out)
{
    const struct member *found = members_find(members, name);
    if (found == NULL || found->kind != JSON_KIND_BOOL) {
        return false;
    }
    *out = *found->value == 't';
    return true;
}
