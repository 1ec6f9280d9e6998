#include "core/field.h"

#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/buf.h"
#include "core/field_rules.h"
#include "core/json_scan.h"

struct source {
    struct ctx *ctx;
    struct json_scan scan;
    struct buf scratch;
    const char *why; /* a value does not fit; NULL = all did */
};

static bool is_good(const struct source *source)
{
    return !source->scan.broken && source->why == NULL;
}

static void read_object(struct source *source, const struct shape *shape, void *out);

/* ---- values ---- */

static const char *read_string(struct source *source, size_t *out_len)
{
    size_t len = 0;
    const char *raw = json_scan_string(&source->scan, &len);
    *out_len = 0;
    if (source->scan.broken) {
        return "";
    }
    const char *text = json_scan_decode(raw, len, &source->scratch, out_len);
    return arena_strndup(source->ctx->arena, text, *out_len);
}

/* A value of any kind as it stands there. */
static const char *read_raw(struct source *source, size_t *out_len)
{
    json_scan_next(&source->scan);
    const char *begin = source->scan.at;
    json_scan_skip(&source->scan);
    *out_len = (size_t)(source->scan.at - begin);
    return arena_strndup(source->ctx->arena, begin, *out_len);
}

static size_t count_items(const struct source *source)
{
    struct json_scan ahead = source->scan;
    size_t count = 0;
    for (bool first = true; json_scan_item(&ahead, first); first = false) {
        json_scan_skip(&ahead);
        count++;
    }
    return count;
}

/* An item that does not fit is the last one: what follows it is not where an item begins. */
static bool next_item(struct source *source, bool first)
{
    return is_good(source) && json_scan_item(&source->scan, first);
}

static void read_strs(struct source *source, struct strs *to)
{
    const size_t count = count_items(source);
    size_t len = 0;
    *to = (struct strs){.items = ARENA_ARRAY(source->ctx->arena, const char *, count)};
    for (bool first = true; next_item(source, first); first = false) {
        json_scan_next(&source->scan);
        to->items[to->count++] = read_string(source, &len);
    }
}

static void read_list(struct source *source, const struct shape *shape, struct list *to)
{
    const size_t count = count_items(source);
    char *items = arena_alloc(source->ctx->arena, count * shape->size);
    *to = (struct list){.items = items};
    for (bool first = true; next_item(source, first); first = false) {
        read_object(source, shape, items + (size_t)to->count++ * shape->size);
    }
}

static void read_scalar(struct source *source, const struct field *field, void *base,
    const char *(*read)(struct source *source, size_t *out_len))
{
    size_t len = 0;
    const char *text = read(source, &len);
    if (is_good(source)) {
        field_set_text(source->ctx, field, base, text, len, &source->why);
    }
}

static void read_value(struct source *source, const struct field *field, void *base)
{
    void *to = field_member(field, base);
    switch (field->type) {
    case FIELD_TYPE_STR:
    case FIELD_TYPE_ENUM:
    case FIELD_TYPE_TIME:
    case FIELD_TYPE_DATE:
    case FIELD_TYPE_SECRET:
        read_scalar(source, field, base, read_string);
        break;
    case FIELD_TYPE_I64:
    case FIELD_TYPE_F64:
    case FIELD_TYPE_BOOL: /* a string is none of them: its quotes come along */
    case FIELD_TYPE_JSON:
        read_scalar(source, field, base, read_raw);
        break;
    case FIELD_TYPE_STRS:
        read_strs(source, to);
        break;
    case FIELD_TYPE_OBJ:
        read_object(source, field->shape, to);
        break;
    case FIELD_TYPE_LIST:
        read_list(source, field->shape, to);
        break;
    }
}

/* ---- objects ---- */

/* The row of a name; names come in the order of the rows, nearly always. */
static size_t find_row(const struct shape *shape, const struct json_key *key, size_t next)
{
    for (size_t i = 0; i < shape->count; i++) {
        const size_t row = (next + i) % shape->count;
        if (json_key_is(key, shape->fields[row].name)) {
            return row;
        }
    }
    return shape->count;
}

static void read_object(struct source *source, const struct shape *shape, void *out)
{
    struct field_set seen = {0};
    struct json_key key;
    size_t row = 0;
    ASSERT(shape->count > 0 && shape->count <= FIELD_ROWS_MAX);
    json_scan_next(&source->scan);
    for (bool first = true; is_good(source) && json_scan_member(&source->scan, first, &key);
         first = false) {
        row = find_row(shape, &key, row);
        if (row == shape->count) {
            json_scan_skip(&source->scan);
            continue;
        }
        const bool null = json_scan_next(&source->scan) == 'n';
        seen.present |= UINT64_C(1) << row;
        seen.null |= (uint64_t)null << row;
        if (null) {
            json_scan_skip(&source->scan);
        } else {
            read_value(source, &shape->fields[row], out);
        }
        row++;
    }
    struct field_set *set = field_set_of(shape, out);
    if (set != NULL) {
        *set = seen;
    }
}

err field_scan(struct ctx *ctx, const struct shape *shape, const char *text, size_t len, void *out)
{
    struct source source = {.ctx = ctx, .scan = {.at = text, .end = text + len}};
    buf_init(&source.scratch, ctx->arena, /* first_cap */ 0, 3 * len);
    memset(out, 0, shape->size);
    read_object(&source, shape, out);
    json_scan_next(&source.scan);
    if (!is_good(&source) || source.scan.at != source.scan.end) {
        return fail(ctx, ERR_INTERNAL, "%s: %s, at byte %zu", shape->name,
            source.why != NULL ? source.why : "not JSON", (size_t)(source.scan.at - text));
    }
    return OK;
}
