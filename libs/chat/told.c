#include "chat/told.h"

#include <string.h>

#include "chat/model.h"
#include "chat/numbers.h"
#include "chat/spelled.h"
#include "chat/words.h"
#include "core/codes.h"
#include "core/ctx.h"

enum { MINOR_PER_UNIT = 100, MONTHS = 12, STEP = NUMBER_SCALE / MINOR_PER_UNIT };

/* A twelfth is rounded to a whole unit at most. */
static bool is_amount(const struct number *number, int64_t minor)
{
    int64_t value = 0, year = 0;
    if (number->value == NUMBER_TOO_BIG || __builtin_mul_overflow(minor, STEP, &value)) {
        return false;
    }
    if (number->value == value) {
        return true;
    }
    return !__builtin_mul_overflow(value, MONTHS, &year) &&
           number->value >= year - (int64_t)MONTHS * NUMBER_SCALE &&
           number->value <= year + (int64_t)MONTHS * NUMBER_SCALE;
}

/* "12.5M" and "50 m" alike: whoever means metres names no amount by them. */
static bool is_named_here(const char *at, int64_t minor, const char **out_end)
{
    struct number number;
    const char *end = number_read(at, &number);
    if (end == NULL) {
        *out_end =
            words_is_letter(*at) || (unsigned char)*at >= 0x80 ? spelled_read(at, &number) : NULL;
        return *out_end != NULL && is_amount(&number, minor);
    }
    *out_end = end;
    if (is_amount(&number, minor)) {
        return true;
    }
    number_scale(&number, number_factor(end, /* letters */ true, out_end));
    return is_amount(&number, minor);
}

bool told_amount(const char *text, int64_t minor)
{
    for (const char *at = text; *at != '\0';) {
        const char *end = NULL;
        const bool begins = at == text || !words_is_letter(*at) || !words_is_letter(at[-1]);
        if (begins && is_named_here(at, minor, &end)) {
            return true;
        }
        at = end != NULL ? end : at + 1;
    }
    return false;
}

static bool is_told(const char *text, int64_t minor)
{
    return text != NULL && told_amount(text, minor);
}

static bool turn_tells(const struct chat_turn *turn, int64_t minor)
{
    bool told = is_told(turn->question, minor);
    for (size_t i = 0; i < turn->history_count && !told; i++) {
        told = is_told(turn->history[i].content, minor);
    }
    for (size_t i = 0; i < turn->result_count && !told; i++) {
        const struct chat_result *result = &turn->results[i];
        told = strcmp(result->status, "ok") == 0 && is_told(result->finding.json, minor);
    }
    return told;
}

err told_check(struct ctx *ctx, const struct chat_turn *turn, const struct chat_tool *tool,
    const void *in)
{
    for (const char *const *name = tool->told; name != NULL && *name != NULL; name++) {
        const struct field *field = NULL;
        int64_t minor = 0;
        if (field_find(tool->arguments, *name, &field) < 0) {
            return fail(ctx, ERR_INTERNAL, "%s has no argument %s", tool->name, *name);
        }
        memcpy(&minor, (const char *)in + field->offset, sizeof(minor));
        if (minor != 0 && !turn_tells(turn, minor)) {
            (void)fail_field(ctx, *name, CODE_VALIDATION_ERROR,
                "must be an amount that the visitor or a listing names");
        }
    }
    return (err){ctx->error.code};
}
