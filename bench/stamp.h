/* stamp.h - a moment as a word of letters that no check of an answer takes for a figure. Monotonic clock of this machine. */
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include <stdint.h>
#include <time.h>

#define STAMP_NS_PER_MS INT64_C(1000000)

enum { STAMP_MARK_BYTES = 2, STAMP_DIGITS = 16, STAMP_BYTES = STAMP_MARK_BYTES + STAMP_DIGITS };

static inline int64_t stamp_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* "zq" and 16 letters from a to p; the final NUL too. */
static inline void stamp_write(char out[STAMP_BYTES + 1])
{
    uint64_t rest = (uint64_t)stamp_now_ns();
    out[0] = 'z';
    out[1] = 'q';
    for (int i = STAMP_BYTES - 1; i >= STAMP_MARK_BYTES; i--) {
        out[i] = (char)('a' + rest % 16);
        rest /= 16;
    }
    out[STAMP_BYTES] = '\0';
}

/* The moment in a stamp's letters, without the mark. */
static inline int64_t stamp_read(const char *letters)
{
    uint64_t ns = 0;
    for (int i = 0; i < STAMP_DIGITS; i++) {
        ns = ns * 16 + (uint64_t)(letters[i] - 'a');
    }
    return (int64_t)ns;
}

#endif
