/* tools/clean.h - texts that people wrote, before a model or an answer gets them. In the arena. */
#ifndef TOOLS_CLEAN_H
#define TOOLS_CLEAN_H

#include <stddef.h>

struct arena;

/* Without what cannot be seen: control characters but the line feed, zero-width characters and those that turn the
 * direction of writing. NULL reads as "". */
const char *clean_text(struct arena *arena, const char *text);
/* At most so many code points, cut at a blank if there is one near the end, with an ellipsis for the rest. One line. */
const char *clean_snippet(struct arena *arena, const char *text, size_t points);
/* At most so many code points. */
const char *clean_points(struct arena *arena, const char *text, size_t points);
/* At most so many bytes, cut between two characters. */
const char *clean_cut(struct arena *arena, const char *text, size_t bytes);

#endif
