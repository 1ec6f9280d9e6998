#include "chat/dates.h"

#include <stddef.h>
#include <string.h>

#include "chat/words.h"

enum { BUDDHIST = 543, YEAR_MIN = 1900, YEAR_MAX = 2200, MONTHS = 12 };

static const char *const english[] = {"January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December", "Jan", "Feb", "Mar", "Apr",
    "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Sept", NULL};
static const char *const thai[] = {"มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม", "ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.",
    "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.", NULL};
static const char *const ordinals[] = {"st", "nd", "rd", "th", NULL};
static const char *const and_words[] = {"and", "or", "และ", "&", NULL};
static const char *const year_words[] = {"พ.ศ.", "ค.ศ.", "ปี", NULL};

/* ---- parts ---- */

/* 0 = no year. */
static int common_year(int year)
{
    if (year >= YEAR_MIN + BUDDHIST && year <= YEAR_MAX + BUDDHIST) {
        return year - BUDDHIST;
    }
    return year >= YEAR_MIN && year <= YEAR_MAX ? year : 0;
}

/* A name in small letters is a word: "may", "march". */
static const char *match_english(const char *at, int *out_month)
{
    size_t i = 0;
    const char *after = *at >= 'A' && *at <= 'Z' ? words_match_any(at, english, &i) : NULL;
    if (after == NULL) {
        return NULL;
    }
    *out_month = i == 2 * (size_t)MONTHS ? 9 : (int)(i % MONTHS) + 1;
    return after + (*after == '.' && i >= MONTHS);
}

static const char *match_month(const char *at, int *out_month, bool *out_thai)
{
    size_t i = 0;
    const char *after = words_match_any(at, thai, &i);
    *out_thai = after != NULL;
    if (after != NULL) {
        *out_month = (int)(i % MONTHS) + 1;
        return after;
    }
    return match_english(at, out_month);
}

static bool is_digit(const char *at)
{
    const char *after = NULL;
    return words_digit(at, &after) >= 0;
}

/* One or two digits that make a day of a month. */
static const char *match_day(const char *at, int *out_day)
{
    const char *after = NULL;
    const size_t count = words_integer(at, 2, out_day, &after);
    if (count == 0 || is_digit(after) || *out_day < 1 || *out_day > 31) {
        return NULL;
    }
    const char *ordinal = words_match_any(after, ordinals, /* out_index */ NULL);
    return ordinal != NULL ? ordinal : after;
}

/* A year behind a month or a day; at itself if there is none. Two digits mean one of the Buddhist era, in Thai only. */
static const char *match_year(const char *at, bool thai_text, int *out_year)
{
    const char *begin = words_skip_marks(*at == ',' ? at + 1 : at);
    const char *word = words_match_any(begin, year_words, /* out_index */ NULL);
    begin = word != NULL ? words_skip_marks(word) : begin;
    const char *after = NULL;
    int year = 0;
    const size_t count = words_integer(begin, 4, &year, &after);
    if (is_digit(after)) {
        return at;
    }
    if (count == 2 && thai_text && year >= 60) {
        year += 2500;
    } else if (count != 4) {
        return at;
    }
    *out_year = common_year(year);
    return *out_year != 0 ? after : at;
}

/* A second day behind a dash or "and"; at itself if there is none. */
static const char *match_second_day(const char *at, int *out_day)
{
    const char *after = words_match_range(at);
    if (after == NULL) {
        after = words_match_any(words_skip_marks(at), and_words, /* out_index */ NULL);
        after = after == NULL ? NULL : words_skip_marks(after);
    }
    const char *end = after == NULL ? NULL : match_day(after, out_day);
    return end == NULL ? at : end;
}

/* ---- forms ---- */

static const char *put(const struct date *date, int second, const char *after, struct date out[2],
    int *out_count)
{
    out[0] = *date;
    out[1] = *date;
    out[1].day = second;
    *out_count = second != 0 ? 2 : 1;
    return after;
}

static bool is_whole(const struct date *date)
{
    return date->year != 0 && date->month >= 1 && date->month <= MONTHS && date->day >= 1 &&
           date->day <= 31;
}

/* Digits and the separator that was there before. */
static const char *match_part(const char *at, char separator, int *out)
{
    const char *after = NULL;
    return words_integer(at, 2, out, &after) > 0 && *after == separator ? after + 1 : NULL;
}

/* 2026-11-27 */
static const char *read_iso(const char *at, struct date *out)
{
    const char *after = NULL;
    struct date date = {0};
    if (words_integer(at, 4, &date.year, &after) != 4 || (*after != '-' && *after != '/')) {
        return NULL;
    }
    const char *day = match_part(after + 1, *after, &date.month);
    if (day == NULL || words_integer(day, 2, &date.day, &after) == 0 || is_digit(after)) {
        return NULL;
    }
    date.year = common_year(date.year);
    *out = date;
    return is_whole(&date) ? after : NULL;
}

static void settle(int first, int second, struct date *out)
{
    out->day = second <= MONTHS ? first : second;
    out->month = second <= MONTHS ? second : first;
    out->swappable = first <= MONTHS && second <= MONTHS && first != second;
}

/* 27/11/2026, 27-11-2026, 27.11.2026, 27/11/26 */
static const char *read_numeric(const char *at, struct date *out)
{
    const char *after = NULL;
    int first = 0, second = 0, year = 0;
    if (words_integer(at, 2, &first, &after) == 0 || *after == '\0' ||
        strchr("/-.", *after) == NULL) {
        return NULL;
    }
    const char separator = *after;
    const char *rest = match_part(after + 1, separator, &second);
    const size_t digits = rest == NULL ? 0 : words_integer(rest, 4, &year, &after);
    if (digits == 2 && separator == '/') {
        year += year >= 60 ? 2500 : 2000;
    } else if (digits != 4) {
        return NULL;
    }
    out->year = common_year(year);
    settle(first, second, out);
    return is_whole(out) && !is_digit(after) ? after : NULL;
}

/* 27 November 2026, 27-30 Nov, 27th of November */
static const char *read_day_first(const char *at, struct date out[2], int *out_count)
{
    struct date date = {0};
    int second = 0;
    bool thai_text = false;
    at = match_day(at, &date.day);
    if (at == NULL) {
        return NULL;
    }
    const char *month = words_skip_marks(match_second_day(at, &second));
    month += *month == '-';
    const char *of = words_match(month, "of");
    month = words_skip_marks(of != NULL ? of : month);
    const char *after = match_month(month, &date.month, &thai_text);
    if (after == NULL) {
        return NULL;
    }
    after += *after == '-' && is_digit(after + 1);
    const char *end = match_year(after, thai_text, &date.year);
    return put(&date, second, end, out, out_count);
}

/* November 27, 2026; November 27-30; November 2026 */
static const char *read_month_first(const char *at, struct date out[2], int *out_count)
{
    struct date date = {0};
    int second = 0;
    bool thai_text = false;
    const char *month = match_month(at, &date.month, &thai_text);
    if (month == NULL) {
        return NULL;
    }
    const char *end = match_year(month, thai_text, &date.year);
    if (end != month) {
        return put(&date, /* second */ 0, end, out, out_count);
    }
    const char *after = match_day(words_skip_marks(month), &date.day);
    const bool number_goes_on = after != NULL && ((*after == ',' && is_digit(after + 1)) ||
                                                     (*after == '.' && is_digit(after + 1)));
    if (thai_text || after == NULL || *month != ' ' || number_goes_on) {
        return NULL;
    }
    after = match_second_day(after, &second);
    return put(&date, second, match_year(after, thai_text, &date.year), out, out_count);
}

/* "May 2 people come?" is no date. */
static bool is_verb(const char *at, const char *end)
{
    const char *next = words_skip_marks(end);
    static const char *const behind_dates[] = {"is", "and", "or", "to", "at", "in", "with", "for",
        "from", "until", "through", "the", "costs", "are", "was", "has", NULL};
    return words_match(at, "May") != NULL && next > end && words_is_letter(*next) &&
           words_match_any(next, behind_dates, /* out_index */ NULL) == NULL;
}

const char *date_read(const char *at, struct date out[2], int *out_count)
{
    struct date date = {0};
    if (is_digit(at)) {
        const char *end = read_iso(at, &date);
        if (end == NULL) {
            date = (struct date){0};
            end = read_numeric(at, &date);
        }
        return end != NULL ? put(&date, /* second */ 0, end, out, out_count)
                           : read_day_first(at, out, out_count);
    }
    const char *end = read_month_first(at, out, out_count);
    return end != NULL && !is_verb(at, end) ? end : NULL;
}

static bool agree(const struct date *known, int year, int month, int day)
{
    return known->month == month && (day == 0 || known->day == day) &&
           (year == 0 || known->year == 0 || known->year == year);
}

bool date_supports(const struct date *known, const struct date *claim)
{
    const bool swaps = known->swappable || claim->swappable;
    return agree(known, claim->year, claim->month, claim->day) ||
           (swaps && agree(known, claim->year, claim->day, claim->month));
}
