/* chat/dates.h - dates as people write them, in English and Thai: 2026-11-27, 27/11/2026, 27 November 2026, November 27-30,
 * 27 พฤศจิกายน 2569. Years of the Buddhist era become those of the common one. */
#ifndef CHAT_DATES_H
#define CHAT_DATES_H

#include <stdbool.h>

struct date {
    int year, month, day; /* 0 = not told */
    bool swappable;       /* day and month may be meant the other way round: 03/04/2026 */
};

/* The date at `at`, or both ends of a range of days in one month. Where it ends; NULL: there is none. */
const char *date_read(const char *at, struct date out[2], int *out_count);

/* What is told in the claim is also told in the known one; a year that is missing there is no contradiction. */
bool date_supports(const struct date *known, const struct date *claim);

#endif
