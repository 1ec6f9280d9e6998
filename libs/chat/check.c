#include "chat/check.h"

#include <string.h>

#include "chat/figures.h"
#include "chat/links.h"
#include "chat/markers.h"
#include "chat/sentences.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/utf8.h"

enum { TEXT_MAX = 2 * LIMIT_CHAT_TEXT_BYTES, MEND_FIGURES_MAX = 10, FIGURE_BYTES_MAX = 60 };

static void know(struct figures *known, const char *text)
{
    if (text != NULL) {
        figures_know(known, text);
    }
}

/* What is said about wrong arguments repeats what the model wrote. */
static bool is_found(const struct chat_result *result)
{
    return strcmp(result->status, "ok") == 0 || strcmp(result->status, "empty") == 0;
}

static void know_turn(struct figures *known, const struct chat_turn *turn)
{
    for (size_t i = 0; i < turn->result_count; i++) {
        if (is_found(&turn->results[i])) {
            know(known, turn->results[i].finding.json);
        }
    }
    for (size_t i = 0; i < turn->source_count; i++) {
        know(known, turn->sources[i].title);
        know(known, turn->sources[i].snippet);
        know(known, turn->sources[i].text);
    }
}

static err clean(struct ctx *ctx, const struct chat_turn *turn, const struct strs *own,
    const char *text, const char **out)
{
    const size_t len = strlen(text);
    struct buf linked, marked;
    size_t out_len = 0;
    const char *without_links = NULL;
    buf_init(&linked, ctx->arena, len + 1, TEXT_MAX);
    links_filter(&linked, text, own);
    TRY(buf_finish(ctx, &linked, &without_links, &out_len));
    buf_init(&marked, ctx->arena, out_len + 1, TEXT_MAX);
    markers_filter(&marked, without_links, turn->source_count);
    return buf_finish(ctx, &marked, out, &out_len);
}

/* The first figure of the sentence that nothing backs; NULL: all are backed, or there is none. */
static const struct figure *find_doubt(const struct figures *claims, const struct figures *known,
    size_t begin, size_t end)
{
    for (size_t i = 0; i < claims->count; i++) {
        const struct figure *claim = &claims->items[i];
        if (claim->at >= begin && claim->at < end && !figures_support(known, claim)) {
            return claim;
        }
    }
    return NULL;
}

static void doubt_sentences(struct ctx *ctx, const struct figures *claims,
    const struct figures *known, struct chat_checked *out)
{
    out->doubts = ARENA_ARRAY(ctx->arena, struct chat_doubt, claims->count);
    for (size_t at = 0; out->text[at] != '\0';) {
        const size_t end = sentence_end(out->text, at);
        const struct figure *doubt = find_doubt(claims, known, at, end);
        if (doubt != NULL) {
            /* A line end stays with what stands in front of it in the line. */
            const bool shared = at > 0 && out->text[at - 1] != '\n' && out->text[end - 1] == '\n';
            out->doubts[out->doubt_count++] = (struct chat_doubt){
                .sentence = {at, end - at - shared}, .figure = {doubt->at, doubt->len}};
        }
        at = end;
    }
}

err chat_check(struct ctx *ctx, const struct chat_turn *turn, const struct strs *own,
    const char *text, struct chat_checked *out)
{
    struct figures known, claims;
    *out = (struct chat_checked){0};
    TRY(clean(ctx, turn, own, text, &out->text));
    out->cleaned = strcmp(out->text, text) != 0;
    figures_init(&claims, ctx->arena);
    figures_claim(&claims, out->text);
    if (claims.count > 0) {
        figures_init(&known, ctx->arena);
        know_turn(&known, turn);
        doubt_sentences(ctx, &claims, &known, out);
    }
    return OK;
}

const char *chat_check_mend(struct ctx *ctx, const struct chat_checked *checked)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, /* first_cap */ 256, TEXT_MAX);
    for (size_t i = 0; i < checked->doubt_count && i < MEND_FIGURES_MAX; i++) {
        const struct chat_range *figure = &checked->doubts[i].figure;
        buf_str(&buf, i == 0 ? "these figures are not in the data: " : ", ");
        buf_char(&buf, '"');
        buf_add(&buf, checked->text + figure->at,
            utf8_cut(checked->text + figure->at, figure->len, FIGURE_BYTES_MAX));
        buf_char(&buf, '"');
    }
    buf_str(&buf, checked->doubt_count > 0 ? "." : "");
    return buf_text(&buf);
}

const char *chat_check_drop(struct ctx *ctx, const struct chat_checked *checked)
{
    struct buf buf;
    const size_t len = strlen(checked->text);
    buf_init(&buf, ctx->arena, len + 1, len);
    size_t at = 0;
    for (size_t i = 0; i < checked->doubt_count; i++) {
        const struct chat_range *sentence = &checked->doubts[i].sentence;
        buf_add(&buf, checked->text + at, sentence->at - at);
        at = sentence->at + sentence->len;
    }
    buf_add(&buf, checked->text + at, len - at);
    while (!buf.failed && buf.len > 0 && memchr(" \t\r\n", buf.data[buf.len - 1], 4) != NULL) {
        buf.len--;
    }
    return buf_text(&buf);
}
