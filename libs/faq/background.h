/* faq/background.h - the jobs of the FAQ, and what starts them. All are safe to repeat.
 * Waits:  every function (Postgres; the jobs also for the embedder).
 * Errors: those of db/db.h and search/embedder.h, and what is named below. */
#ifndef FAQ_BACKGROUND_H
#define FAQ_BACKGROUND_H

#include <stdint.h>

#include "core/err.h"
#include "jobs/jobs.h"

struct embedder;
struct faq_actor;

job_fn faq_job_embed;     /* "faq.embed" {faq_id}: one entry's vectors */
job_fn faq_job_embed_all; /* "faq.embed_all" {}: whatever has no vector that fits */
job_fn faq_job_import;    /* "faq.import", see faq_import_start */
job_fn faq_job_reindex;   /* "faq.reindex", see faq_reindex_start */

/* Makes vectors of another model beside those in use, of entries and properties; once all are there, searches use
 * them and the old ones go. all: also those that fit already. ERR_INVALID: the embedder does not know the model;
 * ERR_CONFLICT while one is under way. */
struct faq_reindex {
    const struct embedder *embedder;
    const char *model; /* NULL = the one that the settings choose */
    bool all;
};
err faq_reindex_start(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_reindex *what, int64_t *out_job);

#endif
