/* properties/finder_rows.h - inside this library: rows of a search, and what is said about them. */
#ifndef PROPERTIES_FINDER_ROWS_H
#define PROPERTIES_FINDER_ROWS_H

#include "properties/finder.h"

struct finder_candidate {
    int64_t id;
    double score; /* as in struct property_hit */
    const char *source;
    struct property_scores scores;
    bool strict;      /* has all words */
    bool alike;       /* has something that looks like the query letter by letter */
    const char *text; /* all its texts */
};
extern const struct shape finder_candidate_shape;

struct finder_verdict {
    int64_t id;
    const char *title;
    double score;
    const char *source;
    struct property_scores scores;
    bool strict, passed;
};
struct finder_explain {
    const char *model, *normalised, *fusion;
    double vector_weight, keyword_weight;
    struct list candidates;
};
extern const struct shape finder_explain_shape;

#endif
