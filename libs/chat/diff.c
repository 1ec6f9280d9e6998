#include "chat/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"

#define CELLS_MAX 1000000
#define AROUND 3
#define OUT_MAX_BYTES 262144 /* both texts in full, with a mark a line */

struct line {
    const char *text;
    size_t len;
};
struct lines {
    struct line *items;
    size_t count;
};

/* One line of the result: ' ' in both, '-' in a only, '+' in b only. */
struct edit {
    char mark;
    struct line line;
    size_t a, b; /* lines before it */
};
struct edits {
    struct edit *items;
    size_t count;
};

static struct lines split(struct arena *arena, const char *text)
{
    size_t count = 1;
    for (const char *c = text; *c != '\0'; c++) {
        count += *c == '\n';
    }
    struct lines lines = {ARENA_ARRAY(arena, struct line, count), 0};
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        lines.items[lines.count++] = (struct line){text, len};
        text += len + (text[len] == '\n');
    }
    return lines;
}

static bool same(const struct line *a, const struct line *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* longest[i * (m + 1) + j]: lines that a from i and b from j have in common. */
static uint16_t *measure(struct arena *arena, const struct lines *a, const struct lines *b)
{
    const size_t width = b->count + 1;
    uint16_t *longest = ARENA_ARRAY(arena, uint16_t, (a->count + 1) * width);
    for (size_t i = a->count; i-- > 0;) {
        for (size_t j = b->count; j-- > 0;) {
            const uint16_t down = longest[(i + 1) * width + j];
            const uint16_t right = longest[i * width + j + 1];
            longest[i * width + j] = same(&a->items[i], &b->items[j])
                                         ? (uint16_t)(longest[(i + 1) * width + j + 1] + 1)
                                         : (down > right ? down : right);
        }
    }
    return longest;
}

static void add(struct edits *edits, char mark, const struct line *line, const size_t at[2])
{
    edits->items[edits->count++] = (struct edit){mark, *line, at[0], at[1]};
}

static struct edits compare(struct arena *arena, const struct lines *a, const struct lines *b)
{
    struct edits edits = {ARENA_ARRAY(arena, struct edit, a->count + b->count + 1), 0};
    const bool fits = (a->count + 1) * (b->count + 1) <= CELLS_MAX;
    const uint16_t *longest = fits ? measure(arena, a, b) : NULL;
    const size_t width = b->count + 1;
    size_t at[2] = {0, 0};
    while (at[0] < a->count || at[1] < b->count) {
        const bool in_both = fits && at[0] < a->count && at[1] < b->count &&
                             same(&a->items[at[0]], &b->items[at[1]]);
        if (in_both) {
            add(&edits, ' ', &a->items[at[0]], at);
            at[0]++;
            at[1]++;
        } else if (at[0] < a->count && (at[1] == b->count || !fits ||
                                           longest[(at[0] + 1) * width + at[1]] >=
                                               longest[at[0] * width + at[1] + 1])) {
            add(&edits, '-', &a->items[at[0]], at);
            at[0]++;
        } else {
            add(&edits, '+', &b->items[at[1]], at);
            at[1]++;
        }
    }
    return edits;
}

/* Where the hunk that begins at `from` ends: changes with at most twice AROUND equal lines between them. */
static size_t hunk_end(const struct edits *edits, size_t from)
{
    size_t end = from;
    size_t equal = 0;
    for (size_t i = from; i < edits->count && equal <= 2 * AROUND; i++) {
        equal = edits->items[i].mark == ' ' ? equal + 1 : 0;
        end = equal == 0 ? i + 1 : end;
    }
    return end + AROUND < edits->count ? end + AROUND : edits->count;
}

static void print_range(struct buf *out, size_t first, size_t count)
{
    buf_printf(out, "%zu,%zu", count == 0 ? first : first + 1, count);
}

static void print_hunk(struct buf *out, const struct edits *edits, size_t from, size_t to)
{
    size_t in_a = 0;
    size_t in_b = 0;
    for (size_t i = from; i < to; i++) {
        in_a += edits->items[i].mark != '+';
        in_b += edits->items[i].mark != '-';
    }
    buf_str(out, "@@ -");
    print_range(out, edits->items[from].a, in_a);
    buf_str(out, " +");
    print_range(out, edits->items[from].b, in_b);
    buf_str(out, " @@\n");
    for (size_t i = from; i < to; i++) {
        buf_char(out, edits->items[i].mark);
        buf_add(out, edits->items[i].line.text, edits->items[i].line.len);
        buf_char(out, '\n');
    }
}

const char *diff_unified(struct arena *arena, const char *a, const char *b,
    const char *const names[2])
{
    const struct lines lines_a = split(arena, a);
    const struct lines lines_b = split(arena, b);
    const struct edits edits = compare(arena, &lines_a, &lines_b);
    struct buf out;
    size_t shown = 0; /* edits before this one are printed */
    buf_init(&out, arena, 1024, OUT_MAX_BYTES);
    for (size_t i = 0; i < edits.count; i++) {
        if (edits.items[i].mark == ' ' || i < shown) {
            continue;
        }
        if (shown == 0) {
            buf_printf(&out, "--- %s\n+++ %s\n", names[0], names[1]);
        }
        const size_t from = i > AROUND && i - AROUND > shown ? i - AROUND : shown;
        shown = hunk_end(&edits, i);
        print_hunk(&out, &edits, from, shown);
    }
    return buf_text(&out);
}
