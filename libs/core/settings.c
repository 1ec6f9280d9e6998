#include "core/settings.h"

#include <stddef.h>
#include <string.h>

#include "core/codes.h"
#include "core/ctx.h"

bool settings_has(const struct strs *list, const char *value)
{
    for (int64_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], value) == 0) {
            return true;
        }
    }
    return false;
}

err settings_one_of(struct ctx *ctx, const char *field, const char *value, const struct strs *list)
{
    if (value == NULL || settings_has(list, value)) {
        return OK;
    }
    return fail_field(ctx, field, CODE_VALIDATION_ERROR, "is not offered by this product");
}
