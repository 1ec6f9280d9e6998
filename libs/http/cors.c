#include "http/cors.h"

#include <string.h>

bool cors_is_allowed(const struct strs *origins, const char *origin)
{
    if (origin == NULL) {
        return false;
    }
    for (int64_t i = 0; i < origins->count; i++) {
        if (strcmp(origins->items[i], origin) == 0) {
            return true;
        }
    }
    return false;
}
