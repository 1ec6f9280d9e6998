/* properties/finder.h - listings found by meaning and by words, within the filters of the list.
 * Owns:   per worker which model is in use and how telling terms are (both looked up again now and then).
 * Waits:  finder_search, finder_similar, finder_places (Postgres, and the embeddings service when the model is its).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef PROPERTIES_FINDER_H
#define PROPERTIES_FINDER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "properties/properties.h"

struct ctx;
struct db;
struct embedder;
struct loop;
struct search_config;

struct finder;
struct finder_options { /* all borrowed */
    const struct search_config *config;
    struct db *db;
    struct embedder *embedder;
    struct loop *loop;
};
struct finder *finder_open(const struct finder_options *options);
void finder_close(struct finder *finder); /* no fiber may be inside; NULL is a no-op */

struct property_scores {
    struct field_set has;
    double vector, keyword; /* null: the leg did not find it */
};
struct property_hit {
    struct property_summary summary; /* first: a hit shows its members as its own */
    double score;                    /* 0..1, of the fusion; of finder_similar: the cosine */
    const char *source;              /* "vector", "keyword", "hybrid" */
    struct property_scores scores;
    bool strict; /* has all words; not shown */
};
extern const struct shape property_hit_shape, property_similar_shape;

extern const char *const finder_modes[]; /* "hybrid", "vector", "keyword"; NULL-terminated */

struct finder_query {
    struct db *db;       /* where the listings are read */
    const char *text;    /* 1..300 code points, as typed */
    const char *filters; /* JSON object for properties_filtered; never NULL */
    const char *mode;    /* one of finder_modes */
    int64_t limit;
    bool explain;
    struct property_view view;
};
struct finder_about {
    const char *mode_used;
    const char *degraded; /* "no_embedding": meaning could not be compared; NULL = nothing wrong */
    int64_t took_ms;
    const char *explain; /* JSON; NULL unless asked for */
};
struct finder_result {
    struct list data; /* of struct property_hit, best first; empty when nothing is good enough */
    struct finder_about query;
    bool has_more;
};
extern const struct shape finder_result_shape;
err finder_search(struct ctx *ctx, struct finder *finder, const struct finder_query *query,
    struct finder_result *out);

/* A kind of offer and a place that some active listing has; places are NULL where it says none. */
struct property_place {
    const char *listing_type, *province, *city, *district;
};
/* All there are (at most LIMIT_DB_ROWS), up to ten minutes old. Borrowed: valid until the caller waits. */
err finder_places(struct ctx *ctx, struct finder *finder, struct list *out);

#define FINDER_SIMILAR_MAX 12
struct finder_like {
    struct db *db; /* as above */
    int64_t id;
    int64_t limit;
    struct property_view view;
};
/* The nearest by meaning among active listings of the same kind of offer. ERR_NOT_FOUND when the property is unknown, or
 * hidden from this viewer. */
err finder_similar(struct ctx *ctx, struct finder *finder, const struct finder_like *like,
    struct list *out);

#endif
