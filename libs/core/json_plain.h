/* core/json_plain.h - where the plain part of a JSON string ends. For readers and writers of JSON in this library. */
#ifndef CORE_JSON_PLAIN_H
#define CORE_JSON_PLAIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest one");

/* The highest bit of each byte that is zero. Above such a byte others may be marked too, by the borrow: exact for the first. */
static inline uint64_t json_zero_bytes(uint64_t word)
{
    return (word - JSON_EACH_BYTE(0x01)) & ~word & JSON_EACH_BYTE(0x80);
}

/* The highest bit of each of eight bytes that are a quote, a backslash or a control character; exact for the first. */
static inline uint64_t json_special_bytes(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    const uint64_t control = (word - JSON_EACH_BYTE(0x20)) & ~word & JSON_EACH_BYTE(0x80);
    return control | json_zero_bytes(word ^ JSON_EACH_BYTE('"')) |
           json_zero_bytes(word ^ JSON_EACH_BYTE('\\'));
}

/* Bytes before the first of those; eight at a time. */
static inline size_t json_plain_length(const char *text, size_t len)
{
    size_t at = 0;
    for (; len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        const uint64_t special = json_special_bytes(text + at);
        if (special != 0) {
            return at + (size_t)__builtin_ctzll(special) / 8;
        }
    }
    if (len >= sizeof(uint64_t) && json_special_bytes(text + len - sizeof(uint64_t)) == 0) {
        return len; /* the last eight, of which some were looked at */
    }
    while (at < len && (unsigned char)text[at] >= 0x20 && text[at] != '"' && text[at] != '\\') {
        at++;
    }
    return at;
}

#endif
