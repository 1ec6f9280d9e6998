#include "tools/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/utf8.h"
#include "search/letters.h"

#define ELLIPSIS "\xE2\x80\xA6"

static bool is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0x01, 0x09}, {0x0B, 0x1F}, {0x7F, 0x9F}, {0xAD, 0xAD}, {0x34F, 0x34F},
        {0x61C, 0x61C}, {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F},
        {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
        {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFD}, {0xE0000, 0xE0FFF}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* One character; bytes that were written. */
static size_t clean_letter(const char **at, char *to)
{
    const char *from = *at;
    const uint32_t c = letter_next(at);
    if (c == '\t' || c == 0x2028 || c == 0x2029) {
        *to = ' '; /* they kept words apart */
        return 1;
    }
    if (is_hidden(c)) {
        return 0;
    }
    memcpy(to, from, (size_t)(*at - from));
    return (size_t)(*at - from);
}

const char *clean_text(struct arena *arena, const char *text)
{
    if (text == NULL) {
        return "";
    }
    const char *end = text + strlen(text);
    char *out = arena_alloc_raw(arena, (size_t)(end - text) + 1);
    char *to = out;
    while (text < end) {
        const size_t plain = utf8_printable_ascii(text, (size_t)(end - text));
        memcpy(to, text, plain);
        to += plain;
        text += plain;
        to += text < end ? clean_letter(&text, to) : 0;
    }
    *to = '\0';
    return out;
}

const char *clean_cut(struct arena *arena, const char *text, size_t bytes)
{
    const size_t len = strlen(text);
    return len <= bytes ? text : arena_strndup(arena, text, utf8_cut(text, len, bytes));
}

static size_t length_of_points(const char *text, size_t points)
{
    const char *at = text;
    while (points > 0 && *at != '\0') {
        const size_t plain = utf8_printable_ascii(at, strnlen(at, points));
        at += plain;
        points -= plain;
        if (points > 0 && letter_next(&at) != 0) {
            points--;
        }
    }
    return (size_t)(at - text);
}

const char *clean_points(struct arena *arena, const char *text, size_t points)
{
    return arena_strndup(arena, text, length_of_points(text, points));
}

/* Runs of blanks and line feeds as one blank. */
static char *flatten(struct arena *arena, const char *text)
{
    char *out = arena_alloc_raw(arena, strlen(text) + 1);
    char *to = out;
    for (; *text != '\0'; text++) {
        const bool blank = *text == ' ' || *text == '\n';
        if (!blank) {
            *to++ = *text;
        } else if (to > out && to[-1] != ' ') {
            *to++ = ' ';
        }
    }
    while (to > out && to[-1] == ' ') {
        to--;
    }
    *to = '\0';
    return out;
}

const char *clean_snippet(struct arena *arena, const char *text, size_t points)
{
    char *line = flatten(arena, clean_text(arena, text));
    if (utf8_length(line, strlen(line)) <= points) {
        return line;
    }
    const size_t len = length_of_points(line, points - 1); /* one is for the ellipsis */
    size_t cut = len;
    while (cut > len - len / 3 && line[cut] != ' ') {
        cut--;
    }
    cut = line[cut] == ' ' ? cut : len;
    char *out = arena_alloc_raw(arena, cut + sizeof(ELLIPSIS));
    memcpy(out, line, cut);
    memcpy(out + cut, ELLIPSIS, sizeof(ELLIPSIS));
    return out;
}
