/* tools/finding.h - what a tool tells a model: {"results":[...],"note":"..."}, whole objects, at most CHAT_FINDING_BYTES. */
#ifndef TOOLS_FINDING_H
#define TOOLS_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;

#define FINDING_ITEM_BYTES 3500 /* of one result; leaves room for what stands around it */

/* The item by its shape. False: longer than FINDING_ITEM_BYTES, so say less. */
bool finding_item(struct ctx *ctx, const struct shape *shape, const void *item, const char **out);

struct finding_items {
    const char **json; /* best first */
    int64_t count;
    int64_t total;    /* there are, of which these are the best; 0 = not counted */
    const char *note; /* a sentence, NULL = none */
};
/* The first of the items, as many as there is room for. */
err finding_write(struct ctx *ctx, const struct finding_items *items, const char **out);

#endif
