/* properties/embed.h - vectors of the texts, for search by meaning: made when a text is new or has changed.
 * Waits:  every function (Postgres, and the embeddings service when the model is its).
 * Errors: those of db/db.h and search/embedder.h. */
#ifndef PROPERTIES_EMBED_H
#define PROPERTIES_EMBED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct ctx;
struct db;
struct embedder;
struct job;
struct services;

/* The model whose vectors are used. wanted (NULL = any) becomes it while there are no vectors at all. */
err properties_model(struct ctx *ctx, struct db *db, const char *wanted, const char **out);

/* Properties from..to (both included). One batch: *out_from is where the next one starts, *out_done when there is
 * none. Safe to repeat: what is up to date costs nothing. */
struct properties_range {
    int64_t from, to;
};
err properties_embed(struct ctx *ctx, struct db *db, struct embedder *embedder, const char *model,
    struct properties_range *range);
static inline bool properties_range_is_empty(const struct properties_range *range)
{
    return range->from > range->to;
}

/* All that is due, until ctx's deadline. */
err properties_embed_all(struct ctx *ctx, struct db *db, struct embedder *embedder);

/* Job "property.embed", {"property_id": n}; without it, every property, over as many runs as it takes. */
err properties_embed_job(struct ctx *ctx, const struct services *services, struct job *job);

#endif
