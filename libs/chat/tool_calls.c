#include "chat/tool_calls.h"

#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/utf8.h"

enum { PIECES_MAX = 64, WORD_MAX = 64, ID_RANDOM_BYTES = 8 };
static const size_t first_bytes = 128;
static const char too_long[] = "\"too long\"";

void tool_calls_init(struct tool_calls *calls, struct arena *arena)
{
    *calls = (struct tool_calls){.arena = arena};
}

/* The newest of the index: a service may give one to several calls. */
static struct tool_calls_item *find(struct tool_calls *calls, int64_t index)
{
    for (size_t i = calls->count; i > 0; i--) {
        if (calls->items[i - 1].index == index) {
            return &calls->items[i - 1];
        }
    }
    return NULL;
}

static struct tool_calls_item *begin(struct tool_calls *calls, int64_t index)
{
    if (calls->count == CHAT_CALLS_MAX) {
        return NULL;
    }
    struct tool_calls_item *item = &calls->items[calls->count++];
    *item = (struct tool_calls_item){.index = index, .id = "", .name = ""};
    buf_init(&item->arguments, calls->arena, first_bytes, LIMIT_CHAT_ARGUMENTS_BYTES);
    return item;
}

static const char *text_of(const struct json *value)
{
    const char *text = json_text(value, /* out_len */ NULL);
    return text == NULL ? "" : text;
}

static bool is_another(const struct tool_calls_item *item, const char *id, const char *name)
{
    return *id != '\0' && *name != '\0' && *item->name != '\0' && strcmp(item->id, id) != 0;
}

/* The call that the piece belongs to; NULL = one that is not taken. */
static struct tool_calls_item *item_of(struct tool_calls *calls, const struct json *piece,
    const char *id, const char *name)
{
    int64_t index = 0;
    const bool counted = json_i64(json_get(piece, "index"), &index);
    if (!counted && calls->last == NULL && calls->count > 0) {
        return NULL;
    }
    struct tool_calls_item *item = counted ? find(calls, index) : calls->last;
    if (item == NULL) {
        return begin(calls, index);
    }
    if (!is_another(item, id, name)) {
        return item->closed ? NULL : item;
    }
    struct tool_calls_item *next = begin(calls, item->index);
    item->closed = next == NULL || item->closed;
    return next;
}

static const char *keep(struct tool_calls *calls, const char *known, const char *text)
{
    if (*known != '\0' || *text == '\0') {
        return known;
    }
    return arena_strndup(calls->arena, text, utf8_cut(text, strlen(text), WORD_MAX));
}

static void add_arguments(struct buf *to, const struct json *arguments)
{
    size_t len = 0;
    const char *text = json_text(arguments, &len);
    if (text != NULL) {
        buf_add(to, text, len);
    } else if (json_kind(arguments) != JSON_KIND_NULL) {
        json_dump(to, arguments);
    }
}

void tool_calls_add(struct tool_calls *calls, const struct json *list)
{
    const size_t count = json_kind(list) == JSON_KIND_ARRAY ? json_count(list) : 0;
    for (size_t i = 0; i < count && i < PIECES_MAX; i++) {
        const struct json *piece = json_at(list, i);
        if (json_kind(piece) != JSON_KIND_OBJECT) {
            continue;
        }
        const struct json *function = json_get(piece, "function");
        const char *id = text_of(json_get(piece, "id"));
        const char *name = text_of(json_get(function, "name"));
        struct tool_calls_item *item = item_of(calls, piece, id, name);
        calls->last = item;
        if (item != NULL) {
            item->id = keep(calls, item->id, id);
            item->name = keep(calls, item->name, name);
            add_arguments(&item->arguments, json_get(function, "arguments"));
        }
    }
}

static bool is_taken(const struct chat_call *calls, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(calls[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

static const char *make_id(struct arena *arena)
{
    char hex[2 * ID_RANDOM_BYTES + 1];
    crypto_random_hex(ID_RANDOM_BYTES, hex);
    return arena_printf(arena, "call_%s", hex);
}

size_t tool_calls_finish(struct tool_calls *calls, struct chat_call out[CHAT_CALLS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < calls->count; i++) {
        struct tool_calls_item *item = &calls->items[i];
        if (*item->name == '\0') {
            continue;
        }
        const bool usable = *item->id != '\0' && !is_taken(out, count, item->id);
        out[count++] = (struct chat_call){
            .id = usable ? item->id : make_id(calls->arena),
            .name = item->name,
            .arguments = item->arguments.failed ? too_long : buf_text(&item->arguments),
        };
    }
    return count;
}
