/* chat/care.c - while answers are written: we hear when other workers ask for their end, or to read them.
 * What one of the latter has said goes to Redis in parts, "run:<message>:<part>", each once; its end is in Postgres. */
#include <string.h>

#include "chat/care.h"
#include "chat/chat_internal.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "db/db.h"
#include "net/cache.h"
#include "net/fiber.h"
#include "net/loop.h"

#define TURN_MS 250
#define CARE_MS 5000
#define KEPT_MS 600000
#define PART_BYTES 65536

const char *care_part_key(struct arena *arena, int64_t message_id, int64_t part)
{
    return arena_printf(arena, "run:%lld:%lld", (long long)message_id, (long long)part);
}

/* One care: its memory is its own, as there may be many turns of one run. */
struct care {
    struct chat *chat;
    struct arena *arena;
    struct ctx ctx;
    char *part; /* room for PART_BYTES; NULL = not needed yet */
};

static struct chat_run **hold_all(const struct care *care, size_t *out_count)
{
    struct chat *chat = care->chat;
    struct chat_run **runs = ARENA_ARRAY(care->arena, struct chat_run *, (size_t)chat->running + 1);
    size_t count = 0;
    for (struct chat_run *run = chat->runs; run != NULL; run = run->next) {
        run_hold(run);
        runs[count++] = run;
    }
    *out_count = count;
    return runs;
}

/* False: Redis does not answer; what is not told now is told later. */
static bool tell(struct care *care, struct chat_run *run)
{
    if (care->part == NULL) {
        care->part = arena_alloc_raw(care->arena, PART_BYTES);
    }
    struct events_reader reader = run->told;
    ssize_t len = 0;
    while ((len = events_read_whole(&reader, care->part, PART_BYTES)) > 0) {
        const char *key = care_part_key(care->arena, run->message_id, run->tellings);
        if (!is_ok(cache_set(&care->ctx, care->chat->options.cache, key, care->part, (size_t)len,
                KEPT_MS))) {
            err_clear(&care->ctx);
            return false;
        }
        run->told = reader;
        run->tellings++;
    }
    return true;
}

void care_end_run(struct chat_run *run)
{
    if (run->fiber != NULL) {
        fiber_cancel(run->fiber);
    }
}

struct wish_row {
    int64_t id;
    bool stop_asked, follow_asked;
};
static const struct field wish_row_fields[] = {
    FIELD_I64(struct wish_row, id, "Answer"),
    FIELD_BOOL(struct wish_row, stop_asked, "To end"),
    FIELD_BOOL(struct wish_row, follow_asked, "To be told to other workers"),
};

static void fulfil(struct chat_run *run, const struct wish_row *wish)
{
    run->followed = run->followed || wish->follow_asked;
    if (wish->stop_asked && !run->stop_asked) {
        run->stop_asked = true;
        care_end_run(run);
    }
}

/* Of all workers: few, and ours among them. */
static void look_for_wishes(struct care *care, struct chat_run **runs, size_t count)
{
    struct list rows = {0};
    if (!is_ok(db_list(&care->ctx, care->chat->options.db, &SQL_chat_wishes, DB_NO_ARGS,
            SHAPE(wish_row), /* max */ 0, &rows))) {
        err_clear(&care->ctx); /* asked again in the next turn */
        return;
    }
    const struct wish_row *wishes = rows.items;
    for (int64_t i = 0; i < rows.count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (runs[j]->message_id == wishes[i].id) {
                fulfil(runs[j], &wishes[i]);
            }
        }
    }
}

static void run_care(void *arg)
{
    struct care *care = arg;
    struct chat *chat = care->chat;
    size_t count = 0;
    struct chat_run **runs = hold_all(care, &count);
    bool told = cache_state(chat->options.cache).connected;
    look_for_wishes(care, runs, count);
    for (size_t i = 0; i < count && told; i++) {
        told = !runs[i]->followed || tell(care, runs[i]);
    }
    for (size_t i = 0; i < count; i++) {
        chat_release(runs[i]);
    }
}

static void end_care(void *arg)
{
    struct care *care = arg;
    struct chat *chat = care->chat;
    chat->caring = false;
    arena_free(care->arena);
    if (chat->running > 0) {
        loop_timer_start(chat->care, TURN_MS, /* repeat_ms */ 0);
    }
}

static void on_turn(void *arg)
{
    struct chat *chat = arg;
    struct arena *arena = arena_new(/* pool */ NULL);
    struct care *care = ARENA_NEW(arena, struct care);
    bool ended = false;
    care->chat = chat;
    care->arena = arena;
    ctx_init(&care->ctx, arena, &clock_system, chat->options.log, CARE_MS);
    chat->caring = true;
    if (!is_ok(fiber_start(&care->ctx, chat->options.loop, run_care, end_care, care, &ended))) {
        end_care(care);
    }
}

void care_open(struct chat *chat)
{
    chat->care = loop_timer_new(chat->options.loop, on_turn, chat);
}

void care_close(struct chat *chat)
{
    loop_timer_free(chat->care);
}

void care_start(struct chat *chat)
{
    if (!chat->caring && chat->running == 1) {
        loop_timer_start(chat->care, TURN_MS, /* repeat_ms */ 0);
    }
}
