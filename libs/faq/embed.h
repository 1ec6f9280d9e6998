/* faq/embed.h - vectors of entries that are not archived: part 0 is question and answer, 1.. a variant each (view faq_parts).
 * Waits:  every function (Postgres, and the embedder).
 * Errors: those of db/db.h and search/embedder.h. */
#ifndef FAQ_EMBED_H
#define FAQ_EMBED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct ctx;
struct db;
struct embedder;

struct faq_embed {
    struct db *db; /* not a transaction: the embedder is asked in between */
    struct embedder *embedder;
    const char *model;
};

/* The model in use, in the arena. A product that has no vector yet of anything takes the one its settings name. */
err faq_embed_model(struct ctx *ctx, struct db *db, const struct embedder *embedder,
    const char **out);

/* Makes at most `limit` missing and outdated vectors, of entries from *from on (0 = all), and bumps the version in the
 * same transaction; *from is where the next call goes on, *out_done how many were made (0 = nothing is stale there),
 * *out_version is 0 when nothing changed. */
err faq_embed_stale(struct ctx *ctx, const struct faq_embed *with, int64_t limit, int64_t *from,
    int64_t *out_done, int64_t *out_version);
/* The same for one entry; nothing to do is fine, also when it is archived or gone. */
err faq_embed_one(struct ctx *ctx, const struct faq_embed *with, int64_t faq_id,
    int64_t *out_version);

#endif
