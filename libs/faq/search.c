/* faq/search.c - one search as its caller sees it: key, reply, gap and log line. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/log.h"
#include "core/utf8.h"
#include "faq/find.h"
#include "faq/reply.h"
#include "search/gate.h"
#include "search/text.h"

#define KEY_MAX_BYTES 4096

err faq_result_hits(struct ctx *ctx, const struct faq_result *result, struct list *out)
{
    struct faq_reply reply;
    TRY(field_scan(ctx, &faq_reply_shape, result->json, result->len, &reply));
    *out = reply.data;
    return OK;
}

const char *faq_locale_of(const char *text, const char *fallback)
{
    return search_locale_of(text, fallback);
}

static err make_key(struct ctx *ctx, struct search *search)
{
    const struct faq_query *query = &search->query;
    TRY(faq_version_need(ctx, search->faq, &search->version));
    struct buf buf;
    buf_init(&buf, ctx->arena, 256, KEY_MAX_BYTES);
    buf_i64(&buf, search->version);
    buf_char(&buf, '\n');
    buf_str(&buf, query->locale);
    buf_char(&buf, '\n');
    buf_str(&buf, query->category == NULL ? "" : query->category);
    buf_char(&buf, '\n');
    buf_str(&buf, query->mode);
    buf_char(&buf, '\n');
    buf_i64(&buf, query->limit);
    buf_char(&buf, '\n');
    buf_str(&buf, search->text);
    size_t len = 0;
    return buf_finish(ctx, &buf, &search->key, &len);
}

/* A category that has no answer does not mean that there is none. */
static void note_gap(const struct search *search)
{
    const struct faq_query *query = &search->query;
    const struct faq_ranked *ranked = &search->ranked;
    if (search->out->count > 0 || search->out->degraded || query->category != NULL) {
        return;
    }
    const struct faq_gap_note note = {
        .locale = query->locale,
        .question = query->text,
        .source = "search",
        .best_faq_id = ranked->best_id,
        .best_score = ranked->best_score,
        .vector = ranked->vector.values,
        .dims = ranked->vector.dims,
        .model = ranked->model,
    };
    faq_note_gap(search->faq, &note);
}

static void log_search(struct ctx *ctx, const struct search *search)
{
    const struct faq_query *query = &search->query;
    const struct faq_result *out = search->out;
    log_info(ctx, "faq_search",
        LOG_I64("chars", (int64_t)utf8_length(query->text, strlen(query->text))),
        LOG_STR("sha256", search->digest), LOG_STR("locale", query->locale),
        LOG_STR("mode", query->mode), LOG_I64("found", out->count), LOG_BOOL("cached", out->cached),
        LOG_BOOL("degraded", out->degraded));
}

static err find_anew(struct ctx *ctx, struct search *search)
{
    find_digest(search);
    return find_compute(ctx, search);
}

/* Punctuation and pictures only: no answer, and no gap either. */
static err find_nothing(struct ctx *ctx, struct search *search)
{
    struct faq *faq = search->faq;
    int64_t version = 0;
    TRY(faq_version_need(ctx, faq, &version));
    TRY(faq_state_need(ctx, faq, version));
    const struct gate *gate = gate_new(ctx->arena, faq->model, faq->weights, search->text,
        faq->options.config->faq_min_similarity);
    search->ranked = (struct faq_ranked){
        .data = "[]", .mode_used = search->query.mode, .min_similarity = gate_min_similarity(gate)};
    find_digest(search);
    return find_print(ctx, &search->ranked, /* cached */ false, /* took_ms */ 0, search->out);
}

err faq_search(struct ctx *ctx, struct faq *faq, const struct faq_query *query,
    struct faq_result *out)
{
    struct search search = {.faq = faq, .query = *query, .out = out};
    if (search.query.limit == 0) {
        search.query.limit = faq->options.config->faq_top_k;
    }
    search.text = search_normalise(ctx->arena, query->text);
    faq->counts.searches++;
    if (!search_has_word(search.text)) {
        TRY(find_nothing(ctx, &search));
    } else if (query->explain) {
        TRY(find_anew(ctx, &search));
    } else {
        TRY(make_key(ctx, &search));
        TRY(find_reply(ctx, &search));
        if (!query->quiet) {
            note_gap(&search);
        }
    }
    faq->counts.degraded += out->degraded ? 1 : 0;
    if (!query->quiet) {
        log_search(ctx, &search);
    }
    return OK;
}
