/* tools/property_search.h - the arguments of the tool, for the files of this library only.
 * Waits:  property_search_infer (Postgres). */
#ifndef TOOLS_PROPERTY_SEARCH_H
#define TOOLS_PROPERTY_SEARCH_H

#include "chat/tool.h"
#include "core/err.h"
#include "core/field.h"

#define PROPERTY_SEARCH_WORDS_MAX 300 /* code points */

/* Those filters of the list that make sense in a conversation. */
struct property_search_in {
    struct field_set has;
    const char *listing_type;
    struct strs property_type;
    int64_t bedrooms_min, bedrooms_max;
    double bathrooms_min;
    int64_t guests;
    const char *province;
    struct strs city;
    const char *district;
    struct strs amenities, any_amenities;
    int64_t price_min, price_max;
    const char *currency, *tenure;
    double cap_rate_min;
    struct strs ids;
    /* no filters */
    const char *q, *sort;
    int64_t limit;
};
extern const struct shape property_search_in_shape;
extern const struct shape property_search_filters_shape; /* only those rows that are filters */

err property_search_infer(struct ctx *ctx, const struct chat_asker *asker, const char *question,
    void *in, enum chat_asked *out_asked);

#endif
