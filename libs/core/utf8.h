/* core/utf8.h - UTF-8 checks for everything that comes from outside. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed (RFC 3629: no overlong forms, no surrogates, <= U+10FFFF) and free of NUL. */
bool utf8_is_valid(const char *text, size_t len);
/* Bytes of printable ASCII, 0x20 to 0x7e, that the text begins with. */
size_t utf8_printable_ascii(const char *text, size_t len);
/* All of them are. */
bool utf8_is_printable_ascii(const char *text, size_t len);
/* Number of code points of valid text. */
size_t utf8_length(const char *text, size_t len);
/* Length of the longest beginning of at most max bytes that splits no code point. */
size_t utf8_cut(const char *text, size_t len, size_t max);

#endif
