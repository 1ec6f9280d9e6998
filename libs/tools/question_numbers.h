/* tools/question_numbers.h - the numbers of a question: bounds of the price, bedrooms, bathrooms, guests, yield. */
#ifndef TOOLS_QUESTION_NUMBERS_H
#define TOOLS_QUESTION_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/question.h"

#define NUMBER_NONE INT64_C(-1)

struct question_numbers {
    int64_t price_min, price_max; /* minor units; NUMBER_NONE = no bound, as in all below */
    const char *currency;         /* of the bounds; NULL = not named */
    const char *period;           /* "night", "month"; NULL = not named */
    int64_t bedrooms_min, bedrooms_max, bathrooms_min, guests;
    int64_t yield_min_micro; /* per cent, in millionths */
};
void question_numbers(const struct question *question, struct question_numbers *out);

#endif
