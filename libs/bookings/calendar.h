/* bookings/calendar.h - days as numbers: 0 = 1970-01-01. A night is the day it begins on, a stay is half open: the day of leaving
 * is not part of it. Days have no hours, so clocks that are put forward or back change nothing; where a day begins is asked of
 * Postgres, which knows the zones (property_today). Pure. */
#ifndef BOOKINGS_CALENDAR_H
#define BOOKINGS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_DATE_LEN 10
#define CALENDAR_NIGHTS_MAX 365

/* "YYYY-MM-DD"; false = no such day. */
bool calendar_read(const char *text, int64_t *out);
void calendar_write(int64_t day, char out[CALENDAR_DATE_LEN + 1]);

/* 0 = Sunday, as Postgres counts. */
int calendar_weekday(int64_t day);

#endif
