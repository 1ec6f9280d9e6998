/* tools/likeness.h - what a question has in common with an entry of the FAQ: words and what they stand for. In the arena. */
#ifndef TOOLS_LIKENESS_H
#define TOOLS_LIKENESS_H

#include <stdbool.h>

struct arena;

struct likeness;
struct likeness *likeness_new(struct arena *arena, const char *question);
/* 0 = nothing in common, 1 = the same words, in whatever order. */
double likeness_of(struct likeness *likeness, const char *title);
/* 1 when a word of the question stands in the title or the text, else the share of what its words stand for that the title
 * has. */
double likeness_share(const struct likeness *likeness, const char *title, const char *text);

#endif
