/* chat/tool_calls.h - the calls of tools that a model asks for, put together from the pieces in which they are streamed, in
 * all the ways that services do it.
 * Owns: text, in the arena given. */
#ifndef CHAT_TOOL_CALLS_H
#define CHAT_TOOL_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/model.h"
#include "core/buf.h"

struct arena;
struct json;

struct tool_calls_item {
    int64_t index;         /* as the service counts; not always one a call */
    const char *id, *name; /* "" = not told */
    struct buf arguments;
    bool closed; /* pieces of this index belong to a call that was not taken */
};
struct tool_calls {
    struct arena *arena;
    struct tool_calls_item items[CHAT_CALLS_MAX]; /* more calls are passed over */
    size_t count;
    struct tool_calls_item *last; /* NULL = not taken */
};
void tool_calls_init(struct tool_calls *calls, struct arena *arena);

/* One delta.tool_calls. The tree may go after that. */
void tool_calls_add(struct tool_calls *calls, const struct json *list);

/* Calls without a name are left out. Each id is there and differs from the others. Arguments that are too long are replaced
 * by something that is no object, so that they are refused like any others that are wrong. */
size_t tool_calls_finish(struct tool_calls *calls, struct chat_call out[CHAT_CALLS_MAX]);

#endif
