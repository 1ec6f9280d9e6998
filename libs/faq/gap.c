/* faq/gap.c - questions without an answer. A search only puts them on a short list in memory; a fiber of our own writes
 * the list, so that they neither slow nor fail a search. */
#include <string.h>

#include "core/arena.h"
#include "core/limits.h"
#include "core/log.h"
#include "db/db.h"
#include "faq/faq_internal.h"
#include "faq/sql.h"
#include "net/loop.h"
#include "search/text.h"

#define WRITE_AFTER_MS 20
/* Cosine from which two questions are one; hashed vectors compare words and letters, others meaning. */
#define ALIKE_LOCAL 0.75
#define ALIKE_SERVICE 0.85

struct gap_entry {
    struct gap_entry *next;
    struct arena *arena; /* everything of it */
    const char *locale, *question, *normalised, *source, *model;
    int64_t message_id, best_faq_id;
    double best_score;
    struct embedding vector; /* values NULL: unknown */
    int64_t times;
};

static bool is_same(const struct gap_entry *entry, const struct faq_gap_note *note)
{
    return strcmp(entry->question, note->question) == 0 &&
           strcmp(entry->locale, note->locale) == 0 && strcmp(entry->source, note->source) == 0 &&
           entry->message_id == note->message_id;
}

static struct gap_entry *copy_note(const struct faq_gap_note *note)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct gap_entry *entry = ARENA_NEW(arena, struct gap_entry);
    *entry = (struct gap_entry){
        .arena = arena,
        .locale = arena_strdup(arena, note->locale),
        .question = arena_strdup(arena, note->question),
        .normalised = search_normalise(arena, note->question),
        .source = arena_strdup(arena, note->source),
        .message_id = note->message_id,
        .best_faq_id = note->best_faq_id,
        .best_score = note->best_score,
        .times = 1,
    };
    if (note->vector != NULL) {
        const size_t bytes = (size_t)note->dims * sizeof(float);
        float *values = arena_alloc_raw(arena, bytes);
        memcpy(values, note->vector, bytes);
        entry->vector = (struct embedding){.values = values, .dims = note->dims};
        entry->model = arena_strdup(arena, note->model);
    }
    return entry;
}

void faq_note_gap(struct faq *faq, const struct faq_gap_note *note)
{
    struct gap_entry **link = &faq->gaps;
    while (*link != NULL && !is_same(*link, note)) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        (*link)->times++;
    } else if (faq->gap_count < LIMIT_FAQ_GAPS_WAITING) {
        *link = copy_note(note);
        faq->gap_count++;
    } else {
        faq->counts.gaps_dropped++;
    }
    if (!faq->gaps_writing) {
        loop_timer_start(faq->gap_timer, WRITE_AFTER_MS, /* repeat_ms */ 0);
    }
}

/* A local model makes the vector again for nothing: a reply that was kept came without, and a search leaves out the very words that no
 * entry has. */
static void complete(struct ctx *ctx, struct faq *faq, struct gap_entry *entry)
{
    if (faq->state_version == 0 || !embedder_is_local(faq->model)) {
        return;
    }
    entry->model = arena_strdup(ctx->arena, faq->model);
    entry->vector = embed_question(ctx, entry->model, faq->weights, entry->normalised);
}

struct recorded {
    int64_t id;
};
static const struct field recorded_fields[] = {FIELD_I64(struct recorded, id, "Gap")};

static err record(struct ctx *ctx, struct faq *faq, struct gap_entry *entry)
{
    complete(ctx, faq, entry);
    const bool local = entry->model != NULL && embedder_is_local(entry->model);
    const struct db_arg no_number = DB_NULL();
    struct list rows = {0};
    return db_list_slow(ctx, faq->options.db, &SQL_faq_gap_record,
        DB_ARGS(DB_TEXT(entry->locale), DB_TEXT(entry->normalised), DB_TEXT(entry->question),
            embedding_arg(ctx, &entry->vector), DB_TEXT(entry->model),
            DB_F64(local ? ALIKE_LOCAL : ALIKE_SERVICE), DB_I64(entry->times),
            entry->best_faq_id == 0 ? no_number : DB_I64(entry->best_faq_id),
            DB_F64(entry->best_score), DB_TEXT(entry->source),
            entry->message_id == 0 ? no_number : DB_I64(entry->message_id)),
        SHAPE(recorded), /* max */ 1, &rows);
}

/* Taken off the list before it is written: what comes in meanwhile makes a new one. */
static void write_gaps(struct ctx *ctx, struct faq *faq, void *arg)
{
    (void)arg;
    err e = OK;
    while (is_ok(e) && faq->gaps != NULL) {
        struct gap_entry *entry = faq->gaps;
        faq->gaps = entry->next;
        faq->gap_count--;
        e = record(ctx, faq, entry);
        if (!is_ok(e)) {
            faq->counts.gaps_dropped += (uint64_t)entry->times;
            log_warn(ctx, "faq.gap_not_recorded", LOG_STR("why", ctx->error.text));
        }
        arena_free(entry->arena);
    }
    faq->gaps_writing = false;
    if (faq->gaps != NULL) { /* after a failure, the rest a little later */
        loop_timer_start(faq->gap_timer, 1000, /* repeat_ms */ 0);
    }
}

static void on_timer(void *arg)
{
    struct faq *faq = arg;
    if (!faq->gaps_writing) {
        faq->gaps_writing = true;
        if (!faq_run_later(faq, arena_new(/* pool */ NULL), write_gaps, NULL)) {
            faq->gaps_writing = false;
            loop_timer_start(faq->gap_timer, 1000, /* repeat_ms */ 0);
        }
    }
}

void faq_gaps_open(struct faq *faq)
{
    faq->gap_timer = loop_timer_new(faq->options.loop, on_timer, faq);
}

void faq_gaps_close(struct faq *faq)
{
    loop_timer_free(faq->gap_timer);
    while (faq->gaps != NULL) {
        struct gap_entry *entry = faq->gaps;
        faq->gaps = entry->next;
        arena_free(entry->arena);
    }
}
