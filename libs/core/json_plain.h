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

/* Bytes before the first quote, backslash or control character; eight at a time. */
static inline size_t json_plain_length(const char *text, size_t len)
{
    size_t at = 0;
    for (uint64_t word; len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        const uint64_t control = (word - JSON_EACH_BYTE(0x20)) & ~word & JSON_EACH_BYTE(0x80);
        const uint64_t special = control | json_zero_bytes(word ^ JSON_EACH_BYTE('"')) |
                                 json_zero_bytes(word ^ JSON_EACH_BYTE('\\'));
        if (special != 0) {
            return at + (size_t)__builtin_ctzll(special) / 8;
        }
    }
    while (at < len && (unsigned char)text[at] >= 0x20 && text[at] != '"' && text[at] != '\\') {
        at++;
    }
    return at;
}

#endif
