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
static bool is_amount(const struct number *number, const struct told_amount *amount)
{
    int64_t value = 0, year = 0;
    if (number->value == NUMBER_TOO_BIG || __builtin_mul_overflow(amount->minor, STEP, &value)) {
        return false;
    }
    if (number->value == value) {
        return true;
    }
    return amount->a_month && !__builtin_mul_overflow(value, MONTHS, &year) &&
           number->value >= year - (int64_t)MONTHS * NUMBER_SCALE &&
           number->value <= year + (int64_t)MONTHS * NUMBER_SCALE;
}

/* "12.5M" and "50 m" alike: whoever means metres names no amount by them. */
static bool is_named_here(const char *at, const struct told_amount *amount, const char **out_end)
{
    struct number number;
    const char *end = number_read(at, &number);
    if (end == NULL) {
        *out_end =
            words_is_letter(*at) || (unsigned char)*at >= 0x80 ? spelled_read(at, &number) : NULL;
        return *out_end != NULL && is_amount(&number, amount);
    }
    *out_end = end;
    if (is_amount(&number, amount)) {
        return true;
    }
    number_scale(&number, number_factor(end, /* letters */ true, out_end));
    return is_amount(&number, amount);
}

bool told_in(const char *text, const struct told_amount *amount)
{
    for (const char *at = text; *at != '\0';) {
        const char *end = NULL;
        const bool begins = at == text || !words_is_letter(*at) || !words_is_letter(at[-1]);
        if (begins && is_named_here(at, amount, &end)) {
            return true;
        }
        at = end != NULL ? end : at + 1;
    }
    return false;
}

static bool is_told(const char *text, const struct told_amount *amount)
{
    return text != NULL && told_in(text, amount);
}

static bool turn_tells(const struct chat_turn *turn, const struct told_amount *amount)
{
    bool told = is_told(turn->question, amount);
    for (size_t i = 0; i < turn->history_count && !told; i++) {
        told = is_told(turn->history[i].content, amount);
    }
    for (size_t i = 0; i < turn->result_count && !told; i++) {
        const struct chat_result *result = &turn->results[i];
        told = strcmp(result->status, "ok") == 0 && is_told(result->finding.json, amount);
    }
    return told;
}

err told_check(struct ctx *ctx, const struct chat_turn *turn, const struct chat_tool *tool,
    const void *in)
{
    for (const struct chat_told *told = tool->told; told != NULL && told->name != NULL; told++) {
        const struct field *field = NULL;
        struct told_amount amount = {.a_month = told->a_month};
        if (field_find(tool->arguments, told->name, &field) < 0) {
            return fail(ctx, ERR_INTERNAL, "%s has no argument %s", tool->name, told->name);
        }
        memcpy(&amount.minor, (const char *)in + field->offset, sizeof(amount.minor));
        if (amount.minor != 0 && !turn_tells(turn, &amount)) {
            (void)fail_field(ctx, told->name, CODE_VALIDATION_ERROR,
                "must be an amount that the visitor or a listing names");
        }
    }
    return (err){ctx->error.code};
}
