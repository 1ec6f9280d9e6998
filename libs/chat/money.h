/* chat/money.h - what tells that a number is a price or a percentage: currencies, units, words before and after it. */
#ifndef CHAT_MONEY_H
#define CHAT_MONEY_H

#include <stdbool.h>
#include <stddef.h>

/* A currency at `at`, by sign, code or word: where it ends, or NULL. *out is a constant: "THB"; "$" is any dollar. */
const char *money_currency(const char *at, const char **out);
bool money_same(const char *a, const char *b);

/* "%", "per cent" and their like behind a number. */
const char *money_percent(const char *at);
/* What makes a number behind it a percentage ("ร้อยละ"). */
const char *money_percent_before(const char *at);
/* "per night" and its like behind a number. */
bool money_is_rate(const char *at);
/* "costs", "the price is" and their like before a number, and no unit of something else behind it. */
bool money_is_priced(const char *begin, const char *number, const char *after);

#endif
