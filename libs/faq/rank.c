/* faq/rank.c - one search, computed: vector, one statement, gate, JSON. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/limits.h"
#include "db/db.h"
#include "faq/faq_internal.h"
#include "faq/reply.h"
#include "faq/sql.h"
#include "search/gate.h"
#include "search/text.h"

#define SPARE_CANDIDATES 15 /* read beyond the limit, for those that the gate refuses */
#define WORD_CANDIDATES 10  /* read wherever they stand in the order */
#define LITERAL_SCORE 3     /* of the keyword leg: see faq_keyword_leg */

struct ranking {
    struct faq *faq;
    const struct faq_query *query;
    const char *text;
    struct faq_words words;
    bool by_words; /* the keyword leg is wanted */
    struct list candidates;
    struct gate *gate;
    struct faq_ranked *out;
};

static err find_candidates(struct ctx *ctx, struct ranking *ranking)
{
    const struct faq_options *options = &ranking->faq->options;
    const struct faq_query *query = ranking->query;
    const struct faq_words *words = &ranking->words;
    const int64_t rows = query->limit + SPARE_CANDIDATES;
    return db_list_slow(ctx, options->db, &SQL_faq_hybrid,
        DB_ARGS(DB_TEXT(ranking->text), embedding_arg(ctx, &ranking->out->vector),
            DB_TEXT(ranking->out->model), DB_TEXT(query->locale), DB_TEXT(query->category),
            DB_BOOL(ranking->by_words && !words->looked), DB_TEXT(words->ids),
            DB_TEXT(words->scores), DB_TEXT(words->strict), DB_TEXT(options->search->search_fusion),
            DB_F64(options->config->faq_vector_weight), DB_F64(options->config->faq_keyword_weight),
            DB_I64(options->search->search_rrf_k), DB_I64(rows), DB_I64(WORD_CANDIDATES)),
        &faq_candidate_shape, rows + WORD_CANDIDATES, &ranking->candidates);
}

static struct evidence evidence_of(struct ctx *ctx, const struct faq_candidate *candidate)
{
    return (struct evidence){
        .has_cosine = field_is_present(&candidate->scores.has, 0),
        .cosine = candidate->scores.vector,
        .keyword = candidate->scores.keyword,
        .has_declined = field_is_present(&candidate->has, faq_candidate_shape.count - 1),
        .declined = candidate->declined,
        .strict = candidate->strict,
        .text = arena_printf(ctx->arena, "%s\n%s", candidate->question, candidate->answer),
    };
}

/* The query is one of its phrasings as it stands: nothing else can say more. */
static bool is_literal(const struct faq_candidate *candidate)
{
    return candidate->scores.keyword >= LITERAL_SCORE;
}

/* Whether any candidate answers the query. Without a vector nothing better than words is known, and all that they find is
 * shown. */
static bool is_answered(struct ctx *ctx, const struct ranking *ranking)
{
    const struct faq_candidate *rows = ranking->candidates.items;
    bool answered = ranking->out->vector.values == NULL;
    for (int64_t i = 0; i < ranking->candidates.count && !answered; i++) {
        const struct evidence evidence = evidence_of(ctx, &rows[i]);
        answered = is_literal(&rows[i]) || gate_passes(ranking->gate, &evidence);
    }
    return answered;
}

/* Beside an answer others are shown that say less. */
static bool is_shown(struct ctx *ctx, const struct ranking *ranking,
    const struct faq_candidate *candidate)
{
    if (ranking->out->vector.values == NULL || is_literal(candidate)) {
        return true;
    }
    const struct evidence evidence = evidence_of(ctx, candidate);
    return gate_keeps(ranking->gate, &evidence);
}

/* Six decimals: more say nothing, and cost room in every reply. */
static double rounded(double number)
{
    const double scaled = number * 1e6;
    return (double)(int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5) / 1e6;
}

static void round_scores(struct list *candidates)
{
    struct faq_candidate *rows = candidates->items;
    for (int64_t i = 0; i < candidates->count; i++) {
        rows[i].score = rounded(rows[i].score);
        rows[i].scores.vector = rounded(rows[i].scores.vector);
        rows[i].scores.keyword = rounded(rows[i].scores.keyword);
    }
}

/* Who types a question of the FAQ as it stands there wants that entry, whatever else has its words. */
static void put_literal_first(struct ctx *ctx, const struct ranking *ranking)
{
    struct faq_candidate *rows = ranking->candidates.items;
    int64_t at = 0;
    while (at < ranking->candidates.count &&
           strcmp(search_normalise(ctx->arena, rows[at].question), ranking->text) != 0) {
        at++;
    }
    if (at == ranking->candidates.count) {
        return;
    }
    struct faq_candidate literal = rows[at];
    literal.score = 1;
    memmove(rows + 1, rows, (size_t)at * sizeof(*rows));
    rows[0] = literal;
}

static struct faq_hit hit_of(const struct faq_candidate *candidate)
{
    return (struct faq_hit){
        .id = candidate->id,
        .question = candidate->question,
        .answer = candidate->answer,
        .category = candidate->category,
        .locale = candidate->locale,
        .tags = candidate->tags,
        .helpful_count = candidate->helpful_count,
        .not_helpful_count = candidate->not_helpful_count,
        .updated_at = candidate->updated_at,
        .score = candidate->score,
        .source = candidate->source,
        .scores = candidate->scores,
    };
}

static struct faq_verdict verdict_on(struct ctx *ctx, const struct ranking *ranking,
    const struct faq_candidate *candidate, bool passed)
{
    const struct evidence evidence = evidence_of(ctx, candidate);
    const struct gate_reading reading = gate_read(ranking->gate, evidence.text);
    return (struct faq_verdict){
        .id = candidate->id,
        .question = candidate->question,
        .score = candidate->score,
        .source = candidate->source,
        .scores = candidate->scores,
        .strict = candidate->strict,
        .passed = passed,
        .length = reading.length,
        .words = reading.words,
        .ideas = reading.ideas,
        .unknown = reading.unknown,
    };
}

/* Writes what passes; verdicts has room for all candidates, or is NULL: then nobody looks beyond the limit. */
static err choose(struct ctx *ctx, const struct ranking *ranking, struct faq_verdict *verdicts)
{
    struct faq_ranked *out = ranking->out;
    const struct faq_candidate *rows = ranking->candidates.items;
    const int64_t limit = ranking->query->limit;
    struct buf buf;
    buf_init(&buf, ctx->arena, 8192, LIMIT_REPLY_BYTES);
    buf_char(&buf, '[');
    const bool answered = is_answered(ctx, ranking);
    for (int64_t i = 0; i < ranking->candidates.count; i++) {
        if ((out->count == limit || !answered) && verdicts == NULL) {
            break;
        }
        const bool passed = answered && is_shown(ctx, ranking, &rows[i]);
        if (verdicts != NULL) {
            verdicts[i] = verdict_on(ctx, ranking, &rows[i], passed);
        }
        if (passed && out->count < limit) {
            const struct faq_hit hit = hit_of(&rows[i]);
            buf_str(&buf, out->count == 0 ? "" : ",");
            field_encode(&buf, &faq_hit_shape, &hit);
            out->count++;
        }
    }
    buf_char(&buf, ']');
    size_t len = 0;
    return buf_finish(ctx, &buf, &out->data, &len);
}

static err explain(struct ctx *ctx, const struct ranking *ranking, struct faq_verdict *verdicts)
{
    const struct faq *faq = ranking->faq;
    const struct faq_candidate *rows = ranking->candidates.items;
    const struct faq_explain what = {
        .version = faq->state_version,
        .model = ranking->out->vector.values == NULL ? NULL : ranking->out->model,
        .normalised = ranking->text,
        .fusion = faq->options.search->search_fusion,
        .vector_weight = faq->options.config->faq_vector_weight,
        .keyword_weight = faq->options.config->faq_keyword_weight,
        .declined = ranking->candidates.count > 0 ? rows[0].declined : 0,
        .candidates = {verdicts, ranking->candidates.count},
    };
    struct buf buf;
    buf_init(&buf, ctx->arena, 4096, LIMIT_REPLY_BYTES);
    field_encode(&buf, &faq_explain_shape, &what);
    size_t len = 0;
    return buf_finish(ctx, &buf, &ranking->out->explain, &len);
}

static void say_how(const struct ranking *ranking, struct faq_ranked *out)
{
    const char *mode = ranking->query->mode;
    const bool lacks_vector = strcmp(mode, "keyword") != 0 && out->vector.values == NULL;
    out->mode_used = lacks_vector ? "keyword" : mode;
    out->degraded = lacks_vector ? "no_embedding" : NULL;
    out->min_similarity = gate_min_similarity(ranking->gate);
    if (out->count == 0 && ranking->candidates.count > 0) {
        const struct faq_candidate *best = ranking->candidates.items;
        out->best_id = best->id;
        out->best_score = best->score;
    }
}

static err ask_vector(struct ctx *ctx, struct ranking *ranking)
{
    const char *mode = ranking->query->mode;
    const struct faq_asked asked = {ranking->query, ranking->text, ranking->out->model};
    ranking->by_words = strcmp(mode, "vector") != 0;
    if (strcmp(mode, "keyword") == 0) {
        return OK;
    }
    TRY(faq_ask_vector(ctx, ranking->faq, &asked, &ranking->out->vector,
        ranking->by_words ? &ranking->words : NULL));
    ranking->by_words = ranking->by_words || ranking->out->vector.values == NULL;
    return OK;
}

err faq_rank(struct ctx *ctx, struct faq *faq, const struct faq_query *query, const char *text,
    struct faq_ranked *out)
{
    struct ranking ranking = {.faq = faq, .query = query, .text = text, .out = out};
    int64_t version = 0;
    TRY(faq_version_need(ctx, faq, &version));
    TRY(faq_state_need(ctx, faq, version));
    *out = (struct faq_ranked){.model = arena_strdup(ctx->arena, faq->model)};
    TRY(ask_vector(ctx, &ranking));
    TRY(find_candidates(ctx, &ranking));
    ranking.gate = gate_new(ctx->arena, out->model, faq->weights, text,
        faq->options.config->faq_min_similarity);
    struct faq_verdict *verdicts = query->explain ? ARENA_ARRAY(ctx->arena, struct faq_verdict,
                                                        (size_t)ranking.candidates.count + 1)
                                                  : NULL;
    round_scores(&ranking.candidates);
    put_literal_first(ctx, &ranking);
    TRY(choose(ctx, &ranking, verdicts));
    say_how(&ranking, out);
    return query->explain ? explain(ctx, &ranking, verdicts) : OK;
}
