/* chat/figures.h - prices, percentages and dates in a text, in one form whatever way they are written, so that those of an
 * answer can be looked up in what it rests on.
 * Owns: the list, in the arena given. Pure: no waiting, no errors. */
#ifndef CHAT_FIGURES_H
#define CHAT_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/dates.h"
#include "chat/numbers.h"

struct arena;

enum figure_kind { FIGURE_PRICE, FIGURE_PERCENT, FIGURE_DATE, FIGURE_NUMBER, FIGURE_CURRENCY };

struct figure {
    enum figure_kind kind;
    size_t at, len; /* in the text */
    struct number number;
    const char *currency; /* constant: "THB", "$" for any dollar; NULL = not told */
    struct date date;
};
struct figures {
    struct arena *arena;
    struct figure *items;
    size_t count, cap;
};
void figures_init(struct figures *figures, struct arena *arena);

/* Appends what an answer claims: prices, percentages, dates. Counts are no claims. */
void figures_claim(struct figures *figures, const char *answer);
/* Appends everything that may back a claim, also every plain number; prose or JSON of ours, where the names of members
 * tell what a number is (amount_minor, cap_rate_pct). */
void figures_know(struct figures *figures, const char *text);

bool figures_support(const struct figures *known, const struct figure *claim);

#endif
