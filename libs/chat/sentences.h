/* chat/sentences.h - where the sentences of an answer end: at line ends, at full stops in front of a blank, and in Thai,
 * which has no full stop, at the blank between two Thai letters. Markers [n] belong to the sentence before them. */
#ifndef CHAT_SENTENCES_H
#define CHAT_SENTENCES_H

#include <stddef.h>

/* The end of the sentence that begins at `at`, with the blanks behind it and the line end. */
size_t sentence_end(const char *text, size_t at);

#endif
