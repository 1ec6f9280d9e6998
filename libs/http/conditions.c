#include "http/conditions.h"

#include <string.h>
#include <strings.h>

#define KEY_MIN 8
#define KEY_MAX 64
#define VERSION_DIGITS_MAX 18
#define TRACEPARENT_LEN 55
#define QUALITY_ONE 1000

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* Next element of a comma-separated list: its start, and its length without blanks at the end. */
static const char *next_element(const char *text, size_t *out_len, const char **out_rest)
{
    text += strspn(text, " \t,");
    size_t len = strcspn(text, ",");
    *out_rest = text + len;
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    *out_len = len;
    return text;
}

bool etag_matches(const char *if_none_match, const char *etag)
{
    const size_t etag_len = strlen(etag);
    for (const char *rest = if_none_match; *rest != '\0';) {
        size_t len = 0;
        const char *tag = next_element(rest, &len, &rest);
        if (len == 1 && *tag == '*') {
            return true;
        }
        const size_t weak = len > 2 && strncmp(tag, "W/", 2) == 0 ? 2 : 0;
        if (len - weak == etag_len && memcmp(tag + weak, etag, etag_len) == 0) {
            return true;
        }
    }
    return false;
}

bool etag_read_version(const char *if_match, int64_t *out)
{
    const char *rest = if_match;
    size_t len = 0;
    const char *tag = next_element(if_match, &len, &rest);
    if (*rest != '\0') {
        return false;
    }
    if (len == 1 && *tag == '*') {
        *out = 0;
        return true;
    }
    if (len < 4 || len > VERSION_DIGITS_MAX + 3 || strncmp(tag, "\"v", 2) != 0 ||
        tag[len - 1] != '"') {
        return false;
    }
    int64_t version = 0;
    for (size_t i = 2; i < len - 1; i++) {
        if (tag[i] < '0' || tag[i] > '9') {
            return false;
        }
        version = version * 10 + (tag[i] - '0');
    }
    *out = version;
    return version > 0;
}

/* ";q=0.8" as 800; nothing is 1000, nonsense is 0. */
static int read_quality(const char *text, const char *end)
{
    if (text == end) {
        return QUALITY_ONE;
    }
    text = skip_blanks(text + 1);
    if (end - text < 3 || (*text | ' ') != 'q' || text[1] != '=' || text[2] < '0' ||
        text[2] > '1') {
        return 0;
    }
    int quality = (text[2] - '0') * QUALITY_ONE;
    int unit = QUALITY_ONE / 10;
    for (const char *at = text + 4; at < end && *at >= '0' && *at <= '9' && unit > 0; at++) {
        quality += (*at - '0') * unit;
        unit /= 10;
    }
    return quality <= QUALITY_ONE ? quality : QUALITY_ONE;
}

/* "th-TH" fits "th-TH" and "th"; "th" also fits "th-TH" of ours. */
static bool range_fits(const char *range, size_t len, const char *locale)
{
    const size_t locale_len = strlen(locale);
    const size_t shorter = len < locale_len ? len : locale_len;
    if (shorter == 0 || strncasecmp(range, locale, shorter) != 0) {
        return false;
    }
    return len == locale_len || (len > locale_len ? range[locale_len] == '-' : locale[len] == '-');
}

const char *locale_choose(const struct strs *locales, const char *dflt, const char *accept_language)
{
    const char *best = dflt;
    int best_quality = 0;
    for (const char *rest = accept_language == NULL ? "" : accept_language; *rest != '\0';) {
        size_t len = 0;
        const char *element = next_element(rest, &len, &rest);
        size_t range = 0;
        while (range < len && element[range] != ';' && element[range] != ' ') {
            range++;
        }
        const char *parameter = memchr(element, ';', len);
        const int quality =
            read_quality(parameter == NULL ? element + len : parameter, element + len);
        for (int64_t i = 0; i < locales->count && quality > best_quality; i++) {
            if (range_fits(element, range, locales->items[i])) {
                best = locales->items[i];
                best_quality = quality;
            }
        }
    }
    return best;
}

bool request_id_is_valid(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t len = strspn(text, allowed);
    return len >= KEY_MIN && len <= KEY_MAX && text[len] == '\0';
}

bool idempotency_key_is_valid(const char *text)
{
    size_t len = 0;
    while (text[len] > ' ' && text[len] < 0x7f) {
        len++;
    }
    return len >= KEY_MIN && len <= KEY_MAX && text[len] == '\0';
}

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

bool trace_id_read(const char *traceparent, char out[TRACE_ID_LEN + 1])
{
    if (strlen(traceparent) != TRACEPARENT_LEN || strncmp(traceparent, "00-", 3) != 0) {
        return false;
    }
    const char *trace = traceparent + 3;
    const char *span = trace + TRACE_ID_LEN + 1;
    if (!is_hex(trace, TRACE_ID_LEN) || span[-1] != '-' || !is_hex(span, 16) || span[16] != '-' ||
        strspn(trace, "0") >= TRACE_ID_LEN) {
        return false;
    }
    memcpy(out, trace, TRACE_ID_LEN);
    out[TRACE_ID_LEN] = '\0';
    return true;
}
