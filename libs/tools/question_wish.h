/* tools/question_wish.h - a question read as a search for listings: what is wished for, and how surely it is one.
 * Waits:  question_wish (Postgres, now and then, for the names of places).
 * Errors: those of db/db.h. */
#ifndef TOOLS_QUESTION_WISH_H
#define TOOLS_QUESTION_WISH_H

#include <stdbool.h>

#include "chat/tool.h"
#include "core/err.h"
#include "tools/question.h"
#include "tools/question_kinds.h"
#include "tools/question_numbers.h"
#include "tools/question_places.h"

struct arena;
struct ctx;

struct question_wish {
    struct question_numbers numbers;
    struct question_kinds kinds;
    struct question_place place;
    const char *listing_type; /* NULL = any */
    const char *words;        /* what no filter says, to be searched for; NULL = nothing */
    enum chat_asked asked;
    bool only; /* and nothing else is asked */
};
err question_wish(struct ctx *ctx, const struct chat_asker *asker, const char *question,
    struct question_wish *out);
/* The same with the places given: a list of struct property_place. Does not wait. */
void question_wish_among(struct arena *arena, const char *question, const struct list *places,
    struct question_wish *out);

#endif
