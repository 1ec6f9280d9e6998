#include <inttypes.h>
#include <stdio.h>

#include "core/clock.h"
#include "db/db.h"

struct db_arg db_arg_i64(int64_t value)
{
    struct db_arg arg = {0};
    char digits[20];
    size_t count = 0;
    for (uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value; count == 0 || rest > 0;
         rest /= 10) {
        digits[count++] = (char)('0' + rest % 10);
    }
    char *out = arg.number;
    if (value < 0) {
        *out++ = '-';
    }
    while (count > 0) {
        *out++ = digits[--count];
    }
    return arg;
}

struct db_arg db_arg_f64(double value)
{
    struct db_arg arg = {0};
    snprintf(arg.number, sizeof(arg.number), "%.17g", value);
    return arg;
}

/* With microseconds: what was read from a row finds the same row again. */
struct db_arg db_arg_time(int64_t wall_us)
{
    struct db_arg arg = {0};
    clock_format(wall_us, arg.number);
    const int64_t rest_us = (wall_us % 1000 + 1000) % 1000;
    snprintf(arg.number + CLOCK_RFC3339_LEN - 1, sizeof(arg.number) - CLOCK_RFC3339_LEN + 1,
        "%03" PRId64 "Z", rest_us);
    return arg;
}
