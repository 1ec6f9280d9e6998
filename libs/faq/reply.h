/* faq/reply.h - what a search replies, as structs; for the files of this library only. */
#ifndef FAQ_REPLY_H
#define FAQ_REPLY_H

#include "faq/faq.h"

#define FAQ_LIMIT_MAX 20

/* A row of faq_hybrid.sql; begins as struct faq_hit does. */
struct faq_candidate {
    int64_t id;
    const char *question, *answer;
    struct faq_category_ref category;
    const char *locale;
    struct strs tags;
    int64_t helpful_count, not_helpful_count;
    int64_t updated_at;
    double score;
    const char *source;
    struct faq_scores scores;
    bool strict;
    struct field_set has;
    double
        declined; /* last field: cosine of the nearest declined question; absent: there is none */
};
extern const struct shape faq_candidate_shape;

struct faq_verdict {
    int64_t id;
    const char *question;
    double score;
    const char *source;
    struct faq_scores scores;
    bool strict, passed;
    double length, words, ideas, unknown; /* as in struct gate_reading */
};
struct faq_explain {
    int64_t version;
    const char *model, *normalised, *fusion;
    double vector_weight, keyword_weight, declined;
    struct list candidates;
};
struct faq_about {
    const char *mode_used, *degraded;
    bool cached;
    int64_t took_ms;
    double min_similarity;
    const char *explain; /* JSON */
};
struct faq_reply {
    struct list data;
    struct faq_about query;
};
extern const struct shape faq_verdict_shape, faq_explain_shape, faq_about_shape;

#endif
