#include "chat/markers.h"

#include <stdbool.h>
#include <string.h>

#include "chat/words.h"
#include "core/buf.h"

enum { NUMBERS_MAX = 16, SPAN_MAX = 8, DIGITS_MAX = 6 };

struct marker {
    int numbers[NUMBERS_MAX];
    size_t count;
};

static void add_number(struct marker *marker, int number)
{
    if (marker->count < NUMBERS_MAX) {
        marker->numbers[marker->count++] = number;
    }
}

/* One number, or the bounds of some; where it ends, or NULL. */
static const char *read_span(const char *at, struct marker *out)
{
    int low = 0, high = 0;
    const char *after = NULL;
    at = words_skip_blanks(at);
    if (words_integer(at, DIGITS_MAX, &low, &after) == 0) {
        return NULL;
    }
    high = low;
    const char *second = words_match_range(after);
    if (second != NULL && words_integer(second, DIGITS_MAX, &high, &after) == 0) {
        return NULL;
    }
    for (int i = low; i <= high && i < low + SPAN_MAX; i++) {
        add_number(out, i);
    }
    return words_skip_blanks(after);
}

/* The marker at `at`: where it ends, or NULL. What a bracket in front of ( holds are the words of a link. */
static const char *read_marker(const char *at, struct marker *out)
{
    *out = (struct marker){0};
    do {
        at = read_span(at + 1, out);
    } while (at != NULL && (*at == ',' || *at == ';'));
    return at != NULL && *at == ']' && at[1] != '(' ? at + 1 : NULL;
}

static bool write_marker(struct buf *out, const struct marker *marker, size_t source_count)
{
    bool any = false;
    for (size_t i = 0; i < marker->count; i++) {
        if (marker->numbers[i] >= 1 && (size_t)marker->numbers[i] <= source_count) {
            buf_printf(out, "[%d]", marker->numbers[i]);
            any = true;
        }
    }
    return any;
}

void markers_filter(struct buf *out, const char *text, size_t source_count)
{
    struct marker marker;
    while (*text != '\0') {
        const char *end = *text == '[' ? read_marker(text, &marker) : NULL;
        if (end == NULL) {
            const size_t plain = strcspn(text + 1, "[") + 1;
            buf_add(out, text, plain);
            text += plain;
            continue;
        }
        const bool kept = write_marker(out, &marker, source_count);
        while (!kept && !out->failed && out->len > 0 && out->data[out->len - 1] == ' ') {
            out->len--;
        }
        text = end;
    }
}
