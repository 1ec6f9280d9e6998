/* search/embed_local.h - feature hashing: each term of the text adds its weight to one of the dimensions, with a sign
 * from the hash. Counts and weights are whole numbers until the end, so a plain vector is equal to the last bit in
 * every build and on every machine. Never waits. */
#ifndef SEARCH_EMBED_LOCAL_H
#define SEARCH_EMBED_LOCAL_H

#include <stdint.h>

struct arena;
struct embedding;
struct weights;

/* Unit length, whatever the text. weights: NULL = plain, as for documents; terms that they exclude are
 * left out. */
struct embedding embed_local(struct arena *arena, const char *text, int64_t dims,
    const struct weights *weights);
/* With all terms, also those that weights exclude. */
struct embedding embed_local_whole(struct arena *arena, const char *text, int64_t dims,
    const struct weights *weights);

#endif
