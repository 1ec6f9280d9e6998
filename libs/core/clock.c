#include "core/clock.h"

#include <string.h>
#include <time.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_SECOND)
#define FIRST_DAY INT64_C(-719528) /* 0000-01-01 */
#define LAST_DAY INT64_C(2932896)  /* 9999-12-31 */
#define DAYS_OF_400_YEARS INT64_C(146097)
#define DAYS_BEFORE_1970 INT64_C(865565) /* since 1 March of the year -400 */
#define DATE_LEN 10

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t system_monotonic_ns(void *state)
{
    (void)state;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_wall_us(void *state)
{
    (void)state;
    return read_clock(CLOCK_REALTIME) / 1000;
}

const struct clock clock_system = {
    .monotonic_ns = system_monotonic_ns,
    .wall_us = system_wall_us,
};

struct date {
    int64_t year, month, day;
};

/* Years that begin in March have their leap day at the end; 400 years more keep every number positive. */
static int64_t day_number(struct date date)
{
    const int64_t year = date.year + 400 - (date.month <= 2);
    const int64_t month = (date.month + 9) % 12;
    const int64_t leap_days = year / 4 - year / 100 + year / 400;
    return 365 * year + leap_days + (153 * month + 2) / 5 + date.day - 1 - DAYS_BEFORE_1970;
}

static struct date date_of(int64_t day_number)
{
    const int64_t days = day_number + DAYS_BEFORE_1970;
    const int64_t in_era = days % DAYS_OF_400_YEARS;
    const int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    const int64_t month = (5 * in_year + 2) / 153;
    const bool next_year = month >= 10;
    return (struct date){
        .year = year + days / DAYS_OF_400_YEARS * 400 - 400 + next_year,
        .month = next_year ? month - 9 : month + 3,
        .day = in_year - (153 * month + 2) / 5 + 1,
    };
}

static void put_digits(char *out, size_t count, int64_t value)
{
    for (size_t i = count; i-- > 0; value /= 10) {
        out[i] = (char)('0' + value % 10);
    }
}

void clock_format(int64_t wall_us, char out[CLOCK_RFC3339_LEN + 1])
{
    const int64_t last = (LAST_DAY + 1) * US_PER_DAY - 1;
    wall_us = wall_us < FIRST_DAY * US_PER_DAY ? FIRST_DAY * US_PER_DAY : wall_us;
    wall_us = wall_us > last ? last : wall_us;
    int64_t day = wall_us / US_PER_DAY;
    int64_t ms = wall_us % US_PER_DAY;
    if (ms < 0) {
        day--;
        ms += US_PER_DAY;
    }
    ms /= 1000;
    const struct date date = date_of(day);
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_RFC3339_LEN + 1);
    put_digits(out, 4, date.year);
    put_digits(out + 5, 2, date.month);
    put_digits(out + 8, 2, date.day);
    put_digits(out + 11, 2, ms / 3600000);
    put_digits(out + 14, 2, ms / 60000 % 60);
    put_digits(out + 17, 2, ms / 1000 % 60);
    put_digits(out + 20, 3, ms % 1000);
}

/* What is left to read. */
struct cursor {
    const char *at;
    const char *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_char(struct cursor *cursor, char wanted)
{
    if (cursor->at == cursor->end || *cursor->at != wanted) {
        return false;
    }
    cursor->at++;
    return true;
}

/* Exactly count digits, at most max. */
static bool read_number(struct cursor *cursor, int count, int64_t max, int64_t *out)
{
    int64_t value = 0;
    for (int i = 0; i < count; i++, cursor->at++) {
        if (cursor->at == cursor->end || !is_digit(*cursor->at)) {
            return false;
        }
        value = value * 10 + (*cursor->at - '0');
    }
    *out = value;
    return value <= max;
}

static bool read_date(struct cursor *cursor, int64_t *out_day)
{
    struct date date;
    const bool shaped = read_number(cursor, 4, 9999, &date.year) && read_char(cursor, '-') &&
                        read_number(cursor, 2, 12, &date.month) && read_char(cursor, '-') &&
                        read_number(cursor, 2, 31, &date.day);
    if (!shaped || date.month == 0 || date.day == 0) {
        return false;
    }
    /* 31 February has the number of another day. */
    *out_day = day_number(date);
    return date_of(*out_day).day == date.day;
}

static bool read_fraction(struct cursor *cursor, int64_t *out_us)
{
    int64_t unit = US_PER_SECOND;
    *out_us = 0;
    if (!read_char(cursor, '.')) {
        return true;
    }
    while (cursor->at < cursor->end && is_digit(*cursor->at) && unit > 1) {
        unit /= 10;
        *out_us += (*cursor->at++ - '0') * unit;
    }
    return unit < US_PER_SECOND;
}

static bool read_time_of_day(struct cursor *cursor, int64_t *out_us)
{
    int64_t hours = 0;
    int64_t minutes = 0;
    int64_t seconds = 0;
    int64_t fraction = 0;
    const bool read = read_number(cursor, 2, 23, &hours) && read_char(cursor, ':') &&
                      read_number(cursor, 2, 59, &minutes) && read_char(cursor, ':') &&
                      read_number(cursor, 2, 59, &seconds) && read_fraction(cursor, &fraction);
    *out_us = ((hours * 60 + minutes) * 60 + seconds) * US_PER_SECOND + fraction;
    return read;
}

/* "Z", "+07:00" (RFC 3339) or "+07" (Postgres). */
static bool read_offset(struct cursor *cursor, int64_t *out_us)
{
    *out_us = 0;
    if (read_char(cursor, 'Z')) {
        return true;
    }
    const bool west = read_char(cursor, '-');
    int64_t hours = 0;
    int64_t minutes = 0;
    if ((!west && !read_char(cursor, '+')) || !read_number(cursor, 2, 23, &hours)) {
        return false;
    }
    if (read_char(cursor, ':') && !read_number(cursor, 2, 59, &minutes)) {
        return false;
    }
    *out_us = (hours * 60 + minutes) * 60 * US_PER_SECOND * (west ? -1 : 1);
    return true;
}

bool clock_parse(const char *text, size_t len, int64_t *out_wall_us)
{
    struct cursor cursor = {text, text + len};
    int64_t day = 0;
    int64_t time_us = 0;
    int64_t offset_us = 0;
    const bool read = read_date(&cursor, &day) &&
                      (read_char(&cursor, 'T') || read_char(&cursor, ' ')) &&
                      read_time_of_day(&cursor, &time_us) && read_offset(&cursor, &offset_us);
    const int64_t wall_us = day * US_PER_DAY + time_us - offset_us;
    if (!read || cursor.at != cursor.end || wall_us < FIRST_DAY * US_PER_DAY ||
        wall_us >= (LAST_DAY + 1) * US_PER_DAY) {
        return false;
    }
    *out_wall_us = wall_us;
    return true;
}

bool clock_is_date(const char *text, size_t len)
{
    struct cursor cursor = {text, text + len};
    int64_t day = 0;
    return len == DATE_LEN && read_date(&cursor, &day);
}
