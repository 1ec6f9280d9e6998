/* search/text.h - what a query looks like to caches, gaps and the choice of a language. */
#ifndef SEARCH_TEXT_H
#define SEARCH_TEXT_H

#include <stdbool.h>

struct arena;

/* Small letters, runs of blanks as one, none at the ends, no punctuation at the end: the same for questions that differ
 * only in that, and no dash between blanks. "" if nothing else is left. In the arena. */
const char *search_normalise(struct arena *arena, const char *text);
bool search_has_thai(const char *text);
/* A normalised text without the stop words of English, for those who look for words as they stand; a quoted phrase keeps its
 * own. "" if nothing else is left. In the arena, or text itself. */
const char *search_content(struct arena *arena, const char *text);
/* Whether there is anything to look for: not only punctuation and pictures. */
bool search_has_word(const char *text);
/* The locale to search when the caller names none: "th" for a query with Thai letters; any other searches fallback (the
 * locale of the request), but "en" when that is "th". Returns a constant or fallback itself. */
const char *search_locale_of(const char *query, const char *fallback);

#endif
