#include "bookings/calendar.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"

#define US_PER_DAY INT64_C(86400000000)
#define WEEKDAY_OF_DAY_0 4 /* a Thursday */

bool calendar_read(const char *text, int64_t *out)
{
    char instant[CLOCK_RFC3339_LEN + 1];
    int64_t us = 0;
    if (strlen(text) != CALENDAR_DATE_LEN) {
        return false;
    }
    snprintf(instant, sizeof(instant), "%sT00:00:00Z", text);
    if (!clock_parse(instant, strlen(instant), &us)) {
        return false;
    }
    *out = us / US_PER_DAY;
    return true;
}

void calendar_write(int64_t day, char out[CALENDAR_DATE_LEN + 1])
{
    char instant[CLOCK_RFC3339_LEN + 1];
    clock_format(day * US_PER_DAY, instant);
    memcpy(out, instant, CALENDAR_DATE_LEN);
    out[CALENDAR_DATE_LEN] = '\0';
}

int calendar_weekday(int64_t day)
{
    const int64_t weekday = (day + WEEKDAY_OF_DAY_0) % 7;
    return (int)(weekday < 0 ? weekday + 7 : weekday);
}
