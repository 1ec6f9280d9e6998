/* faq/faq.h - questions and answers: found, listed, voted on. Never sees HTTP; the admin side is in the other
 * headers of this folder.
 * Owns:   per worker the finished replies of recent searches and what ranking needs to know about the corpus.
 * Waits:  faq_search (Postgres, Redis).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef FAQ_FAQ_H
#define FAQ_FAQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct cache;
struct ctx;
struct db;
struct embedder;
struct log;
struct loop;
struct search_config;

struct faq_config {
    double faq_vector_weight, faq_keyword_weight;
    int64_t faq_top_k;
    int64_t faq_cache_ttl;     /* seconds */
    double faq_min_similarity; /* below 0: what the embedding provider says itself */
};
extern const struct field faq_config_fields[];
extern const int faq_config_count;

struct faq_options {
    const struct faq_config *config; /* borrowed, as all below */
    const struct search_config *search;
    struct db *db;
    struct cache *cache;
    struct embedder *embedder;
    struct loop *loop;
    struct log *log;          /* of background work */
    _Atomic int64_t *version; /* shared by all workers of this instance; NULL: there are none */
    const _Atomic int
        *started; /* nothing is asked in the background before this is true; NULL: never */
};

struct faq;
struct faq *faq_open(const struct faq_options *options);
/* Begins no more work that nobody waits for; what runs of it is for the caller to cancel, before the loop ends. */
void faq_stop(struct faq *faq);
void faq_close(struct faq *faq); /* no fiber may be inside; NULL is a no-op */

/* ---- freshness ----
 * settings.faq_version grows with every write that a search could see, in the same transaction (faq_bump_version.sql).
 * Replies are kept by version, so that a new one makes all older ones unreachable. */

/* After COMMIT: every worker of this instance sees the new version at once, other instances within a second. */
void faq_changed(struct faq *faq, int64_t version);

/* ---- search ---- */

extern const char *const faq_modes[]; /* "hybrid", "vector", "keyword"; NULL-terminated */

/* Where to search when the caller names no locale: search_locale_of in search/text.h. */
const char *faq_locale_of(const char *text, const char *fallback);

struct faq_query {
    const char *text;     /* 1..500 code points, as typed */
    const char *locale;   /* of the entries searched */
    const char *category; /* slug; NULL = all */
    const char *mode;     /* one of faq_modes */
    int64_t limit;        /* 0 = FAQ_TOP_K */
    bool explain;         /* computed afresh, with all candidates; nothing is recorded */
    bool quiet;           /* no line in the log, no gap: a replay or a test */
};
struct faq_category_ref {
    int64_t id;
    const char *slug, *name;
};
struct faq_scores {
    struct field_set has;
    double vector, keyword; /* null: the leg did not find it */
};
struct faq_hit {
    int64_t id;
    const char *question, *answer;
    struct faq_category_ref category;
    const char *locale;
    struct strs tags;
    int64_t helpful_count, not_helpful_count;
    int64_t updated_at;
    double score;       /* 0..1, of the fusion */
    const char *source; /* "vector", "keyword", "hybrid" */
    struct faq_scores scores;
};
extern const struct shape faq_hit_shape;

struct faq_result {
    const char *json; /* {"data":[...],"query":{...}}, in the arena */
    size_t len;
    int64_t count; /* entries in data */
    bool cached, degraded;
};
/* ERR_TIMEOUT, ERR_UNAVAILABLE when Postgres is slow or down and the reply is not kept from before. */
err faq_search(struct ctx *ctx, struct faq *faq, const struct faq_query *query,
    struct faq_result *out);
/* The entries of a result as structs, for those who do not want JSON: a list of struct faq_hit. */
err faq_result_hits(struct ctx *ctx, const struct faq_result *result, struct list *out);
extern const struct shape faq_reply_shape; /* what json looks like */

/* For metrics. */
struct faq_counts {
    uint64_t searches, kept, shared, computed, degraded; /* kept: in the worker; shared: in Redis */
    uint64_t gaps_dropped;
};
struct faq_counts faq_counts(const struct faq *faq);

/* A question without an answer, recorded later and in bulk; dropped when too many wait. */
struct faq_gap_note {
    const char *locale, *question;
    const char *source;  /* "search", "chat" */
    int64_t message_id;  /* 0 = none */
    int64_t best_faq_id; /* the best of what was not good enough; 0 = none */
    double best_score;
    const float *vector; /* of the question by `model`; NULL = unknown */
    int64_t dims;
    const char *model;
};
void faq_note_gap(struct faq *faq, const struct faq_gap_note *note);

#endif
