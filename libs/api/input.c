#include "api/input.h"

#include <string.h>

#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "faq/faq.h"
#include "http/call.h"

static const struct field id_params_fields[] = {
    FIELD_I64(struct id_params, id, "Id", .required = true, .min = 1, .max = INT64_MAX),
};
const struct shape id_params_shape = {
    .name = "id_params",
    .size = sizeof(struct id_params),
    .fields = id_params_fields,
    .count = 1,
};

err input_patch(struct ctx *ctx, const struct shape *shape, const void *in, const char **out)
{
    const struct field_set *has = (const void *)((const char *)in + shape->set_offset);
    if (has->present == 0) {
        return fail_field(ctx, "", CODE_VALIDATION_ERROR, "must name at least one member");
    }
    struct buf buf;
    buf_init(&buf, ctx->arena, 256, 2 * LIMIT_BODY_BYTES);
    field_encode_present(&buf, shape, in);
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}

bool input_cut_page(struct page *page, int64_t limit)
{
    page->has_more = page->items.count > limit;
    if (page->has_more) {
        page->items.count = limit;
    }
    return page->has_more;
}

const char *input_guess_locale(const struct call *call, const char *text)
{
    const struct strs *locales = &call->services->settings->locales;
    const char *guess = faq_locale_of(text, call->locale);
    return settings_has(locales, guess) ? guess : call->locale;
}

bool input_is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n\v\f")] == '\0';
}

bool input_is_said(const char *text)
{
    return !input_is_blank(text);
}

bool input_is_phone(const char *text)
{
    size_t digits = 0;
    for (const char *c = text + 1; text[0] == '+' && *c != '\0'; c++) {
        if (strchr("0123456789 ()-", *c) == NULL) {
            return false;
        }
        digits += *c >= '0' && *c <= '9';
    }
    return text[0] == '+' && digits >= 6 && digits <= 15;
}

/* Something before one @, a name with a dot behind it. Whether that reaches anybody only a letter tells. */
bool input_is_email(const char *text)
{
    const char *at = strchr(text, '@');
    const char *dot = at == NULL ? NULL : strrchr(at, '.');
    if (dot == NULL || at == text || dot == at + 1 || dot[1] == '\0' ||
        strchr(at + 1, '@') != NULL || strpbrk(text, ",;<>()\"\\") != NULL) {
        return false;
    }
    while ((unsigned char)*text > ' ' && *text != 0x7f) {
        text++;
    }
    return *text == '\0';
}

bool input_is_https_url(const char *text)
{
    return strncmp(text, "https://", 8) == 0 && text[8] != '\0' && text[8] != '/' &&
           strpbrk(text, " \"<>\\^`{|}\t\r\n") == NULL;
}

bool input_is_slug(const char *text)
{
    return *text != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text) &&
           strspn(text, "0123456789") != strlen(text);
}

bool input_is_session(const char *text)
{
    const size_t len = strlen(text);
    return len >= 22 && len <= 64 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}
