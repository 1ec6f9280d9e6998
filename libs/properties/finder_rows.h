/* properties/finder_rows.h - inside this library: rows of a search, and what is said about them. */
#ifndef PROPERTIES_FINDER_ROWS_H
#define PROPERTIES_FINDER_ROWS_H

#include "properties/finder.h"

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
extern const struct shape property_hit_row_shape; /* property_hit_shape and what the gate reads */
extern const struct shape finder_explain_shape;

#endif
