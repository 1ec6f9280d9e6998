/* core/clock.h - time, injected through ctx. Durations and deadlines are monotonic, data is wall clock. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock {
    int64_t (*monotonic_ns)(void *state);
    int64_t (*wall_us)(void *state); /* microseconds since 1970-01-01T00:00:00Z */
    void *state;
};

extern const struct clock clock_system;

static inline int64_t clock_monotonic_ns(const struct clock *clock)
{
    return clock->monotonic_ns(clock->state);
}

static inline int64_t clock_wall_us(const struct clock *clock)
{
    return clock->wall_us(clock->state);
}

/* RFC 3339, UTC, milliseconds, "Z"; exactly CLOCK_RFC3339_LEN characters and a NUL. Years 0000..9999. */
#define CLOCK_RFC3339_LEN 24
void clock_format(int64_t wall_us, char out[CLOCK_RFC3339_LEN + 1]);

/* Reads RFC 3339 (any offset, 0..6 fraction digits, ' ' or 'T') as Postgres and clients write it.
 * false = not a valid instant. */
bool clock_parse(const char *text, size_t len, int64_t *out_wall_us);

/* True for a valid calendar date "YYYY-MM-DD" (proleptic Gregorian). */
bool clock_is_date(const char *text, size_t len);

#endif
