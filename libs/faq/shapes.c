/* faq/shapes.c - what an entry looks like: one description for rows, replies and the API document. */
#include <stddef.h>

#include "faq/faq.h"
#include "faq/read.h"
#include "faq/reply.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *const faq_modes[] = {"hybrid", "vector", "keyword", NULL};
static const char *const source_choices[] = {"vector", "keyword", "hybrid", NULL};
static const char *const degraded_choices[] = {"no_embedding", NULL};

const struct field faq_config_fields[] = {
    FIELD_F64(struct faq_config, faq_vector_weight, "Weight of meaning in the order of answers",
        .min = 0, .max = 1000, .dflt_f64 = 0.7),
    FIELD_F64(struct faq_config, faq_keyword_weight, "Weight of words in the order of answers",
        .min = 0, .max = 1000, .dflt_f64 = 0.3),
    FIELD_I64(struct faq_config, faq_top_k, "Answers when the caller names no limit", .min = 1,
        .max = FAQ_LIMIT_MAX, .dflt = 5),
    FIELD_I64(struct faq_config, faq_cache_ttl, "How long a reply is kept as fresh", .min = 1,
        .max = 604800, .dflt = 3600, .unit = "s"),
    FIELD_F64(struct faq_config, faq_min_similarity,
        "Least cosine of an answer; -1 = what suits the embedding provider", .min = -1, .max = 1,
        .dflt_f64 = -1),
};
const int faq_config_count = COUNT(faq_config_fields);

static const struct field faq_category_ref_fields[] = {
    FIELD_I64(struct faq_category_ref, id, "Id"),
    FIELD_STR(struct faq_category_ref, slug, "Stable name"),
    FIELD_STR(struct faq_category_ref, name, "In the locale of the entry"),
};
static const struct field faq_scores_fields[] = {
    FIELD_F64(struct faq_scores, vector, "Cosine; null = not among the nearest", .nullable = true),
    FIELD_F64(struct faq_scores, keyword, "Over 1: all words; null = no word found it",
        .nullable = true),
};
#define SHAPE_OF(x, name_)                                                                         \
    {                                                                                              \
        .name = (name_), .size = sizeof(struct x), .fields = x##_fields,                           \
        .count = COUNT(x##_fields)                                                                 \
    }
static const struct shape category_ref_shape = SHAPE_OF(faq_category_ref, "faq_category_ref");
static const struct shape scores_shape = {
    .name = "faq_scores",
    .size = sizeof(struct faq_scores),
    .fields = faq_scores_fields,
    .count = COUNT(faq_scores_fields),
    .has_set = true,
    .set_offset = offsetof(struct faq_scores, has),
};

#define ENTRY_FIELDS(s)                                                                            \
    FIELD_I64(s, id, "Id"), FIELD_STR(s, question, "Question"),                                    \
        FIELD_STR(s, answer, "Answer, plain text"),                                                \
        FIELD_OBJ(s, category, faq_category_ref, "Where it belongs",                               \
            .shape = &category_ref_shape),                                                         \
        FIELD_STR(s, locale, "Language"), FIELD_STRS(s, tags, "Tags"),                             \
        FIELD_I64(s, helpful_count, "Votes for it"),                                               \
        FIELD_I64(s, not_helpful_count, "Votes against it"),                                       \
        FIELD_TIME(s, updated_at, "Last change")
#define HIT_FIELDS(s)                                                                              \
    FIELD_F64(s, score, "0..1, only for comparing the answers of one search"),                     \
        FIELD_ENUM(s, source, "What found it", .choices = source_choices),                         \
        FIELD_OBJ(s, scores, faq_scores, "Score of each way of finding it",                        \
            .shape = &scores_shape)

static const struct field faq_item_fields[] = {ENTRY_FIELDS(struct faq_item)};
static const struct field faq_item_row_fields[] = {
    ENTRY_FIELDS(struct faq_item),
    FIELD_I64(struct faq_item, version, "Version"),
    FIELD_STR(struct faq_item, sort_key, "Place in the list"),
};
static const struct field faq_hit_fields[] = {
    ENTRY_FIELDS(struct faq_hit),
    HIT_FIELDS(struct faq_hit),
};
static const struct field faq_candidate_fields[] = {
    ENTRY_FIELDS(struct faq_candidate),
    HIT_FIELDS(struct faq_candidate),
    FIELD_BOOL(struct faq_candidate, strict, "All words are there"),
    FIELD_F64(struct faq_candidate, declined, "Cosine of the nearest declined question",
        .nullable = true),
};
const struct shape faq_item_shape = SHAPE_OF(faq_item, "faq");
const struct shape faq_item_row_shape = {
    .name = "faq_row",
    .size = sizeof(struct faq_item),
    .fields = faq_item_row_fields,
    .count = COUNT(faq_item_row_fields),
};
const struct shape faq_hit_shape = SHAPE_OF(faq_hit, "faq_hit");
const struct shape faq_candidate_shape = {
    .name = "faq_candidate",
    .size = sizeof(struct faq_candidate),
    .fields = faq_candidate_fields,
    .count = COUNT(faq_candidate_fields),
    .has_set = true,
    .set_offset = offsetof(struct faq_candidate, has),
};

static const struct field faq_category_fields[] = {
    FIELD_I64(struct faq_category, id, "Id"),
    FIELD_STR(struct faq_category, slug, "Stable name, for filters"),
    FIELD_STR(struct faq_category, name, "In the locale asked for"),
    FIELD_I64(struct faq_category, position, "Order"),
    FIELD_I64(struct faq_category, count, "Published entries in the locale asked for"),
};
const struct shape faq_category_shape = SHAPE_OF(faq_category, "faq_category");

static const struct field faq_verdict_fields[] = {
    FIELD_I64(struct faq_verdict, id, "Entry"),
    FIELD_STR(struct faq_verdict, question, "Its question"),
    FIELD_F64(struct faq_verdict, score, "Of the fusion"),
    FIELD_ENUM(struct faq_verdict, source, "What found it", .choices = source_choices),
    FIELD_OBJ(struct faq_verdict, scores, faq_scores, "Of each way", .shape = &scores_shape),
    FIELD_BOOL(struct faq_verdict, strict, "All words are there"),
    FIELD_BOOL(struct faq_verdict, passed, "Good enough to be shown"),
    FIELD_F64(struct faq_verdict, length, "Logarithm of the query's length in words"),
    FIELD_F64(struct faq_verdict, words,
        "Share of the query that question and answer have, by weight"),
    FIELD_F64(struct faq_verdict, ideas, "The same of what the thesaurus knows"),
    FIELD_F64(struct faq_verdict, unknown,
        "Share of the query's words that nobody knows, but for one"),
};
const struct shape faq_verdict_shape = SHAPE_OF(faq_verdict, "faq_verdict");

static const struct field faq_explain_fields[] = {
    FIELD_I64(struct faq_explain, version, "Version of the FAQ"),
    FIELD_STR(struct faq_explain, model, "Whose vectors are in use", .nullable = true),
    FIELD_STR(struct faq_explain, normalised, "The query as it is compared"),
    FIELD_STR(struct faq_explain, fusion, "How the two orders become one"),
    FIELD_F64(struct faq_explain, vector_weight, "FAQ_VECTOR_WEIGHT"),
    FIELD_F64(struct faq_explain, keyword_weight, "FAQ_KEYWORD_WEIGHT"),
    FIELD_F64(struct faq_explain, declined, "Cosine of the nearest declined question; 0 = none"),
    FIELD_LIST(struct faq_explain, candidates, "Best first, also those below the limit",
        .shape = &faq_verdict_shape),
};
const struct shape faq_explain_shape = SHAPE_OF(faq_explain, "faq_explain");

static const struct field faq_about_fields[] = {
    FIELD_ENUM(struct faq_about, mode_used, "What was searched with", .choices = faq_modes),
    FIELD_ENUM(struct faq_about, degraded,
        "no_embedding: meaning could not be compared, words were searched alone", .nullable = true,
        .choices = degraded_choices),
    FIELD_BOOL(struct faq_about, cached, "The reply was kept from before"),
    FIELD_I64(struct faq_about, took_ms, "Time it took", .unit = "ms"),
    FIELD_F64(struct faq_about, min_similarity, "Least cosine of an answer"),
    FIELD_JSON(struct faq_about, explain, "Only with explain", .omit = true,
        .shape = &faq_explain_shape),
};
const struct shape faq_about_shape = SHAPE_OF(faq_about, "faq_search_query");

static const struct field faq_reply_fields[] = {
    FIELD_LIST(struct faq_reply, data, "Best first; empty when nothing is good enough",
        .shape = &faq_hit_shape),
    FIELD_OBJ(struct faq_reply, query, faq_about, "About the search", .shape = &faq_about_shape),
};
const struct shape faq_reply_shape = SHAPE_OF(faq_reply, "faq_search");
