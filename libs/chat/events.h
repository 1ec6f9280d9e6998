/* chat/events.h - server-sent events of one answer, kept so that many can read them, each from where it is.
 * An id is "<message>.<number>". Owns: nothing; bytes live in the arena given. */
#ifndef CHAT_EVENTS_H
#define CHAT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

struct events_chunk;
struct events {
    struct arena *arena; /* borrowed */
    int64_t message_id;
    int64_t count; /* events so far; the last one's number */
    size_t bytes;  /* over LIMIT_CHAT_EVENTS_BYTES nothing but an end is taken */
    bool cut;      /* some text was not taken */
    bool ended;    /* nothing follows */
    struct events_chunk *first, *last;
};
void events_init(struct events *events, struct arena *arena, int64_t message_id);
/* data: JSON without line ends. */
void events_add(struct events *events, const char *name, const char *data, size_t len);
/* A delta event. */
void events_add_text(struct events *events, const char *text, size_t len);
/* Whole events as another worker wrote them. */
void events_add_written(struct events *events, const char *bytes, size_t len);
void events_end(struct events *events);

struct events_reader {
    const struct events *events;
    const struct events_chunk *chunk; /* NULL = at the very beginning */
    size_t at;
};
/* 0 = nothing now, only between two events; -1 = nothing any more. */
ssize_t events_read(struct events_reader *reader, char *out, size_t room);
/* The same of whole events, as many as there is room for; only one that is longer than the room comes in parts. From between
 * two events. */
ssize_t events_read_whole(struct events_reader *reader, char *out, size_t room);
/* Past the event with this number; false: what follows it is not there yet, to be called again before reading. */
bool events_skip(struct events_reader *reader, int64_t number);

/* Message and number of an id; false: it is none. */
bool events_parse_id(const char *text, int64_t *out_message_id, int64_t *out_number);

#endif
