#include "search/embed_reply.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "net/fiber.h"
#include "search/embedder.h"

enum { DEPTH_MAX = 16, KEY_MAX = 16, NUMBER_MAX = 40, FLOAT_BYTES = 4, YIELD_EVERY = 4 };

/* Goes through the text once. The text ends with a NUL, which no step passes. */
struct reader {
    const char *at;
    bool broken;
};

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

/* Passes c if it is next. */
static bool take(struct reader *reader, char c)
{
    skip_blanks(reader);
    const bool there = !reader->broken && *reader->at == c;
    reader->at += there;
    return there;
}

static void expect(struct reader *reader, char c)
{
    reader->broken = !take(reader, c) || reader->broken;
}

/* The raw inside of a string; escapes stay as they are. */
static const char *read_string(struct reader *reader, size_t *out_len)
{
    expect(reader, '"');
    const char *begin = reader->at;
    while (!reader->broken && *reader->at != '"') {
        reader->at += *reader->at == '\\';
        reader->broken = *reader->at == '\0';
        reader->at += !reader->broken;
    }
    *out_len = (size_t)(reader->at - begin);
    expect(reader, '"');
    return begin;
}

/* A number, or false: NaN, null and what is too long are none. */
static bool read_number(struct reader *reader, double *out)
{
    skip_blanks(reader);
    const size_t len = strspn(reader->at, "0123456789+-.eE");
    char *end = NULL;
    *out = len > 0 && len <= NUMBER_MAX ? strtod(reader->at, &end) : 0;
    const bool whole = end == reader->at + len && len > 0;
    reader->at += whole ? len : 0;
    reader->broken = reader->broken || !whole;
    return whole;
}

/* One string, bracket or the text up to the next of them; how much deeper it leads. */
static int skip_part(struct reader *reader, bool inside)
{
    const char c = *reader->at;
    if (c == '"') {
        size_t len = 0;
        read_string(reader, &len);
        return 0;
    }
    if (c == '[' || c == '{') {
        reader->at++;
        return 1;
    }
    if (c == ']' || c == '}') {
        reader->at++;
        return -1;
    }
    const size_t rest = strcspn(reader->at, inside ? "\"[]{}" : ",]} \t\r\n");
    reader->broken = reader->broken || rest == 0 || reader->at[rest] == '\0';
    reader->at += rest;
    return 0;
}

/* Anything, without a look at it. Brackets are counted, not matched: what stands here is not ours to judge. */
static void skip_value(struct reader *reader)
{
    int depth = 0;
    do {
        skip_blanks(reader);
        depth += skip_part(reader, depth > 0);
        reader->broken = reader->broken || depth < 0 || depth > DEPTH_MAX;
    } while (depth > 0 && !reader->broken);
}

/* Name of the next member; false at the end of the object. */
static bool next_key(struct reader *reader, bool first, char out[KEY_MAX])
{
    if (reader->broken || take(reader, '}')) {
        return false;
    }
    if (!first) {
        expect(reader, ',');
    }
    size_t len = 0;
    const char *key = read_string(reader, &len);
    expect(reader, ':');
    if (!reader->broken) {
        const bool fits = len < KEY_MAX;
        memcpy(out, fits ? key : "", fits ? len : 0);
        out[fits ? len : 0] = '\0';
    }
    return !reader->broken;
}

struct item {
    float *values; /* NULL = not seen */
    int64_t index; /* below 0 = none */
};

static float float_of(const uint8_t *bytes)
{
    const uint32_t bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                          (uint32_t)bytes[3] << 24;
    float value = 0;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* NULL: not base64 of dims floats. */
static float *read_base64(struct ctx *ctx, struct reader *reader, int64_t dims)
{
    size_t len = 0;
    const char *text = read_string(reader, &len);
    const size_t size = (size_t)dims * FLOAT_BYTES;
    uint8_t *bytes = arena_alloc(ctx->arena, size + 4);
    const long got = reader->broken || len > size * 4 / 3 + 4
                         ? -1
                         : crypto_base64_decode(text, len, /* url */ false, bytes, size + 4);
    if (got < 0 || (size_t)got != size) {
        return NULL;
    }
    float *values = ARENA_ARRAY(ctx->arena, float, (size_t)dims);
    for (int64_t i = 0; i < dims; i++) {
        values[i] = float_of(bytes + i * FLOAT_BYTES);
    }
    return values;
}

static float *read_list(struct ctx *ctx, struct reader *reader, int64_t dims)
{
    float *values = ARENA_ARRAY(ctx->arena, float, (size_t)dims);
    expect(reader, '[');
    int64_t count = 0;
    bool more = !take(reader, ']');
    while (more && !reader->broken) {
        double value = 0;
        if (count == dims || !read_number(reader, &value)) {
            return NULL;
        }
        values[count++] = (float)value;
        more = take(reader, ',');
        if (!more) {
            expect(reader, ']');
        }
    }
    return count == dims && !reader->broken ? values : NULL;
}

static err read_item(struct ctx *ctx, struct reader *reader, int64_t dims, struct item *out)
{
    *out = (struct item){.index = -1};
    char key[KEY_MAX];
    expect(reader, '{');
    for (bool first = true; next_key(reader, first, key); first = false) {
        if (strcmp(key, "index") == 0) {
            double index = -1;
            read_number(reader, &index);
            out->index = index >= 0 && index < 1e6 ? (int64_t)index : INT64_MAX;
        } else if (strcmp(key, "embedding") == 0) {
            skip_blanks(reader);
            out->values =
                *reader->at == '"' ? read_base64(ctx, reader, dims) : read_list(ctx, reader, dims);
            if (out->values == NULL || !embed_unit(out->values, dims)) {
                return fail(ctx, ERR_UPSTREAM, "not a vector of %d numbers", (int)dims);
            }
        } else {
            skip_value(reader);
        }
    }
    return reader->broken || out->values == NULL ? fail(ctx, ERR_UPSTREAM, "item without a vector")
                                                 : OK;
}

static err read_items(struct ctx *ctx, struct loop *loop, struct reader *reader,
    const struct embed_wanted *wanted, struct embedding *found)
{
    expect(reader, '[');
    for (size_t i = 0; i < wanted->count; i++) {
        struct item item;
        if (i > 0) {
            expect(reader, ',');
        }
        TRY(read_item(ctx, reader, wanted->dims, &item));
        const uint64_t place = item.index >= 0 ? (uint64_t)item.index : i;
        if (place >= wanted->count || found[place].values != NULL) {
            return fail(ctx, ERR_UPSTREAM, "vector %d is one too many", (int)i);
        }
        found[place] = (struct embedding){item.values, wanted->dims};
        if (loop != NULL && i % YIELD_EVERY == YIELD_EVERY - 1) {
            TRY(fiber_yield(ctx, loop));
        }
    }
    expect(reader, ']');
    return reader->broken ? fail(ctx, ERR_UPSTREAM, "not %zu vectors", wanted->count) : OK;
}

/* A number not below 0; whatever else is there says nothing. */
static void read_amount(struct reader *reader, double *out)
{
    skip_blanks(reader);
    const struct reader before = *reader;
    double amount = -1;
    if (!read_number(reader, &amount)) {
        amount = -1;
        *reader = before;
        skip_value(reader);
    }
    *out = amount >= 0 && isfinite(amount) ? amount : -1;
}

/* Some call what was read prompt_tokens, some only the sum. */
static void read_usage(struct reader *reader, struct embed_usage *out)
{
    char key[KEY_MAX];
    skip_blanks(reader);
    if (*reader->at != '{') {
        skip_value(reader);
        return;
    }
    expect(reader, '{');
    for (bool first = true; next_key(reader, first, key); first = false) {
        if (strcmp(key, "prompt_tokens") == 0 ||
            (strcmp(key, "total_tokens") == 0 && out->tokens < 0)) {
            read_amount(reader, &out->tokens);
        } else if (strcmp(key, "cost") == 0) {
            read_amount(reader, &out->dollars);
        } else {
            skip_value(reader);
        }
    }
}

err embed_reply_read(struct ctx *ctx, struct loop *loop, const char *text,
    const struct embed_wanted *wanted, struct embed_read *out)
{
    struct reader reader = {.at = text};
    out->usage = (struct embed_usage){-1, -1};
    struct embedding *found = ARENA_ARRAY(ctx->arena, struct embedding, wanted->count);
    bool complete = false;
    char key[KEY_MAX];
    expect(&reader, '{');
    for (bool first = true; next_key(&reader, first, key); first = false) {
        if (strcmp(key, "data") == 0 && !complete) {
            TRY(read_items(ctx, loop, &reader, wanted, found));
            complete = true;
        } else if (strcmp(key, "usage") == 0) {
            read_usage(&reader, &out->usage);
        } else {
            skip_value(&reader); /* an "error" too: then there are no vectors */
        }
    }
    if (reader.broken || !complete) {
        return fail(ctx, ERR_UPSTREAM, "reply is not a list of vectors");
    }
    memcpy(out->vectors, found, wanted->count * sizeof(*found));
    return OK;
}

bool embed_unit(float *values, int64_t dims)
{
    double squares = 0;
    for (int64_t i = 0; i < dims; i++) {
        squares += (double)values[i] * (double)values[i];
    }
    const double length = sqrt(squares);
    if (!isfinite(length) || length < 1e-12) {
        return false;
    }
    for (int64_t i = 0; i < dims; i++) {
        values[i] = (float)((double)values[i] / length);
    }
    return true;
}
