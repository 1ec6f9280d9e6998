/* tools/faq_rag.c - what the FAQ says. */
#include <inttypes.h>
#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/services.h"
#include "core/settings.h"
#include "core/utf8.h"
#include "faq/faq.h"
#include "search/embedder.h"
#include "tools/clean.h"
#include "tools/finding.h"
#include "tools/likeness.h"
#include "tools/question_wish.h"
#include "tools/tools.h"

#define QUERY_POINTS 500
#define ANSWER_BYTES 2048 /* of one entry, told to a model */
#define SAME_QUESTION 0.7 /* likeness from which an entry is the question, in other words at most */
#define SURE_COSINE 0.45  /* of local vectors */
#define FAIR_COSINE 0.3
#define SURE_SHARE 0.4

enum { SCORE_VECTOR, SCORE_KEYWORD }; /* rows of struct faq_scores */

struct faq_rag_in {
    struct field_set has;
    const char *query, *locale;
    int64_t limit;
};
static const struct field faq_rag_in_fields[] = {
    FIELD_STR(struct faq_rag_in, query, "What to look up, in the words of the visitor",
        .required = true, .min = 1, .max = QUERY_POINTS),
    FIELD_STR(struct faq_rag_in, locale, "Language of the entries; by default that of the query",
        .max = 8),
    FIELD_I64(struct faq_rag_in, limit, "Entries at most", .min = 1, .max = 5, .dflt = 3),
};
static const struct shape faq_rag_in_shape = {
    .name = "faq_rag",
    .size = sizeof(struct faq_rag_in),
    .fields = faq_rag_in_fields,
    .count = sizeof(faq_rag_in_fields) / sizeof(faq_rag_in_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct faq_rag_in, has),
};

/* As a model gets it. */
struct entry {
    int64_t id;
    const char *question, *answer, *category;
};
static const struct field entry_fields[] = {
    FIELD_I64(struct entry, id, "Id"),
    FIELD_STR(struct entry, question, "Question"),
    FIELD_STR(struct entry, answer, "Answer"),
    FIELD_STR(struct entry, category, "Category"),
};

/* Nothing but a search for listings is not for the FAQ; for the rest its own gate decides. */
static err infer(struct ctx *ctx, const struct chat_asker *asker, const char *question, void *in,
    enum chat_asked *out_asked)
{
    struct faq_rag_in *to = in;
    struct question_wish wish = {0};
    const err read =
        asker->services->settings->search ? question_wish(ctx, asker, question, &wish) : OK;
    if (read.code == ERR_CANCELLED) {
        return read;
    }
    if (!is_ok(read)) {
        err_clear(ctx); /* then it may be for the FAQ */
        wish.only = false;
    }
    to->query = clean_points(ctx->arena, clean_text(ctx->arena, question), QUERY_POINTS);
    to->has.present |= UINT64_C(1); /* the first row */
    *out_asked = wish.only ? CHAT_ASKED_NOT : CHAT_ASKED_PERHAPS;
    return OK;
}

static err read_query(struct ctx *ctx, const struct chat_asker *asker, const struct faq_rag_in *in,
    struct faq_query *out)
{
    const struct strs *locales = &asker->services->settings->locales;
    TRY(settings_one_of(ctx, "locale", in->locale, locales));
    if (in->query == NULL || in->query[strspn(in->query, " \t\r\n\v\f")] == '\0') {
        return fail_field(ctx, "query", CODE_VALIDATION_ERROR, "must not be blank");
    }
    const char *guess = faq_locale_of(in->query, asker->locale);
    *out = (struct faq_query){
        .text = in->query,
        .locale = in->locale != NULL             ? in->locale
                  : settings_has(locales, guess) ? guess
                                                 : asker->locale,
        .mode = faq_modes[0],
        .limit = in->limit,
        .quiet = true, /* whether it is a gap, the answer as a whole tells */
    };
    return OK;
}

static struct chat_source source_of(struct arena *arena, const struct chat_asker *asker,
    const struct faq_hit *hit)
{
    const char *site = asker->services->settings->site_url;
    return (struct chat_source){
        .has = {.present = ~UINT64_C(0)},
        .type = "faq",
        .id = hit->id,
        .title = clean_text(arena, hit->question),
        .url = *site == '\0' ? NULL : arena_printf(arena, "%s/faq/%" PRId64, site, hit->id),
        .snippet = clean_snippet(arena, hit->answer, CHAT_SNIPPET_POINTS),
        .score = hit->score,
        .text = clean_text(arena, hit->answer),
    };
}

/* Shorter until there is room for it: escapes may double a text. */
static const char *entry_json(struct ctx *ctx, const struct faq_hit *hit,
    const struct chat_source *source)
{
    struct entry entry = {
        source->id, source->title, NULL, clean_text(ctx->arena, hit->category.name)};
    const char *json = "{}"; /* untouched while it does not fit */
    size_t bytes = ANSWER_BYTES;
    do {
        entry.question = clean_cut(ctx->arena, source->title, bytes);
        entry.answer = clean_cut(ctx->arena, source->text, bytes);
        bytes /= 2;
    } while (!finding_item(ctx, SHAPE(entry), &entry, &json) && bytes > 0);
    return json;
}

/* A local model takes much for similar. Where no word found an entry, it has to share something with the question, the more
 * the less the vectors are alike: measured on tests/search. */
static bool says_something(const struct chat_asker *asker, const struct likeness *likeness,
    const struct faq_hit *hit)
{
    const bool by_words = field_is_present(&hit->scores.has, SCORE_KEYWORD) &&
                          (hit->scores.has.null >> SCORE_KEYWORD & 1) == 0;
    if (by_words || hit->scores.vector >= SURE_COSINE ||
        !embedder_is_local(embedder_model(asker->services->embedder))) {
        return true;
    }
    const double share = likeness_share(likeness, hit->question, hit->answer);
    return share >= SURE_SHARE || (share > 0 && hit->scores.vector >= FAIR_COSINE);
}

/* Those that are kept, in their order; but the one that is the question itself comes first. */
static int64_t choose(struct ctx *ctx, const struct chat_asker *asker, const char *question,
    struct faq_hit *hits, int64_t count)
{
    struct likeness *likeness = likeness_new(ctx->arena, question);
    int64_t kept = 0, best = 0;
    double best_likeness = SAME_QUESTION;
    for (int64_t i = 0; i < count; i++) {
        if (!says_something(asker, likeness, &hits[i])) {
            continue;
        }
        const double like = likeness_of(likeness, hits[i].question);
        if (like > best_likeness) {
            best_likeness = like;
            best = kept;
        }
        hits[kept++] = hits[i];
    }
    const struct faq_hit first = hits[best];
    memmove(&hits[1], &hits[0], (size_t)best * sizeof(hits[0]));
    hits[0] = first;
    return kept;
}

static err find(struct ctx *ctx, const struct chat_asker *asker, const struct faq_query *query,
    struct list *out)
{
    struct faq_result result = {0};
    TRY(faq_search(ctx, asker->services->faq, query, &result));
    TRY(faq_result_hits(ctx, &result, out));
    if (out->count > 0) {
        out->count = choose(ctx, asker, query->text, out->items, out->count);
    }
    return OK;
}

static err run(struct ctx *ctx, const struct chat_asker *asker, const void *in,
    struct chat_finding *out)
{
    struct faq_query query;
    struct list hits = {0};
    TRY(read_query(ctx, asker, in, &query));
    TRY(find(ctx, asker, &query, &hits));
    const struct faq_hit *rows = hits.items;
    struct chat_source *sources =
        ARENA_ARRAY(ctx->arena, struct chat_source, (size_t)hits.count + 1);
    struct finding_items items = {
        .json = ARENA_ARRAY(ctx->arena, const char *, (size_t)hits.count + 1),
        .count = hits.count,
        .note = hits.count == 0 ? "No entry of the FAQ answers this." : NULL,
    };
    for (int64_t i = 0; i < hits.count; i++) {
        sources[i] = source_of(ctx->arena, asker, &rows[i]);
        items.json[i] = entry_json(ctx, &rows[i], &sources[i]);
    }
    out->sources = (struct list){sources, hits.count};
    return finding_write(ctx, &items, &out->json);
}

static bool is_on(const struct product_settings *settings)
{
    return settings->faq;
}

const struct chat_tool tool_faq_rag = {
    .name = "faq_rag",
    .description =
        "Searches the product's own FAQ: policies, payment, rules, procedures, law, how things "
        "work. Use it for every question that is not a search for listings; answer from what it "
        "returns only.",
    .arguments = &faq_rag_in_shape,
    .is_on = is_on,
    .infer = infer,
    .run = run,
};
