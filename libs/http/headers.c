#include "http/headers.h"

#include <string.h>
#include <strings.h>

static const struct header *find_from(const struct headers *headers, size_t start, const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = start; i < headers->count; i++) {
        const struct header *header = &headers->items[i];
        if (header->name_len == len && strncasecmp(header->name, name, len) == 0) {
            return header;
        }
    }
    return NULL;
}

const struct header *headers_find(const struct headers *headers, const char *name)
{
    return find_from(headers, 0, name);
}

const char *headers_value(const struct headers *headers, const char *name)
{
    const struct header *header = headers_find(headers, name);
    return header == NULL ? NULL : header->value;
}

const char *headers_only_value(const struct headers *headers, const char *name)
{
    const struct header *header = headers_find(headers, name);
    if (header == NULL) {
        return NULL;
    }
    const size_t next = (size_t)(header - headers->items) + 1;
    return find_from(headers, next, name) == NULL ? header->value : NULL;
}
