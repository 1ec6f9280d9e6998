/* http/headers.h - the header fields of one request, in the order of arrival, duplicates included.
 * Owns: nothing; names and values are borrowed from the connection until the request is over. */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

struct header {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

struct headers {
    struct header *items;
    size_t count;
};

/* Names compare without case. NULL if absent. */
const struct header *headers_find(const struct headers *headers, const char *name);
const char *headers_value(const struct headers *headers, const char *name);
/* NULL also if there are several. */
const char *headers_only_value(const struct headers *headers, const char *name);

#endif
