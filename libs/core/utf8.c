#include "core/utf8.h"

#include <stdint.h>
#include <string.h>

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))
#define STRIDE 4 /* words at once, in long texts */

static uint64_t word_at(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    return word;
}

/* Zero: these eight bytes are all 0x01..0x7f, the common case. */
static uint64_t not_plain(uint64_t word)
{
    return (word | (word - EACH_BYTE(0x01))) & EACH_BYTE(0x80);
}

/* The same for 0x20..0x7e. */
static uint64_t not_printable(uint64_t word)
{
    return (word | (word - EACH_BYTE(0x20)) | (word + EACH_BYTE(0x01))) & EACH_BYTE(0x80);
}

/* Bytes at the beginning that are plain: many at a time, so possibly not all of them unless all of the text is. */
static size_t plain_run(const char *text, size_t len)
{
    size_t at = 0;
    for (; len - at >= STRIDE * sizeof(uint64_t); at += STRIDE * sizeof(uint64_t)) {
        uint64_t bad = 0;
        for (size_t i = 0; i < STRIDE; i++) {
            bad |= not_plain(word_at(text + at + i * sizeof(uint64_t)));
        }
        if (bad != 0) {
            break;
        }
    }
    while (len - at >= sizeof(uint64_t) && not_plain(word_at(text + at)) == 0) {
        at += sizeof(uint64_t);
    }
    const bool ends_plain =
        len >= sizeof(uint64_t) && not_plain(word_at(text + len - sizeof(uint64_t))) == 0;
    return ends_plain && len - at < sizeof(uint64_t) ? len : at;
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Only the second byte has a range that depends on the first: it excludes overlong forms, surrogates and
 * what lies over U+10FFFF. */
static bool is_second(unsigned char first, unsigned char byte)
{
    const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return byte >= low && byte <= high;
}

/* Bytes of the well-formed sequence at text; 0 = malformed. */
static size_t sequence_length(const unsigned char *text, size_t left)
{
    const unsigned char first = text[0];
    if (first < 0x80) {
        return first != 0;
    }
    const size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || left < len || !is_second(first, text[1])) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (!is_continuation(text[i])) {
            return 0;
        }
    }
    return len;
}

bool utf8_is_valid(const char *text, size_t len)
{
    size_t at = plain_run(text, len);
    while (at < len) {
        const size_t step = sequence_length((const unsigned char *)text + at, len - at);
        if (step == 0) {
            return false;
        }
        at += step;
        at += (unsigned char)text[at - 1] < 0x80 ? plain_run(text + at, len - at) : 0;
    }
    return true;
}

size_t utf8_printable_ascii(const char *text, size_t len)
{
    size_t at = 0;
    while (len - at >= sizeof(uint64_t) && not_printable(word_at(text + at)) == 0) {
        at += sizeof(uint64_t);
    }
    if (len - at < sizeof(uint64_t) && len >= sizeof(uint64_t) &&
        not_printable(word_at(text + len - sizeof(uint64_t))) == 0) {
        return len;
    }
    while (at < len && text[at] >= ' ' && text[at] <= '~') {
        at++;
    }
    return at;
}

bool utf8_is_printable_ascii(const char *text, size_t len)
{
    return utf8_printable_ascii(text, len) == len;
}

size_t utf8_length(const char *text, size_t len)
{
    size_t count = utf8_printable_ascii(text, len);
    for (size_t i = count; i < len; i++) {
        count += !is_continuation((unsigned char)text[i]);
    }
    return count;
}

size_t utf8_cut(const char *text, size_t len, size_t max)
{
    if (len <= max) {
        return len;
    }
    while (max > 0 && is_continuation((unsigned char)text[max])) {
        max--;
    }
    return max;
}
