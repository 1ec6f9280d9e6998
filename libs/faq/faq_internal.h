/* faq/faq_internal.h - the parts of struct faq, for the files of this library only.
 * faq.c life and freshness, search.c and find.c finding a reply, rank.c making one, asked.c the vector of a query, gap.c questions
 * without an answer. */
#ifndef FAQ_FAQ_INTERNAL_H
#define FAQ_FAQ_INTERNAL_H

#include "core/ctx.h"
#include "faq/faq.h"
#include "search/embedder.h"

struct arena;
struct gate;
struct gap_entry;
struct loop_timer;
struct lru;
struct single_flight;
struct weights;

#define FAQ_MODEL_MAX 128

struct faq {
    struct arena *arena; /* of the worker's life */
    struct faq_options options;
    _Atomic int64_t own_version; /* where nobody shares one */
    _Atomic int64_t *version;    /* 0 = not known yet */
    struct loop_timer *poll;

    /* Read together from the database, for state_version. */
    int64_t state_version; /* 0 = never */
    char model[FAQ_MODEL_MAX];
    struct weights *weights; /* NULL = never counted */
    int64_t weights_version;
    bool counting;

    struct lru *kept; /* finished replies */
    struct single_flight *flights;
    struct faq_counts counts;
    bool stopped;
    int background;         /* fibers of ours that nobody waits for */
    int64_t warned_ns;      /* last line about missing vectors */
    struct gap_entry *gaps; /* wait to be written, oldest first */
    int gap_count;
    bool gaps_writing;
    struct loop_timer *gap_timer;
};

/* ---- faq.c ---- */

/* Runs fn on a fiber of its own, with an arena that it takes over: true = it runs or ran. Never waits itself. */
typedef void faq_task_fn(struct ctx *ctx, struct faq *faq, void *arg);
bool faq_run_later(struct faq *faq, struct arena *arena, faq_task_fn *fn, void *arg);

/* The version to answer for, read from the database when nobody knows it yet. */
err faq_version_need(struct ctx *ctx, struct faq *faq, int64_t *out);
/* Model and weights as of this version or later. */
err faq_state_need(struct ctx *ctx, struct faq *faq, int64_t version);

/* ---- asked.c ---- */

/* What words found while the vector was being made: Postgres arrays as text; all NULL = nobody looked. */
struct faq_words {
    const char *ids, *scores, *strict;
    bool looked;
};
struct faq_asked {
    const struct faq_query *query;
    const char *text; /* normalised */
    const char *model;
};
/* Vector of the query; out->values stays NULL when there is none to be had (why is logged). A vector that takes its
 * time lets the words be looked up meanwhile, when `words` is not NULL. */
err faq_ask_vector(struct ctx *ctx, struct faq *faq, const struct faq_asked *asked,
    struct embedding *out, struct faq_words *words);

/* ---- rank.c ---- */

struct faq_ranked {
    const char *data; /* JSON array */
    int64_t count;
    const char *mode_used, *degraded; /* degraded: NULL or "no_embedding" */
    double min_similarity;
    const char *explain; /* JSON, NULL unless asked for */
    int64_t best_id;     /* best candidate that was not good enough; 0 = none */
    double best_score;
    struct embedding vector;
    const char *model;
};
err faq_rank(struct ctx *ctx, struct faq *faq, const struct faq_query *query, const char *text,
    struct faq_ranked *out);

/* ---- gap.c ---- */

void faq_gaps_open(struct faq *faq);
void faq_gaps_close(struct faq *faq);

#endif
