#include "core/json_scan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/json_plain.h"
#include "core/limits.h"
#include "core/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"

#define NUMBER_MAX_BYTES 64 /* that fits: more digits than any number of ours has */

enum { ESCAPE_LEN = 6 }; /* of a backslash, u and four digits */

bool json_key_is(const struct json_key *key, const char *name)
{
    return key->len == strlen(name) && memcmp(key->text, name, key->len) == 0;
}

/* ---- structure ---- */

static bool take(struct json_scan *scan, char c)
{
    const bool there = !scan->broken && json_scan_next(scan) == c && scan->at < scan->end;
    scan->at += there;
    return there;
}

static void expect(struct json_scan *scan, char c)
{
    scan->broken = !take(scan, c) || scan->broken;
}

static bool open(struct json_scan *scan, char c)
{
    expect(scan, c);
    scan->depth++;
    scan->broken = scan->broken || scan->depth > LIMIT_JSON_DEPTH;
    return !scan->broken;
}

/* Whether another element follows; passes the closing bracket if not. */
static bool goes_on(struct json_scan *scan, bool first, const char brackets[2])
{
    if (first && !open(scan, brackets[0])) {
        return false;
    }
    if (take(scan, brackets[1])) {
        scan->depth--;
        return false;
    }
    if (!first) {
        expect(scan, ',');
    }
    return !scan->broken;
}

bool json_scan_member(struct json_scan *scan, bool first, struct json_key *out)
{
    if (!goes_on(scan, first, "{}")) {
        return false;
    }
    json_scan_next(scan);
    out->text = json_scan_string(scan, &out->len);
    expect(scan, ':');
    return !scan->broken;
}

bool json_scan_item(struct json_scan *scan, bool first)
{
    return goes_on(scan, first, "[]");
}

/* ---- values ---- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_escape_at(const char *at, const char *end)
{
    if (end - at < 2) {
        return false;
    }
    if (at[1] != 'u') {
        return memchr("\"\\/bfnrt", at[1], 8) != NULL;
    }
    return end - at >= ESCAPE_LEN && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) &&
           is_hex(at[5]);
}

const char *json_scan_string(struct json_scan *scan, size_t *out_len)
{
    expect(scan, '"');
    const char *begin = scan->at;
    while (!scan->broken) {
        scan->at += json_plain_length(scan->at, (size_t)(scan->end - scan->at));
        if (scan->at == scan->end || *scan->at == '"') {
            break;
        }
        const bool escape = *scan->at == '\\';
        /* A raw NUL is let through: it is dropped later, as an escaped one is. */
        const bool control = (unsigned char)*scan->at < 0x20 && *scan->at != '\0';
        scan->broken = control || (escape && !is_escape_at(scan->at, scan->end));
        scan->at += scan->broken ? 0 : escape ? 2 : 1;
    }
    *out_len = (size_t)(scan->at - begin);
    scan->broken = scan->broken || scan->at == scan->end;
    scan->at += !scan->broken;
    return begin;
}

static size_t digits(struct json_scan *scan)
{
    const char *begin = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
        scan->at++;
    }
    return (size_t)(scan->at - begin);
}

static bool pass(struct json_scan *scan, char one, char other)
{
    const bool there = scan->at < scan->end && (*scan->at == one || *scan->at == other);
    scan->at += there;
    return there;
}

/* What the number stands for has a place in our types. */
static bool fits(const char *text, size_t len, enum json_kind kind)
{
    char number[NUMBER_MAX_BYTES + 1];
    if (len > NUMBER_MAX_BYTES) {
        return false;
    }
    memcpy(number, text, len);
    number[len] = '\0';
    errno = 0;
    if (kind == JSON_KIND_I64) {
        (void)strtoll(number, /* end= */ NULL, 10);
        return errno == 0;
    }
    return isfinite(strtod(number, /* end= */ NULL));
}

static enum json_kind skip_number(struct json_scan *scan)
{
    const char *begin = scan->at;
    enum json_kind kind = JSON_KIND_I64;
    pass(scan, '-', '-');
    const bool zero = pass(scan, '0', '0');
    scan->broken = scan->broken || (!zero && digits(scan) == 0);
    if (pass(scan, '.', '.')) {
        kind = JSON_KIND_F64;
        scan->broken = digits(scan) == 0 || scan->broken;
    }
    if (pass(scan, 'e', 'E')) {
        kind = JSON_KIND_F64;
        pass(scan, '+', '-');
        scan->broken = digits(scan) == 0 || scan->broken;
    }
    if (scan->fitting && !scan->broken) {
        scan->broken = !fits(begin, (size_t)(scan->at - begin), kind);
    }
    return kind;
}

static bool skip_word(struct json_scan *scan, const char *word)
{
    const size_t len = strlen(word);
    const bool there = (size_t)(scan->end - scan->at) >= len && memcmp(scan->at, word, len) == 0;
    scan->broken = scan->broken || !there;
    scan->at += there ? len : 0;
    return there;
}

/* At most LIMIT_JSON_DEPTH calls of itself. */
enum json_kind json_scan_skip(struct json_scan *scan)
{
    struct json_key key;
    size_t len = 0;
    switch (json_scan_next(scan)) {
    case '{':
        for (bool first = true; json_scan_member(scan, first, &key); first = false) {
            json_scan_skip(scan);
        }
        return JSON_KIND_OBJECT;
    case '[':
        for (bool first = true; json_scan_item(scan, first); first = false) {
            json_scan_skip(scan);
        }
        return JSON_KIND_ARRAY;
    case '"':
        json_scan_string(scan, &len);
        return JSON_KIND_STR;
    case 'n':
        skip_word(scan, "null");
        return JSON_KIND_NULL;
    case 't':
        skip_word(scan, "true");
        return JSON_KIND_BOOL;
    case 'f':
        skip_word(scan, "false");
        return JSON_KIND_BOOL;
    default:
        return skip_number(scan);
    }
}

/* ---- text ---- */

static unsigned unit_of(const char *escape)
{
    unsigned unit = 0;
    for (int i = 2; i < ESCAPE_LEN; i++) {
        const int c = escape[i];
        unit = unit * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return unit;
}

static bool is_high(unsigned unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(unsigned unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static void add_point(struct buf *out, unsigned point)
{
    if (point < 0x80) {
        buf_char(out, (char)point);
    } else if (point < 0x800) {
        buf_add(out, (const char[]){(char)(0xC0 | point >> 6), (char)(0x80 | (point & 63))}, 2);
    } else if (point < 0x10000) {
        buf_add(out,
            (const char[]){(char)(0xE0 | point >> 12), (char)(0x80 | (point >> 6 & 63)),
                (char)(0x80 | (point & 63))},
            3);
    } else {
        buf_add(out,
            (const char[]){(char)(0xF0 | point >> 18), (char)(0x80 | (point >> 12 & 63)),
                (char)(0x80 | (point >> 6 & 63)), (char)(0x80 | (point & 63))},
            4);
    }
}

static bool is_unit_at(const char *at, const char *end)
{
    return end - at >= ESCAPE_LEN && at[0] == '\\' && at[1] == 'u';
}

/* The escape for one UTF-16 unit, or for a pair of them; bytes of it. */
static size_t read_unit(const char *at, const char *end, unsigned *out_point)
{
    const unsigned unit = unit_of(at);
    if (is_high(unit) && is_unit_at(at + ESCAPE_LEN, end) && is_low(unit_of(at + ESCAPE_LEN))) {
        *out_point = 0x10000 + ((unit - 0xD800) << 10) + (unit_of(at + ESCAPE_LEN) - 0xDC00);
        return 2 * (size_t)ESCAPE_LEN;
    }
    *out_point = is_high(unit) || is_low(unit) ? 0xFFFD : unit;
    return ESCAPE_LEN;
}

bool json_scan_escapes_are_whole(const char *text, size_t len)
{
    const char *end = text + len;
    const char *at = memchr(text, '\\', len);
    while (at != NULL) {
        size_t passed = 2;
        if (is_unit_at(at, end)) {
            unsigned point = 0;
            passed = read_unit(at, end, &point);
            const bool replaced = point == 0xFFFD && (is_high(unit_of(at)) || is_low(unit_of(at)));
            if (point == 0 || replaced) {
                return false;
            }
        }
        at += passed;
        at = at < end ? memchr(at, '\\', (size_t)(end - at)) : NULL;
    }
    return true;
}

/* Valid escapes only: json_scan_string has seen them. */
static size_t decode_escape(const char *at, const char *end, struct buf *out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (at[1] != 'u') {
        buf_char(out, values[strchr(names, at[1]) - names]);
        return 2;
    }
    unsigned point = 0;
    const size_t len = read_unit(at, end, &point);
    if (point != 0) {
        add_point(out, point);
    }
    return len;
}

/* One character that is not plain ASCII, a NUL or what is not UTF-8; bytes of it. */
static size_t copy_char(const char *at, const char *end, struct buf *out)
{
    const size_t left = (size_t)(end - at);
    for (size_t len = 2; len <= 4 && len <= left; len++) {
        if ((unsigned char)*at >= 0xC2 && utf8_is_valid(at, len)) {
            buf_add(out, at, len);
            return len;
        }
    }
    if (*at != '\0') {
        buf_str(out, REPLACEMENT);
    }
    return 1;
}

static size_t plain_length(const char *at, const char *end)
{
    const char *c = at;
    while (c < end && *c != '\\' && (unsigned char)(*c - 1) < 0x7F) {
        c++;
    }
    return (size_t)(c - at);
}

const char *json_scan_decode(const char *raw, size_t len, struct buf *scratch, size_t *out_len)
{
    if (memchr(raw, '\\', len) == NULL && utf8_is_valid(raw, len)) {
        *out_len = len;
        return raw;
    }
    scratch->len = 0;
    const char *end = raw + len;
    for (const char *at = raw; at < end;) {
        const size_t plain = plain_length(at, end);
        buf_add(scratch, at, plain);
        at += plain;
        if (at < end) {
            at += *at == '\\' ? decode_escape(at, end, scratch) : copy_char(at, end, scratch);
        }
    }
    *out_len = scratch->len;
    return buf_text(scratch);
}

/* An escape stays as it is unless no strict reader takes it. */
static size_t clean_escape(const char *at, const char *end, struct buf *out)
{
    if (!is_escape_at(at, end) || at[1] != 'u') {
        const size_t len = end - at < 2 ? 1 : 2;
        buf_add(out, at, len);
        return len;
    }
    unsigned point = 0;
    const size_t len = read_unit(at, end, &point);
    if (point == 0xFFFD) {
        buf_str(out, REPLACEMENT);
    } else if (point != 0) {
        buf_add(out, at, len);
    }
    return len;
}

void json_scan_clean(struct buf *out, const char *text, size_t len)
{
    const char *end = text + len;
    for (const char *at = text; at < end;) {
        const size_t plain = plain_length(at, end);
        buf_add(out, at, plain);
        at += plain;
        if (at < end) {
            at += *at == '\\' ? clean_escape(at, end, out) : copy_char(at, end, out);
        }
    }
}
