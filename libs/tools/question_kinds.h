/* tools/question_kinds.h - what of a question is chosen from lists: kinds of property, amenities, kind of offer, tenure. */
#ifndef TOOLS_QUESTION_KINDS_H
#define TOOLS_QUESTION_KINDS_H

#include <stdbool.h>

#include "core/field.h"
#include "tools/question.h"

struct arena;

struct question_kinds {
    bool names_property; /* of whatever kind */
    bool studio;
    struct strs types;                    /* any of them */
    struct strs amenities, any_amenities; /* all of them; any of them */
    const char *offer; /* "rent", "sale", "lease", "short_stay"; NULL = not named, as below */
    const char *tenure, *sort;
    bool names_yield;
};
void question_kinds(struct arena *arena, const struct question *question,
    struct question_kinds *out);

#endif
