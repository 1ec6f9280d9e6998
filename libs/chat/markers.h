/* chat/markers.h - the markers [n] of an answer: [1], also [1, 2] and [1-3]. */
#ifndef CHAT_MARKERS_H
#define CHAT_MARKERS_H

#include <stddef.h>

struct buf;

/* Appends the text with each marker as [n] and without those that are not 1..source_count. */
void markers_filter(struct buf *out, const char *text, size_t source_count);

#endif
