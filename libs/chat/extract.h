/* chat/extract.h - the sentences of a text that answer a question. In the arena. */
#ifndef CHAT_EXTRACT_H
#define CHAT_EXTRACT_H

#include <stddef.h>

struct arena;

/* The whole text if it has at most so many code points; else whole sentences in their order, the first one and those
 * that say most about the question, as many as fit. The first one is there even when it alone is longer. */
const char *extract_sentences(struct arena *arena, const char *text, const char *question,
    size_t points);

#endif
