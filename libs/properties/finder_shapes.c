/* properties/finder_shapes.c - what a search looks like, to clients and as rows. */
#include <stddef.h>

#include "properties/finder.h"
#include "properties/finder_rows.h"
#include "properties/shapes.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SUMMARY_SET                                                                                \
    (offsetof(struct property_hit, summary) + offsetof(struct property_summary, has))

const char *const finder_modes[] = {"hybrid", "vector", "keyword", NULL};
static const char *const source_choices[] = {"vector", "keyword", "hybrid", NULL};
static const char *const degraded_choices[] = {"no_embedding", NULL};

static const struct field property_scores_fields[] = {
    FIELD_F64(struct property_scores, vector, "Cosine of meaning", .nullable = true),
    FIELD_F64(struct property_scores, keyword, "Rank by words; over 1 has all of them",
        .nullable = true),
};

#define HIT_FIELDS(s)                                                                              \
    FIELD_F64(s, score, "0 to 1, of both together"),                                               \
        FIELD_ENUM(s, source, "What found it", .choices = source_choices),                         \
        FIELD_OBJ(s, scores, property_scores, "Of each, as far as it found it",                    \
            .shape = SHAPE_SET(property_scores))

/* The members of a summary are those of a hit: it comes first there. */
static const struct field property_hit_fields[] = {
    PROPERTY_SUMMARY_FIELDS, HIT_FIELDS(struct property_hit)};
const struct shape property_hit_shape = {
    .name = "PropertyHit",
    .size = sizeof(struct property_hit),
    .fields = property_hit_fields,
    .count = COUNT(property_hit_fields),
    .has_set = true,
    .set_offset = SUMMARY_SET,
};

static const struct field finder_candidate_fields[] = {
    FIELD_I64(struct finder_candidate, id, "Id"),
    HIT_FIELDS(struct finder_candidate),
    FIELD_BOOL(struct finder_candidate, strict, "Has all words"),
    FIELD_BOOL(struct finder_candidate, alike, "Looks like the query, letter by letter"),
    FIELD_STR(struct finder_candidate, text, "All its texts"),
};
const struct shape finder_candidate_shape = {
    .name = "property_candidate",
    .size = sizeof(struct finder_candidate),
    .fields = finder_candidate_fields,
    .count = COUNT(finder_candidate_fields),
};

static const struct field property_similar_fields[] = {
    PROPERTY_SUMMARY_FIELDS, FIELD_F64(struct property_hit, score, "0 to 1, cosine of meaning")};
const struct shape property_similar_shape = {
    .name = "PropertySimilar",
    .size = sizeof(struct property_hit),
    .fields = property_similar_fields,
    .count = COUNT(property_similar_fields),
    .has_set = true,
    .set_offset = SUMMARY_SET,
};

static const struct field finder_verdict_fields[] = {
    FIELD_I64(struct finder_verdict, id, "Id"),
    FIELD_STR(struct finder_verdict, title, "Title"),
    HIT_FIELDS(struct finder_verdict),
    FIELD_BOOL(struct finder_verdict, strict, "Has all words"),
    FIELD_BOOL(struct finder_verdict, passed, "Good enough to be shown"),
};
static const struct shape finder_verdict_shape = {
    .name = "property_search_candidate",
    .size = sizeof(struct finder_verdict),
    .fields = finder_verdict_fields,
    .count = COUNT(finder_verdict_fields),
};
static const struct field finder_explain_fields[] = {
    FIELD_STR(struct finder_explain, model, "Of the vectors; null without any", .nullable = true),
    FIELD_STR(struct finder_explain, normalised, "The query as it was searched"),
    FIELD_STR(struct finder_explain, fusion, "How the legs are put together"),
    FIELD_F64(struct finder_explain, vector_weight, "Weight of meaning"),
    FIELD_F64(struct finder_explain, keyword_weight, "Weight of words"),
    FIELD_LIST(struct finder_explain, candidates, "Best first, with those that were refused",
        .shape = &finder_verdict_shape),
};
const struct shape finder_explain_shape = {
    .name = "property_search_explain",
    .size = sizeof(struct finder_explain),
    .fields = finder_explain_fields,
    .count = COUNT(finder_explain_fields),
};

static const struct field finder_about_fields[] = {
    FIELD_ENUM(struct finder_about, mode_used, "What was searched with", .choices = finder_modes),
    FIELD_ENUM(struct finder_about, degraded,
        "no_embedding: meaning could not be compared, words were searched alone", .nullable = true,
        .choices = degraded_choices),
    FIELD_I64(struct finder_about, took_ms, "Time it took", .unit = "ms"),
    FIELD_JSON(struct finder_about, explain, "Only with explain", .omit = true,
        .shape = &finder_explain_shape),
};
static const struct shape finder_about_shape = {
    .name = "property_search_query",
    .size = sizeof(struct finder_about),
    .fields = finder_about_fields,
    .count = COUNT(finder_about_fields),
};

static const struct field finder_result_fields[] = {
    FIELD_LIST(struct finder_result, data, "Best first; empty when nothing is good enough",
        .shape = &property_hit_shape),
    FIELD_OBJ(struct finder_result, query, finder_about, "About the search",
        .shape = &finder_about_shape),
    FIELD_BOOL(struct finder_result, has_more, "More was good enough than the limit lets through"),
};
const struct shape finder_result_shape = {
    .name = "PropertySearch",
    .size = sizeof(struct finder_result),
    .fields = finder_result_fields,
    .count = COUNT(finder_result_fields),
};
