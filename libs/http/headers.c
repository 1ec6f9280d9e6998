#include "http/headers.h"

#include <string.h>
#include <strings.h>

const struct header *headers_find(const struct headers *headers, const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = 0; i < headers->count; i++) {
        const struct header *header = &headers->items[i];
        if (header->name_len == len && strncasecmp(header->name, name, len) == 0) {
            return header;
        }
    }
    return NULL;
}

const char *headers_value(const struct headers *headers, const char *name)
{
    const struct header *header = headers_find(headers, name);
    return header == NULL ? NULL : header->value;
}
