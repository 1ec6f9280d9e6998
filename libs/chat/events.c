#include "chat/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"

#define CHUNK_BYTES 2000
#define SLICE_BYTES 256 /* of text, escaped at a time */
#define ESCAPED_MAX 6   /* \u0000 */
#define HEAD_BYTES 96

struct events_chunk {
    struct events_chunk *next;
    size_t len;
    char bytes[CHUNK_BYTES];
};

void events_init(struct events *events, struct arena *arena, int64_t message_id)
{
    *events = (struct events){.arena = arena, .message_id = message_id};
}

static void put(struct events *events, const char *bytes, size_t len)
{
    events->bytes += len;
    while (len > 0) {
        struct events_chunk *chunk = events->last;
        if (chunk == NULL || chunk->len == CHUNK_BYTES) {
            struct events_chunk *fresh =
                arena_alloc_raw(events->arena, sizeof(struct events_chunk));
            fresh->next = NULL;
            fresh->len = 0;
            if (chunk == NULL) {
                events->first = fresh;
            } else {
                chunk->next = fresh;
            }
            events->last = chunk = fresh;
        }
        const size_t room = CHUNK_BYTES - chunk->len;
        const size_t part = len < room ? len : room;
        memcpy(chunk->bytes + chunk->len, bytes, part);
        chunk->len += part;
        bytes += part;
        len -= part;
    }
}

static void put_head(struct events *events, const char *name)
{
    char room[HEAD_BYTES];
    struct buf head = buf_over(room, sizeof(room));
    buf_str(&head, "id: ");
    buf_i64(&head, events->message_id);
    buf_char(&head, '.');
    buf_i64(&head, ++events->count);
    buf_str(&head, "\nevent: ");
    buf_str(&head, name);
    buf_str(&head, "\ndata: ");
    put(events, head.data, head.len);
}

void events_add(struct events *events, const char *name, const char *data, size_t len)
{
    put_head(events, name);
    put(events, data, len);
    put(events, "\n\n", 2);
}

/* As much of the text as makes a slice of whole characters. */
static size_t slice(const char *text, size_t len)
{
    size_t part = len < SLICE_BYTES ? len : SLICE_BYTES;
    while (part < len && part > 0 && ((unsigned char)text[part] & 0xC0U) == 0x80U) {
        part--;
    }
    return part;
}

static void put_escaped(struct events *events, const char *text, size_t len)
{
    char room[SLICE_BYTES * ESCAPED_MAX + 3];
    while (len > 0) {
        const size_t part = slice(text, len);
        struct buf escaped = buf_over(room, sizeof(room));
        json_write_string(&escaped, text, part);
        put(events, escaped.data + 1, escaped.len - 2); /* without its quotes */
        text += part;
        len -= part;
    }
}

void events_add_text(struct events *events, const char *text, size_t len)
{
    if (events->bytes > LIMIT_CHAT_EVENTS_BYTES) {
        events->cut = true; /* readers get all of it once it is whole */
        return;
    }
    put_head(events, "delta");
    put(events, "{\"text\":\"", strlen("{\"text\":\""));
    put_escaped(events, text, len);
    put(events, "\"}\n\n", strlen("\"}\n\n"));
}

void events_add_written(struct events *events, const char *bytes, size_t len)
{
    put(events, bytes, len);
}

void events_end(struct events *events)
{
    events->ended = true;
}

ssize_t events_read(struct events_reader *reader, char *out, size_t room)
{
    if (reader->chunk == NULL) {
        reader->chunk = reader->events->first;
    }
    const struct events_chunk *chunk = reader->chunk;
    while (chunk != NULL && reader->at == chunk->len && chunk->next != NULL) {
        reader->chunk = chunk = chunk->next;
        reader->at = 0;
    }
    if (chunk == NULL || reader->at == chunk->len) {
        return reader->events->ended ? -1 : 0;
    }
    const size_t left = chunk->len - reader->at;
    const size_t part = left < room ? left : room;
    memcpy(out, chunk->bytes + reader->at, part);
    reader->at += part;
    return (ssize_t)part;
}

static ssize_t read_all(struct events_reader *reader, char *out, size_t room)
{
    size_t len = 0;
    ssize_t got = 0;
    while (len < room && (got = events_read(reader, out + len, room - len)) > 0) {
        len += (size_t)got;
    }
    return len > 0 ? (ssize_t)len : got;
}

ssize_t events_read_whole(struct events_reader *reader, char *out, size_t room)
{
    const struct events_reader start = *reader;
    const ssize_t got = read_all(reader, out, room);
    size_t whole = got > 0 ? (size_t)got : 0;
    if (whole < room) {
        return got; /* all there is, and it ends with an event */
    }
    while (whole > 1 && !(out[whole - 1] == '\n' && out[whole - 2] == '\n')) {
        whole--;
    }
    if (whole <= 1) {
        return got;
    }
    *reader = start;
    return read_all(reader, out, whole);
}

/* One line without its end; false: none is complete. The reader is then where it was. */
static bool read_line(struct events_reader *reader, char *line, size_t size)
{
    const struct events_reader start = *reader;
    size_t len = 0;
    char c = 0;
    while (events_read(reader, &c, 1) == 1) {
        if (c == '\n') {
            line[len] = '\0';
            return true;
        }
        if (len + 1 < size) {
            line[len++] = c;
        }
    }
    *reader = start;
    return false;
}

bool events_skip(struct events_reader *reader, int64_t number)
{
    char line[HEAD_BYTES];
    struct events_reader event = *reader; /* where the present event begins */
    while (read_line(reader, line, sizeof(line))) {
        int64_t message_id = 0;
        int64_t found = 0;
        if (strncmp(line, "id: ", 4) == 0 && events_parse_id(line + 4, &message_id, &found) &&
            found > number) {
            *reader = event;
            return true;
        }
        if (line[0] == '\0') {
            event = *reader;
        }
    }
    return false;
}

bool events_parse_id(const char *text, int64_t *out_message_id, int64_t *out_number)
{
    char *end = NULL;
    if (text == NULL || *text < '1' || *text > '9' || strlen(text) > 40) {
        return false;
    }
    *out_message_id = strtoll(text, &end, 10);
    if (*end != '.' || end[1] < '0' || end[1] > '9') {
        return false;
    }
    *out_number = strtoll(end + 1, &end, 10);
    return *end == '\0';
}
