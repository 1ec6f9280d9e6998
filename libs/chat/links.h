/* chat/links.h - links in an answer: those to the product's own site stay, of all others only their words, of images too.
 * HTML is no link: it is text, and shown as such. */
#ifndef CHAT_LINKS_H
#define CHAT_LINKS_H

#include "core/field.h"

struct buf;

/* Appends the text without foreign links. own: origins like "https://example.com". */
void links_filter(struct buf *out, const char *text, const struct strs *own);

#endif
