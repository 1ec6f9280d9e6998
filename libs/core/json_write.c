#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/json_plain.h"

#define INTEGER_LIMIT 9007199254740992.0 /* 2^53: below, every integer is a double */
#define DECIMALS_MAX 9
#define F64_TEXT_MAX 32

static void write_escape(struct buf *buf, unsigned char c)
{
    static const char shorts[] = {['"'] = '"',
        ['\\'] = '\\',
        ['\b'] = 'b',
        ['\f'] = 'f',
        ['\n'] = 'n',
        ['\r'] = 'r',
        ['\t'] = 't'};
    if (shorts[c] != 0) {
        buf_add(buf, (const char[]){'\\', shorts[c]}, 2);
        return;
    }
    const char *hex = "0123456789abcdef";
    buf_add(buf, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

static void write_escaped(struct buf *buf, const char *text, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        const size_t plain = json_plain_length(text + at, len - at);
        buf_add(buf, text + at, plain);
        at += plain;
        if (at < len) {
            write_escape(buf, (unsigned char)text[at]);
        }
    }
}

void json_write_string(struct buf *buf, const char *text, size_t len)
{
    const size_t plain = json_plain_length(text, len);
    char *to = buf_reserve(buf, plain + 2);
    if (to == NULL) {
        return;
    }
    *to = '"';
    memcpy(to + 1, text, plain);
    buf->len += plain + 1;
    if (plain == len) { /* nearly always */
        to[plain + 1] = '"';
        buf->len++;
        return;
    }
    write_escaped(buf, text + plain, len - plain);
    buf_char(buf, '"');
}

void json_write_i64(struct buf *buf, int64_t value)
{
    buf_i64(buf, value);
}

/* value * 10^decimals as an integer that, divided again, is value; false = needs more decimals.
 * Both numbers of the division are exact, so its result is what a reader of the text gets. */
static bool scale(double value, double power, int64_t *out)
{
    const double scaled = value * power;
    if (!(fabs(scaled) < INTEGER_LIMIT)) {
        return false;
    }
    *out = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    return (double)*out / power == value;
}

static void write_decimal(struct buf *buf, int64_t scaled, int decimals)
{
    char digits[DECIMALS_MAX];
    uint64_t rest = scaled < 0 ? 0 - (uint64_t)scaled : (uint64_t)scaled;
    for (int i = decimals; i-- > 0; rest /= 10) {
        digits[i] = (char)('0' + rest % 10);
    }
    if (scaled < 0) {
        buf_char(buf, '-');
    }
    buf_i64(buf, (int64_t)rest);
    if (decimals > 0) {
        buf_char(buf, '.');
        buf_add(buf, digits, (size_t)decimals);
    }
}

void json_write_f64(struct buf *buf, double value)
{
    int64_t scaled = 0;
    double power = 1;
    for (int decimals = 0; decimals <= DECIMALS_MAX; decimals++, power *= 10) {
        if (scale(value, power, &scaled)) {
            write_decimal(buf, scaled, decimals);
            return;
        }
    }
    if (!isfinite(value)) { /* against the contract, but never malformed */
        buf_str(buf, "null");
        return;
    }
    char text[F64_TEXT_MAX];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    buf_str(buf, text);
}

void json_write_time(struct buf *buf, int64_t wall_us)
{
    char *to = buf_reserve(buf, CLOCK_RFC3339_LEN + 2);
    if (to != NULL) {
        to[0] = '"';
        clock_format(wall_us, to + 1);
        to[CLOCK_RFC3339_LEN + 1] = '"';
        buf->len += CLOCK_RFC3339_LEN + 2;
    }
}
