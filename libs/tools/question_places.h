/* tools/question_places.h - places of a question, told by the names that the product's own listings have. Thai names and other
 * ways of writing them: place_names. */
#ifndef TOOLS_QUESTION_PLACES_H
#define TOOLS_QUESTION_PLACES_H

#include <stdbool.h>

#include "core/field.h"

struct arena;

/* Filters of the list; nothing set = no place is named. */
struct question_place {
    const char *province, *district;
    struct strs cities; /* any of them */
    const char *rest;   /* the folded text with blanks where the names were */
};
/* folded: as question_fold makes it. places: of struct property_place. */
void question_places(struct arena *arena, const char *folded, const struct list *places,
    struct question_place *out);

static inline bool question_place_is_known(const struct question_place *place)
{
    return place->province != NULL || place->district != NULL || place->cities.count > 0;
}
/* Another way of writing a name, folded, and the name as listings have it, without "Ko" or "Koh" and without blanks. */
struct place_name {
    const char *also, *name;
};
extern const struct place_name place_names[];
extern const size_t place_names_count;

#endif
