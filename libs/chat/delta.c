#include "chat/delta.h"

#include <string.h>

#include "core/buf.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/json_scan.h"

static const size_t parts_max = 32;

/* A value that is there and not null needs the other reader. */
static void note_more(struct json_scan *scan, struct delta *out)
{
    out->more = json_scan_skip(scan) != JSON_KIND_NULL || out->more;
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

static void read_content(struct json_scan *scan, struct buf *scratch, struct delta *out)
{
    if (json_scan_next(scan) != '"') {
        note_more(scan, out);
        return;
    }
    size_t len = 0;
    const char *raw = json_scan_string(scan, &len);
    if (!scan->broken) {
        out->text = json_scan_decode(raw, len, scratch, &out->text_len);
    }
}

static void read_delta(struct json_scan *scan, struct buf *scratch, struct delta *out)
{
    struct json_key key;
    if (json_scan_next(scan) != '{') {
        json_scan_skip(scan);
        return;
    }
    for (bool first = true; json_scan_member(scan, first, &key); first = false) {
        if (json_key_is(&key, "content")) {
            read_content(scan, scratch, out);
        } else if (json_key_is(&key, "tool_calls")) {
            note_more(scan, out);
        } else {
            json_scan_skip(scan);
        }
    }
}

static void read_finish(struct json_scan *scan, struct delta *out)
{
    if (json_scan_next(scan) != '"') {
        json_scan_skip(scan);
        return;
    }
    size_t len = 0;
    const char *text = json_scan_string(scan, &len);
    out->finish = scan->broken ? DELTA_FINISH_NONE : finish_of(text, len);
}

static void read_choice(struct json_scan *scan, struct buf *scratch, struct delta *out)
{
    struct json_key key;
    if (json_scan_next(scan) != '{') {
        json_scan_skip(scan);
        return;
    }
    for (bool first = true; json_scan_member(scan, first, &key); first = false) {
        if (json_key_is(&key, "delta")) {
            read_delta(scan, scratch, out);
        } else if (json_key_is(&key, "finish_reason")) {
            read_finish(scan, out);
        } else {
            json_scan_skip(scan);
        }
    }
}

/* One choice is asked for; what else a service sends is not read. */
static void read_choices(struct json_scan *scan, struct buf *scratch, struct delta *out)
{
    if (json_scan_next(scan) != '[') {
        json_scan_skip(scan);
        return;
    }
    for (bool first = true; json_scan_item(scan, first); first = false) {
        if (first) {
            read_choice(scan, scratch, out);
        } else {
            json_scan_skip(scan);
        }
    }
}

static void read_model(struct json_scan *scan, struct delta *out)
{
    if (json_scan_next(scan) == '"') {
        out->model = json_scan_string(scan, &out->model_len);
    } else {
        json_scan_skip(scan);
    }
}

err delta_read(struct ctx *ctx, const char *chunk, size_t len, struct buf *scratch,
    struct delta *out)
{
    struct json_scan scan = {.at = chunk, .end = chunk + len};
    struct json_key key;
    struct delta delta = {.text = ""};
    if (json_scan_next(&scan) != '{') {
        return fail(ctx, ERR_UPSTREAM, "chunk is not a JSON object");
    }
    for (bool first = true; json_scan_member(&scan, first, &key); first = false) {
        if (json_key_is(&key, "choices")) {
            read_choices(&scan, scratch, &delta);
        } else if (json_key_is(&key, "error") || json_key_is(&key, "usage")) {
            note_more(&scan, &delta);
        } else if (json_key_is(&key, "model")) {
            read_model(&scan, &delta);
        } else {
            json_scan_skip(&scan);
        }
    }
    json_scan_next(&scan);
    if (scan.broken || scan.at != scan.end || scratch->failed) {
        return fail(ctx, ERR_UPSTREAM, "chunk is not JSON, at byte %zu", (size_t)(scan.at - chunk));
    }
    *out = delta;
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
