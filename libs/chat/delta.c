#include "chat/delta.h"

#include <string.h>

#include "core/buf.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/json_scan.h"
#include "core/limits.h"

static const size_t parts_max = 32;
static const size_t frame_max = 1024;

/* A chunk on its way. */
struct reading {
    struct json_scan scan;
    struct delta_reader *reader;
    struct delta delta;
    const char *begin, *end; /* of the text with its quotes; NULL = there is none */
};

void delta_reader_init(struct delta_reader *reader, struct arena *arena)
{
    reader->before = 0;
    buf_init(&reader->scratch, arena, /* first_cap */ 0, 3 * (size_t)LIMIT_CHAT_EVENT_BYTES);
    buf_init(&reader->frame, arena, /* first_cap */ 0, frame_max);
}

/* A value that is there and not null needs the other reader. */
static void note_more(struct reading *in)
{
    in->delta.more = json_scan_skip(&in->scan) != JSON_KIND_NULL || in->delta.more;
}

static enum delta_finish finish_of(const char *text, size_t len)
{
    static const struct {
        const char *name;
        enum delta_finish finish;
    } reasons[] = {
        {"length", DELTA_FINISH_LENGTH},
        {"content_filter", DELTA_FINISH_FILTER},
        {"error", DELTA_FINISH_ERROR},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (strlen(reasons[i].name) == len && memcmp(reasons[i].name, text, len) == 0) {
            return reasons[i].finish;
        }
    }
    return len == 0 ? DELTA_FINISH_NONE : DELTA_FINISH_STOP;
}

/* ---- text ---- */

static void read_text(struct reading *in)
{
    size_t len = 0;
    in->begin = in->scan.at;
    const char *raw = json_scan_string(&in->scan, &len);
    in->end = in->scan.at;
    if (!in->scan.broken) {
        in->delta.text = json_scan_decode(raw, len, &in->reader->scratch, &in->delta.text_len);
    }
}

/* Between what stood around the text of the last chunk nothing but another text can make a difference. False: it is not so framed. */
static bool read_framed(struct reading *in)
{
    const struct buf *frame = &in->reader->frame;
    const size_t before = in->reader->before, behind = frame->len - before;
    const char *begin = in->scan.at;
    if (before == 0 || (size_t)(in->scan.end - begin) < frame->len ||
        memcmp(begin, frame->data, before) != 0) {
        return false;
    }
    in->scan.at += before;
    read_text(in);
    return !in->scan.broken && !in->reader->scratch.failed &&
           (size_t)(in->scan.end - in->end) == behind &&
           memcmp(in->end, frame->data + before, behind) == 0;
}

static void keep_frame(const struct reading *in, const char *chunk)
{
    struct delta_reader *reader = in->reader;
    struct buf *frame = &reader->frame;
    reader->before = 0;
    if (in->begin == NULL || in->delta.more || in->delta.finish != DELTA_FINISH_NONE) {
        return;
    }
    frame->len = 0;
    frame->failed = false;
    buf_add(frame, chunk, (size_t)(in->begin - chunk));
    buf_add(frame, in->end, (size_t)(in->scan.end - in->end));
    reader->before = frame->failed ? 0 : (size_t)(in->begin - chunk);
}

/* ---- the whole chunk ---- */

static void read_delta(struct reading *in)
{
    struct json_key key;
    if (json_scan_next(&in->scan) != '{') {
        json_scan_skip(&in->scan);
        return;
    }
    for (bool first = true; json_scan_member(&in->scan, first, &key); first = false) {
        const bool content = json_key_is(&key, "content");
        if (content && json_scan_next(&in->scan) == '"') {
            read_text(in);
        } else if (content || json_key_is(&key, "tool_calls")) {
            note_more(in);
        } else {
            json_scan_skip(&in->scan);
        }
    }
}

static void read_finish(struct reading *in)
{
    if (json_scan_next(&in->scan) != '"') {
        json_scan_skip(&in->scan);
        return;
    }
    size_t len = 0;
    const char *text = json_scan_string(&in->scan, &len);
    in->delta.finish = in->scan.broken ? DELTA_FINISH_NONE : finish_of(text, len);
}

static void read_choice(struct reading *in)
{
    struct json_key key;
    if (json_scan_next(&in->scan) != '{') {
        json_scan_skip(&in->scan);
        return;
    }
    for (bool first = true; json_scan_member(&in->scan, first, &key); first = false) {
        if (json_key_is(&key, "delta")) {
            read_delta(in);
        } else if (json_key_is(&key, "finish_reason")) {
            read_finish(in);
        } else {
            json_scan_skip(&in->scan);
        }
    }
}

/* One choice is asked for; what else a service sends is not read. */
static void read_choices(struct reading *in)
{
    if (json_scan_next(&in->scan) != '[') {
        json_scan_skip(&in->scan);
        return;
    }
    for (bool first = true; json_scan_item(&in->scan, first); first = false) {
        if (first) {
            read_choice(in);
        } else {
            json_scan_skip(&in->scan);
        }
    }
}

static void read_model(struct reading *in)
{
    if (json_scan_next(&in->scan) == '"') {
        in->delta.model = json_scan_string(&in->scan, &in->delta.model_len);
    } else {
        json_scan_skip(&in->scan);
    }
}

static void read_chunk(struct reading *in)
{
    struct json_key key;
    for (bool first = true; json_scan_member(&in->scan, first, &key); first = false) {
        if (json_key_is(&key, "choices")) {
            read_choices(in);
        } else if (json_key_is(&key, "error") || json_key_is(&key, "usage")) {
            note_more(in);
        } else if (json_key_is(&key, "model")) {
            read_model(in);
        } else {
            json_scan_skip(&in->scan);
        }
    }
    json_scan_next(&in->scan);
}

static struct reading begin_reading(struct delta_reader *reader, const char *chunk, size_t len)
{
    return (struct reading){
        .scan = {.at = chunk, .end = chunk + len}, .reader = reader, .delta = {.text = ""}};
}

static err read_whole(struct ctx *ctx, struct reading *in, const char *chunk)
{
    if (json_scan_next(&in->scan) != '{') {
        return fail(ctx, ERR_UPSTREAM, "chunk is not a JSON object");
    }
    read_chunk(in);
    if (in->scan.broken || in->scan.at != in->scan.end || in->reader->scratch.failed) {
        return fail(ctx, ERR_UPSTREAM, "chunk is not JSON, at byte %zu",
            (size_t)(in->scan.at - chunk));
    }
    keep_frame(in, chunk);
    return OK;
}

err delta_read(struct ctx *ctx, struct delta_reader *reader, const char *chunk, size_t len,
    struct delta *out)
{
    struct reading in = begin_reading(reader, chunk, len);
    if (!read_framed(&in)) {
        in = begin_reading(reader, chunk, len);
        TRY(read_whole(ctx, &in, chunk));
    }
    *out = in.delta;
    return OK;
}

err delta_parse(struct ctx *ctx, const char *chunk, size_t len, const struct json **out)
{
    struct buf clean;
    const char *text = NULL;
    size_t text_len = 0;
    buf_init(&clean, ctx->arena, len + 1, 3 * len);
    json_scan_clean(&clean, chunk, len);
    TRY(buf_finish(ctx, &clean, &text, &text_len));
    const err parsed = json_parse(ctx, text, text_len, out);
    return is_ok(parsed) ? OK : fail(ctx, ERR_UPSTREAM, "chunk is not JSON that can be read");
}

const struct json *delta_of(const struct json *chunk)
{
    const struct json *choices = json_get(chunk, "choices");
    const struct json *choice = json_kind(choices) == JSON_KIND_ARRAY ? json_at(choices, 0) : NULL;
    const struct json *delta = json_get(choice, "delta");
    return json_kind(delta) == JSON_KIND_OBJECT ? delta : NULL;
}

void delta_add_parts(struct buf *out, const struct json *content)
{
    const bool list = json_kind(content) == JSON_KIND_ARRAY;
    const size_t count = list ? json_count(content) : 0;
    for (size_t i = 0; i < count && i < parts_max; i++) {
        size_t len = 0;
        const char *text = json_text(json_get(json_at(content, i), "text"), &len);
        buf_add(out, text == NULL ? "" : text, text == NULL ? 0 : len);
    }
}
