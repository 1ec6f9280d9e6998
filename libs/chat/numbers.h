/* chat/numbers.h - numbers as people write them: 1,234.50 and 12 000, 4.500.000, digits of Thai, 1.2 million. */
#ifndef CHAT_NUMBERS_H
#define CHAT_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_SCALE 10000 /* values are in ten-thousandths; more decimals are cut */
#define NUMBER_TOO_BIG (-1)

struct number {
    int64_t value;  /* or NUMBER_TOO_BIG, which equals nothing */
    int decimals;   /* as written */
    int64_t factor; /* of a word like "million", already applied; 1 = none */
};
/* Where the number that begins at `at` ends; NULL: there is no digit. */
const char *number_read(const char *at, struct number *out);
void number_scale(struct number *number, int64_t factor);
/* Of a word behind a number; 1 = none. letters: also k, m and b right behind it, which may as well be units. */
int64_t number_factor(const char *at, bool letters, const char **out_after);

#endif
