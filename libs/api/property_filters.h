/* api/property_filters.h - the filters of a request, checked for whoever sent it. The rules are in properties/filters.h. */
#ifndef API_PROPERTY_FILTERS_H
#define API_PROPERTY_FILTERS_H

#include "core/err.h"
#include "properties/filters.h"

struct call;
struct db;

/* Where this caller reads listings: what a guest sees may be seconds old; who is signed in sees what they just wrote. */
struct db *call_property_reads(const struct call *call);

err call_property_filters(struct call *call, const struct property_filters *in,
    struct property_search *out);
err call_property_view(struct call *call, const char *locale, const char *currency,
    struct property_view *out);

#endif
