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
    struct buf text; /* of the caller's making */
    size_t at;       /* of the text that grows: what stands before is shown, or left out for good */
    size_t
        word; /* bytes from there that are shown already, though a link may yet go on from them */
};
/* Appends what more may be shown of it; ended: it does not grow any more. What may become a link waits for its end, a thousand
 * bytes at most. What was shown before it is known for a foreign link stays. */
void links_show(struct links_shown *shown, const char *text, const struct strs *own, bool ended);

#endif
