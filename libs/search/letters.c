#include "search/letters.h"

#include <stddef.h>

#define BROKEN 0xFFFDU

static bool is_between(uint32_t c, uint32_t first, uint32_t last)
{
    return c >= first && c <= last;
}

/* Bits of a first byte, and how many bytes follow it; -1 = cannot be first. */
static int bytes_after(unsigned char first, uint32_t *out_bits)
{
    static const struct {
        unsigned char mask, mark, bits;
    } forms[] = {{0x80, 0x00, 0x7F}, {0xE0, 0xC0, 0x1F}, {0xF0, 0xE0, 0x0F}, {0xF8, 0xF0, 0x07}};
    for (int i = 0; i < 4; i++) {
        if ((first & forms[i].mask) == forms[i].mark) {
            *out_bits = first & forms[i].bits;
            return i;
        }
    }
    return -1;
}

uint32_t letter_next_wide(const char **at)
{
    const unsigned char *byte = (const unsigned char *)*at;
    uint32_t c = 0;
    const int after = bytes_after(*byte, &c);
    for (int i = 1; i <= after; i++) {
        if ((byte[i] & 0xC0) != 0x80) {
            ++*at;
            return BROKEN;
        }
        c = c << 6 | (byte[i] & 0x3FU);
    }
    *at += after < 0 ? 1 : after + 1;
    return after < 0 || c == 0 ? BROKEN : c;
}

/* Capital and small letters take turns, the capital one on even numbers, or on odd ones. */
static bool is_capital_of_pair(uint32_t c)
{
    const bool even = is_between(c, 0x100, 0x137) || is_between(c, 0x14A, 0x177) ||
                      is_between(c, 0x460, 0x481) || is_between(c, 0x48A, 0x4BF);
    const bool odd = is_between(c, 0x139, 0x148) || is_between(c, 0x179, 0x17E);
    return (even && c % 2 == 0) || (odd && c % 2 == 1);
}

uint32_t letter_lower_wide(uint32_t c)
{
    static const struct {
        uint16_t first, last, add;
    } ranges[] = {{0xC0, 0xD6, 32}, {0xD8, 0xDE, 32}, {0x391, 0x3A9, 32}, {0x410, 0x42F, 32},
        {0x400, 0x40F, 80}, {0xFF21, 0xFF3A, 32}};
    if (c <= 0xBF) {
        return c;
    }
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (is_between(c, ranges[i].first, ranges[i].last)) {
            return c + ranges[i].add;
        }
    }
    if (c == 0x130) { /* I with a dot */
        return 'i';
    }
    if (c == 0x178) { /* Y with diaeresis: its small letter is far away */
        return 0xFF;
    }
    return is_capital_of_pair(c) ? c + 1 : c;
}

uint32_t letter_fold(uint32_t c)
{
    static const char latin1[] = "saaaaaaaceeeeiiiidnooooo ouuuuyty"; /* U+00DF to U+00FF */
    static const char extended[] =                                    /* U+0100 to U+017F */
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllll"
        "nnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
    c = letter_lower(c);
    if (c < 0xDF) {
        return c;
    }
    if (c <= 0xFF) {
        return (unsigned char)latin1[c - 0xDF];
    }
    if (c <= 0x17F) {
        return (unsigned char)extended[c - 0x100];
    }
    if (is_between(c, 0x0E50, 0x0E59)) {
        return c - 0x0E50 + '0';
    }
    return is_between(c, 0xFF10, 0xFF19)   ? c - 0xFF10 + '0'
           : is_between(c, 0xFF41, 0xFF5A) ? c - 0xFF41 + 'a'
                                           : c;
}

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t c, const struct range *ranges, size_t count)
{
    size_t i = 0;
    while (i < count && !is_between(c, ranges[i].first, ranges[i].last)) {
        i++;
    }
    return i < count;
}
#define IS_IN(c, ranges) is_in(c, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* Thai first, which is what the products speak. */
static const struct range unspaced[] = {{0x0E01, 0x0E3A}, {0x0E40, 0x0E4E}, /* Thai */
    {0x0E81, 0x0ECD}, {0x1000, 0x1049}, {0x1780, 0x17D3}, /* Lao, Burmese, Khmer */
    {0x3040, 0x30FF}, {0x3400, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}}; /* kana, Chinese */
static const struct range joining[] = {{0xAD, 0xAD}, {0x300, 0x36F}, /* soft hyphen, accents */
    {0x200B, 0x200D}, {0x2019, 0x2019}, {0x2060, 0x2060}, {0xFEFF, 0xFEFF}};
static const struct range signs[] = {{0x80, 0xBF}, {0xD7, 0xD7}, {0xF7, 0xF7}, {0x37E, 0x37E},
    {0x387, 0x387}, {0x0E3F, 0x0E3F}, {0x2000, 0x2BFF}, {0x3000, 0x303F}, {0xE000, 0xF8FF},
    {0xFE00, 0xFE6F}, {0xFF00, 0xFF0F}, {0xFF1A, 0xFF20}, {BROKEN, BROKEN}, {0x1F000, 0x1FAFF}};

enum letter_class letter_class(uint32_t c)
{
    if (c < 0x80) {
        const bool letter = is_between(c | 0x20, 'a', 'z') || is_between(c, '0', '9');
        return letter ? LETTER_WORD : c == '\'' ? LETTER_JOIN : LETTER_NONE;
    }
    if (IS_IN(c, unspaced)) {
        return LETTER_RUN;
    }
    if (IS_IN(c, joining)) {
        return LETTER_JOIN;
    }
    return IS_IN(c, signs) ? LETTER_NONE : LETTER_WORD;
}

bool letter_is_thai(uint32_t c)
{
    return is_between(c, 0x0E01, 0x0E3A) || is_between(c, 0x0E40, 0x0E4E);
}

bool letter_is_wide_blank(uint32_t c)
{
    return is_between(c, 0x7F, 0xA0) || c == 0x1680 || is_between(c, 0x2000, 0x200B) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}
