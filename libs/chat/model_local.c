/* chat/model_local.c - the provider `local`: asks the tools what the question itself says and answers with their words. No
 * network, no key; the same question and the same data give the same bytes. */
#include <inttypes.h>
#include <string.h>

#include "chat/extract.h"
#include "chat/greetings.h"
#include "chat/model.h"
#include "chat/phrases.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"

#define MODEL_NAME "local"
#define FAQ_POINTS 900      /* a longer answer is cut to the sentences that matter */
#define LISTINGS_MAX 5      /* lines in an answer */
#define ARGUMENTS_MAX 16384 /* bytes of a call's */
#define ANSWER_MAX 32768    /* bytes */
#define PIECE_MIN 24        /* bytes sent at once, up to the end of a word */

/* There is nothing to keep. */
static struct chat_model *open_local(const struct chat_config *config, struct client *client,
    struct loop *loop)
{
    (void)config;
    (void)client;
    (void)loop;
    return NULL;
}

static void close_local(struct chat_model *model)
{
    (void)model;
}

static int64_t elapsed_ms(const struct ctx *ctx, int64_t begun_ns)
{
    return (clock_monotonic_ns(ctx->clock) - begun_ns) / 1000000;
}

static struct chat_usage usage_of(const struct ctx *ctx, int64_t begun_ns, int64_t first_text_ms)
{
    return (struct chat_usage){
        .model = MODEL_NAME,
        .known = true,
        .priced = true,
        .latency_ms = elapsed_ms(ctx, begun_ns),
        .first_text_ms = first_text_ms,
    };
}

/* ---- what to look up ---- */

static bool was_run(const struct chat_turn *turn, const struct chat_tool *tool)
{
    for (size_t i = 0; i < turn->result_count; i++) {
        if (strcmp(turn->results[i].call.name, tool->name) == 0) {
            return true;
        }
    }
    return false;
}

static err make_call(struct ctx *ctx, const struct chat_tool *tool, const void *in,
    struct chat_call *out)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 256, ARGUMENTS_MAX);
    field_encode_present(&buf, tool->arguments, in);
    size_t len = 0;
    TRY(buf_finish(ctx, &buf, &out->arguments, &len));
    out->id = arena_printf(ctx->arena, "local_%s", tool->name);
    out->name = tool->name;
    return OK;
}

struct wanted {
    struct chat_call call;
    enum chat_asked asked;
};

/* A tool that cannot tell is left out: the others may know. */
static err ask_tool(struct ctx *ctx, const struct chat_turn *turn, const struct chat_tool *tool,
    struct wanted *out)
{
    void *in = arena_alloc(ctx->arena, tool->arguments->size);
    out->asked = CHAT_ASKED_NOT;
    if (tool->infer == NULL) {
        return OK;
    }
    field_set_defaults(ctx, tool->arguments, in);
    const err inferred = tool->infer(ctx, turn->asker, turn->question, in, &out->asked);
    if (inferred.code == ERR_CANCELLED) {
        return inferred;
    }
    if (!is_ok(inferred)) {
        err_clear(ctx);
        out->asked = CHAT_ASKED_NOT;
    }
    return out->asked == CHAT_ASKED_NOT ? OK : make_call(ctx, tool, in, &out->call);
}

/* What is asked clearly comes first, so that its sources lead the answer. */
static void order_calls(const struct wanted *wanted, size_t count, struct chat_chosen *out)
{
    static const enum chat_asked order[] = {CHAT_ASKED_CLEARLY, CHAT_ASKED_PERHAPS};
    for (size_t o = 0; o < sizeof(order) / sizeof(order[0]); o++) {
        for (size_t i = 0; i < count && out->count < CHAT_CALLS_MAX; i++) {
            if (wanted[i].asked == order[o]) {
                out->calls[out->count++] = wanted[i].call;
            }
        }
    }
}

static err choose(struct ctx *ctx, struct chat_model *model, const struct chat_turn *turn,
    struct chat_chosen *out)
{
    (void)model;
    const int64_t begun_ns = clock_monotonic_ns(ctx->clock);
    size_t tools = 0, count = 0;
    while (turn->tools[tools] != NULL) {
        tools++;
    }
    struct wanted *wanted = ARENA_ARRAY(ctx->arena, struct wanted, tools + 1);
    struct chat_chosen chosen = {0};
    err e = OK;
    for (size_t i = 0; i < tools && is_ok(e); i++) {
        if (!was_run(turn, turn->tools[i])) {
            e = ask_tool(ctx, turn, turn->tools[i], &wanted[count++]);
        }
    }
    if (is_ok(e)) {
        order_calls(wanted, count, &chosen);
    }
    chosen.usage = usage_of(ctx, begun_ns, /* first_text_ms */ -1);
    *out = chosen;
    return e;
}

/* ---- the answer ---- */

static bool is_type(const struct chat_source *source, const char *type)
{
    return strcmp(source->type, type) == 0;
}

static const struct chat_source *first_of(const struct chat_turn *turn, const char *type)
{
    for (size_t i = 0; i < turn->source_count; i++) {
        if (is_type(&turn->sources[i], type)) {
            return &turn->sources[i];
        }
    }
    return NULL;
}

static void add_marker(struct buf *buf, const struct chat_source *source)
{
    buf_printf(buf, " [%" PRId64 "]", source->n);
}

static void add_faq(struct ctx *ctx, struct buf *buf, const struct chat_turn *turn,
    const struct chat_source *source)
{
    buf_str(buf, extract_sentences(ctx->arena, source->text, turn->question, FAQ_POINTS));
    add_marker(buf, source);
}

/* What the search said about all that it found. */
static struct chat_finding finding_of_listings(const struct chat_turn *turn)
{
    for (size_t i = 0; i < turn->result_count; i++) {
        const struct list *sources = &turn->results[i].finding.sources;
        if (sources->count > 0 && is_type(sources->items, "property")) {
            return turn->results[i].finding;
        }
    }
    return (struct chat_finding){0};
}

static void add_counted(struct buf *buf, const struct phrase *phrase, int64_t count)
{
    buf_str(buf, phrase->before);
    buf_i64(buf, count);
    buf_str(buf, phrase->behind);
}

static void add_opening(struct buf *buf, const struct chat_turn *turn, int64_t shown)
{
    const struct phrases *say = phrases_of(turn->asker->locale);
    const struct chat_finding finding = finding_of_listings(turn);
    if (finding.loose) {
        buf_str(buf, say->close);
    } else if (finding.total == 1 && shown == 1) {
        buf_str(buf, say->one_listing);
    } else if (finding.total > shown) {
        add_counted(buf, &say->first_of, finding.total);
    } else if (finding.total == shown) {
        add_counted(buf, &say->listings, finding.total);
    } else {
        buf_str(buf, say->some);
    }
}

static void add_listings(struct buf *buf, const struct chat_turn *turn)
{
    int64_t found = 0;
    for (size_t i = 0; i < turn->source_count; i++) {
        found += is_type(&turn->sources[i], "property");
    }
    const int64_t shown = found < LISTINGS_MAX ? found : LISTINGS_MAX;
    add_opening(buf, turn, shown);
    int64_t left = shown;
    for (size_t i = 0; i < turn->source_count && left > 0; i++) {
        const struct chat_source *source = &turn->sources[i];
        if (!is_type(source, "property")) {
            continue;
        }
        buf_printf(buf, "\n- %s", source->text);
        if (source->url != NULL) {
            buf_printf(buf, " - %s", source->url);
        }
        add_marker(buf, source);
        left--;
    }
}

/* Nobody asked anything but listings. */
static bool only_listings_were_sought(const struct chat_turn *turn)
{
    return turn->result_count == 1 && strcmp(turn->results[0].call.name, "property_search") == 0 &&
           strcmp(turn->results[0].status, "empty") == 0;
}

static const char *say_without_sources(const struct chat_turn *turn)
{
    const struct phrases *say = phrases_of(turn->asker->locale);
    switch (greeting_of(turn->question)) {
    case GREETING_HELLO:
        return say->greeting;
    case GREETING_THANKS:
        return say->welcome;
    case GREETING_NONE:
        break;
    }
    return only_listings_were_sought(turn) ? say->no_listing : say->unknown;
}

static err compose(struct ctx *ctx, const struct chat_turn *turn, const char **out, size_t *out_len)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 1024, ANSWER_MAX);
    const struct chat_source *faq = first_of(turn, "faq");
    const struct chat_source *listing = first_of(turn, "property");
    if (faq == NULL && listing == NULL) {
        buf_str(&buf, say_without_sources(turn));
        return buf_finish(ctx, &buf, out, out_len);
    }
    const bool faq_leads = faq != NULL && (listing == NULL || faq->n < listing->n);
    if (faq_leads) {
        add_faq(ctx, &buf, turn, faq);
    }
    if (listing != NULL) {
        buf_str(&buf, faq_leads ? "\n\n" : "");
        add_listings(&buf, turn);
    }
    if (faq != NULL && !faq_leads) {
        buf_str(&buf, "\n\n");
        add_faq(ctx, &buf, turn, faq);
    }
    return buf_finish(ctx, &buf, out, out_len);
}

/* Words go out together, blank included, as a model's pieces do. */
static size_t piece_length(const char *text, size_t len)
{
    size_t at = len < PIECE_MIN ? len : PIECE_MIN;
    while (at < len && text[at - 1] != ' ' && text[at - 1] != '\n') {
        at++;
    }
    return at;
}

static err send(struct ctx *ctx, const struct chat_sink *sink, const char *text, size_t len)
{
    while (len > 0) {
        const size_t piece = piece_length(text, len);
        TRY(sink->text(ctx, sink->arg, text, piece));
        text += piece;
        len -= piece;
    }
    return OK;
}

static err answer(struct ctx *ctx, struct chat_model *model, const struct chat_turn *turn,
    const struct chat_sink *sink, struct chat_answered *out)
{
    (void)model;
    const int64_t begun_ns = clock_monotonic_ns(ctx->clock);
    const char *text = NULL;
    size_t len = 0;
    int64_t first_text_ms = -1;
    err e = compose(ctx, turn, &text, &len);
    if (is_ok(e)) {
        first_text_ms = elapsed_ms(ctx, begun_ns);
        e = send(ctx, sink, text, len);
    }
    *out = (struct chat_answered){"stop", usage_of(ctx, begun_ns, first_text_ms)};
    return e;
}

const struct chat_provider chat_provider_local = {
    .name = MODEL_NAME,
    .open = open_local,
    .close = close_local,
    .choose = choose,
    .answer = answer,
};
