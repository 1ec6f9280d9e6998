/* chat/links.h - links in an answer: those to the product's own site stay, of all others only their words, of images too.
 * HTML is no link: it is text, and shown as such. */
#ifndef CHAT_LINKS_H
#define CHAT_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/field.h"

/* Appends the text without foreign links. own: origins like "https://example.com". */
void links_filter(struct buf *out, const char *text, const struct strs *own);

/* What is shown of a text that grows. */
struct links_shown {
    size_t at;     /* what stands before is shown, or left out for good */
    size_t word;   /* bytes from there are shown already, though a link may go on from them */
    bool left_out; /* something was: what is shown is not the text */
};
struct links_growing {
    const char *text; /* all of it, so far */
    const struct strs *own;
    bool ended; /* it does not grow any more */
};
/* Appends to *out what more may be shown. What may become a link waits for its end, a thousand bytes at most; what was shown before it
 * is known for a foreign link stays. */
void links_show(struct buf *out, struct links_shown *shown, const struct links_growing *growing);

#endif
