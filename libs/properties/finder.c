#include "properties/finder.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/log.h"
#include "db/array.h"
#include "db/db.h"
#include "net/fiber.h"
#include "net/single_flight.h"
#include "properties/embed.h"
#include "properties/finder_rows.h"
#include "properties/places.h"
#include "properties/sql.h"
#include "search/embedder.h"
#include "search/gate.h"
#include "search/text.h"
#include "search/weights.h"

/* Up to so many properties that fit are all looked at (migrations/0016_property_sketches.sql); more go through the index,
 * which finds the less of the nearest the fewer fit: bench/search/properties.py. */
#define COMPARED_UP_TO 30000
#define VECTOR_WEIGHT 0.7
#define KEYWORD_WEIGHT 0.3
#define SPARE_CANDIDATES 50 /* read beyond the limit: the gate may refuse a whole leg */
#define MODEL_MAX_BYTES 128
#define MODEL_NS INT64_C(1000000000)
#define CORPUS_TEXTS 1000
#define CORPUS_NS INT64_C(600000000000)
#define YIELD_EVERY 50

struct finder {
    struct arena *arena; /* it lives here itself */
    struct finder_options options;
    struct single_flight *flights;
    struct places *places;
    char model[MODEL_MAX_BYTES];
    int64_t model_until_ns;
    struct weights *weights; /* NULL = not known yet */
    int64_t weights_until_ns;
};

struct finder *finder_open(const struct finder_options *options)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct finder *finder = ARENA_NEW(arena, struct finder);
    finder->arena = arena;
    finder->options = *options;
    finder->flights = single_flight_new(options->loop);
    finder->places = places_open(options->db, options->loop);
    return finder;
}

void finder_close(struct finder *finder)
{
    if (finder == NULL) {
        return;
    }
    weights_free(finder->weights);
    places_close(finder->places);
    single_flight_free(finder->flights);
    arena_free(finder->arena);
}

/* ---- what a search needs to know beforehand ---- */

static err load_model(struct ctx *ctx, void *arg)
{
    struct finder *finder = arg;
    const char *model = NULL;
    TRY(properties_model(ctx, finder->options.db, /* wanted */ NULL, &model));
    if (strlen(model) >= sizeof(finder->model)) {
        return fail(ctx, ERR_INTERNAL, "name of the embedding model is too long");
    }
    memcpy(finder->model, model, strlen(model) + 1);
    finder->model_until_ns = clock_monotonic_ns(ctx->clock) + MODEL_NS;
    return OK;
}

static err load_weights(struct ctx *ctx, void *arg)
{
    struct text {
        const char *text;
    };
    static const struct field text_fields[] = {FIELD_STR(struct text, text, "Of a property")};
    struct finder *finder = arg;
    struct list rows = {0};
    TRY(db_list_slow(ctx, finder->options.db, &SQL_properties_corpus, DB_ARGS(DB_I64(CORPUS_TEXTS)),
        SHAPE(text), CORPUS_TEXTS, &rows));
    const struct text *texts = rows.items;
    struct weights *weights = weights_new();
    err e = OK;
    for (int64_t i = 0; i < rows.count && is_ok(e); i++) {
        weights_add(weights, texts[i].text);
        e = i % YIELD_EVERY == 0 ? fiber_yield(ctx, finder->options.loop) : OK;
    }
    if (!is_ok(e)) {
        weights_free(weights);
        return e;
    }
    weights_free(finder->weights);
    finder->weights = weights;
    finder->weights_until_ns = clock_monotonic_ns(ctx->clock) + CORPUS_NS;
    return OK;
}

static err prepare(struct ctx *ctx, struct finder *finder)
{
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    if (now_ns >= finder->model_until_ns) {
        TRY(single_flight_do(ctx, finder->flights, "model", load_model, finder));
    }
    if (finder->weights == NULL || now_ns >= finder->weights_until_ns) {
        TRY(single_flight_do(ctx, finder->flights, "weights", load_weights, finder));
    }
    return OK;
}

/* ---- one search ---- */

struct finding {
    struct finder *finder;
    const struct finder_query *query;
    const char *text;  /* normalised */
    const char *words; /* of it, that say something */
    const char *model; /* as it was when the search began */
    struct embedding vector;
    struct list candidates; /* of struct finder_candidate, best first */
    struct gate *gate;
};

/* Without a vector the words have to do. */
static err make_vector(struct ctx *ctx, struct finding *finding)
{
    struct finder *finder = finding->finder;
    if (strcmp(finding->query->mode, "keyword") == 0) {
        return OK;
    }
    const err made = embed_query(ctx, finder->options.embedder, finding->model, finder->weights,
        finding->text, &finding->vector);
    if (is_ok(made)) {
        return OK;
    }
    if (made.code == ERR_CANCELLED) {
        return made;
    }
    log_warn(ctx, "property_search.degraded", LOG_STR("code", err_name(made.code)),
        LOG_STR("why", ctx->error.text));
    err_clear(ctx); /* the reply says so */
    finding->vector = (struct embedding){0};
    return OK;
}

static err find_candidates(struct ctx *ctx, struct finding *finding)
{
    const struct finder_options *options = &finding->finder->options;
    const struct finder_query *query = finding->query;
    const bool by_words = strcmp(query->mode, "vector") != 0 || finding->vector.values == NULL;
    const int64_t rows = query->limit + SPARE_CANDIDATES;
    return db_list_slow(ctx, query->db, &SQL_properties_find,
        DB_ARGS(DB_TEXT(query->filters), DB_I64(COMPARED_UP_TO), DB_TEXT(finding->words),
            embedding_arg(ctx, &finding->vector), DB_TEXT(finding->model), DB_BOOL(by_words),
            DB_TEXT(options->config->search_fusion), DB_F64(VECTOR_WEIGHT), DB_F64(KEYWORD_WEIGHT),
            DB_I64(options->config->search_rrf_k), DB_I64(rows)),
        &finder_candidate_shape, rows, &finding->candidates);
}

static double rounded(double number)
{
    return round(number * 1e6) / 1e6; /* more digits say nothing */
}

static struct evidence evidence_of(const struct finder_candidate *candidate)
{
    return (struct evidence){
        .has_cosine = field_is_present(&candidate->scores.has, 0),
        .cosine = candidate->scores.vector,
        .strict = candidate->strict,
        .text = candidate->text,
    };
}

/* Without a vector nothing better than words is known, and all that they find is shown; a local model does not see through
 * typing errors. */
static bool is_certain(const struct finding *finding, const struct finder_candidate *candidate)
{
    return finding->vector.values == NULL || candidate->strict ||
           (candidate->alike && embedder_is_local(finding->model));
}

/* Whether any candidate answers the query. */
static bool is_answered(const struct finding *finding)
{
    const struct finder_candidate *rows = finding->candidates.items;
    bool answered = false;
    for (int64_t i = 0; i < finding->candidates.count && !answered; i++) {
        const struct evidence evidence = evidence_of(&rows[i]);
        answered = is_certain(finding, &rows[i]) || gate_passes(finding->gate, &evidence);
    }
    return answered;
}

/* Beside an answer others are shown that say less. */
static bool is_shown(const struct finding *finding, const struct finder_candidate *candidate)
{
    const struct evidence evidence = evidence_of(candidate);
    return is_certain(finding, candidate) || gate_keeps(finding->gate, &evidence);
}

/* A listing that has gone since it was found is left out of the hits. */
static err load_hits(struct ctx *ctx, const struct finding *finding,
    const struct finder_candidate *chosen, int64_t count, struct list *out)
{
    const struct finder_query *query = finding->query;
    int64_t *ids = ARENA_ARRAY(ctx->arena, int64_t, (size_t)count + 1);
    for (int64_t i = 0; i < count; i++) {
        ids[i] = chosen[i].id;
    }
    struct list summaries = {0};
    if (count > 0) {
        TRY(db_list_slow(ctx, query->db, &SQL_properties_found,
            DB_ARGS(DB_TEXT(db_array_write_i64(ctx->arena, ids, count)), DB_TEXT(query->filters),
                DB_TEXT(query->view.locale), DB_BOOL(query->view.staff)),
            &property_summary_shape, count, &summaries));
    }
    const struct property_summary *rows = summaries.items;
    struct property_hit *hits = ARENA_ARRAY(ctx->arena, struct property_hit, (size_t)count + 1);
    int64_t found = 0;
    for (int64_t i = 0; i < count && found < summaries.count; i++) {
        if (chosen[i].id == rows[found].id) {
            hits[found] = (struct property_hit){.summary = rows[found],
                .score = rounded(chosen[i].score),
                .source = chosen[i].source,
                .scores = {.has = chosen[i].scores.has,
                    .vector = rounded(chosen[i].scores.vector),
                    .keyword = rounded(chosen[i].scores.keyword)},
                .strict = chosen[i].strict};
            found++;
        }
    }
    *out = (struct list){hits, found};
    return OK;
}

static err explain(struct ctx *ctx, const struct finding *finding, const bool *passed,
    const char **out)
{
    const struct finder_candidate *rows = finding->candidates.items;
    struct list shown = {0};
    TRY(load_hits(ctx, finding, rows, finding->candidates.count, &shown));
    const struct property_hit *hits = shown.items;
    struct finder_verdict *verdicts =
        ARENA_ARRAY(ctx->arena, struct finder_verdict, (size_t)shown.count + 1);
    for (int64_t i = 0, n = 0; n < shown.count; i++) {
        if (rows[i].id == hits[n].summary.id) {
            verdicts[n] = (struct finder_verdict){hits[n].summary.id, hits[n].summary.title,
                hits[n].score, hits[n].source, hits[n].scores, hits[n].strict, passed[i]};
            n++;
        }
    }
    const struct finder_explain what = {
        .model = finding->vector.values == NULL ? NULL : finding->model,
        .normalised = finding->text,
        .fusion = finding->finder->options.config->search_fusion,
        .vector_weight = VECTOR_WEIGHT,
        .keyword_weight = KEYWORD_WEIGHT,
        .candidates = {verdicts, shown.count},
    };
    struct buf buf;
    buf_init(&buf, ctx->arena, 4096, LIMIT_REPLY_BYTES);
    field_encode(&buf, &finder_explain_shape, &what);
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}

/* One more than the limit tells that there is more; only explain looks at all. */
static err choose(struct ctx *ctx, const struct finding *finding, struct finder_result *out)
{
    const int64_t limit = finding->query->limit;
    const struct finder_candidate *rows = finding->candidates.items;
    const size_t room = (size_t)finding->candidates.count + 1;
    struct finder_candidate *kept = ARENA_ARRAY(ctx->arena, struct finder_candidate, room);
    bool *passed = ARENA_ARRAY(ctx->arena, bool, room);
    const bool explained = finding->query->explain, answered = is_answered(finding);
    int64_t count = 0;
    for (int64_t i = 0; i < finding->candidates.count && (count <= limit || explained); i++) {
        passed[i] = answered && is_shown(finding, &rows[i]);
        if (passed[i]) {
            kept[count++] = rows[i];
        }
    }
    out->has_more = count > limit;
    TRY(load_hits(ctx, finding, kept, out->has_more ? limit : count, &out->data));
    return explained ? explain(ctx, finding, passed, &out->query.explain) : OK;
}

static err find(struct ctx *ctx, struct finding *finding, struct finder_result *out)
{
    struct finder *finder = finding->finder;
    TRY(prepare(ctx, finder));
    finding->model = arena_strdup(ctx->arena, finder->model);
    if (search_has_word(finding->words)) { /* else there is nothing to look for */
        TRY(make_vector(ctx, finding));
        TRY(find_candidates(ctx, finding));
    }
    finding->gate = gate_new(ctx->arena, finding->model, finder->weights, finding->text,
        /* min_similarity */ -1);
    return choose(ctx, finding, out);
}

err finder_search(struct ctx *ctx, struct finder *finder, const struct finder_query *query,
    struct finder_result *out)
{
    const int64_t begun_ns = clock_monotonic_ns(ctx->clock);
    struct finding finding = {.finder = finder, .query = query};
    finding.text = search_normalise(ctx->arena, query->text);
    finding.words = search_content(ctx->arena, finding.text);
    TRY(find(ctx, &finding, out));
    const bool lacks_vector = strcmp(query->mode, "keyword") != 0 &&
                              finding.vector.values == NULL && search_has_word(finding.words);
    out->query.mode_used = lacks_vector ? "keyword" : query->mode;
    out->query.degraded = lacks_vector ? "no_embedding" : NULL;
    out->query.took_ms = (clock_monotonic_ns(ctx->clock) - begun_ns) / 1000000;
    return OK;
}

err finder_places(struct ctx *ctx, struct finder *finder, struct list *out)
{
    return places_get(ctx, finder->places, out);
}

/* ---- similar ones ---- */

err finder_similar(struct ctx *ctx, struct finder *finder, const struct finder_like *like,
    struct list *out)
{
    struct visible {
        int64_t id;
    };
    static const struct field visible_fields[] = {FIELD_I64(struct visible, id, "Id")};
    struct visible visible = {0};
    const struct property_view *view = &like->view;
    const err found = db_one(ctx, like->db, &SQL_properties_visible,
        DB_ARGS(DB_I64(like->id), DB_BOOL(view->staff)), SHAPE(visible), &visible);
    if (found.code == ERR_NOT_FOUND) {
        return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Property not found");
    }
    TRY(found);
    TRY(prepare(ctx, finder));
    TRY(db_list_slow(ctx, like->db, &SQL_properties_similar,
        DB_ARGS(DB_I64(like->id), DB_I64(COMPARED_UP_TO), DB_TEXT(finder->model),
            DB_I64(like->limit), DB_TEXT(view->locale), DB_BOOL(view->staff)),
        &property_similar_shape, like->limit, out));
    struct property_hit *hits = out->items;
    for (int64_t i = 0; i < out->count; i++) {
        hits[i].score = rounded(hits[i].score);
    }
    return OK;
}
