/* tools/property_infer.c - a question in plain words as arguments of the search for listings. */
#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/ctx.h"
#include "core/services.h"
#include "core/settings.h"
#include "properties/properties.h"
#include "tools/property_search.h"
#include "tools/question_wish.h"

static void mark(struct property_search_in *in, const char *name)
{
    const struct field *member = NULL;
    const int row = field_find(&property_search_in_shape, name, &member);
    ASSERT(row >= 0);
    in->has.present |= UINT64_C(1) << row;
}

static void set_text(struct property_search_in *in, const char **member, const char *name,
    const char *value)
{
    if (value != NULL) {
        *member = value;
        mark(in, name);
    }
}

static void set_number(struct property_search_in *in, int64_t *member, const char *name,
    int64_t value)
{
    if (value != NUMBER_NONE) {
        *member = value;
        mark(in, name);
    }
}

static void set_list(struct property_search_in *in, struct strs *member, const char *name,
    const struct strs *value)
{
    if (value->count > 0) {
        *member = *value;
        mark(in, name);
    }
}

/* Into the currency in which the product compares prices. */
static err convert(struct ctx *ctx, const struct chat_asker *asker, const char *from,
    int64_t *bound)
{
    const struct services *services = asker->services;
    if (*bound == NUMBER_NONE) {
        return OK;
    }
    return properties_convert(ctx, services->db, *bound, from, services->settings->base_currency,
        bound);
}

/* Bounds in a currency that the product does not offer are converted; false: there is no rate, so nothing can be said. */
static err set_price(struct ctx *ctx, const struct chat_asker *asker,
    struct question_numbers *numbers, struct property_search_in *in, bool *out_known)
{
    const struct product_settings *settings = asker->services->settings;
    *out_known = true;
    if (numbers->price_min == NUMBER_NONE && numbers->price_max == NUMBER_NONE) {
        return OK;
    }
    const char *currency = numbers->currency != NULL ? numbers->currency : asker->currency;
    if (currency != NULL && !settings_has(&settings->currencies, currency)) {
        err converted = convert(ctx, asker, currency, &numbers->price_min);
        if (is_ok(converted)) {
            converted = convert(ctx, asker, currency, &numbers->price_max);
        }
        if (converted.code == ERR_INVALID) {
            err_clear(ctx); /* no rate: the caller asks nothing */
            *out_known = false;
            return OK;
        }
        TRY(converted);
        currency = settings->base_currency;
    }
    set_number(in, &in->price_min, "price_min", numbers->price_min);
    set_number(in, &in->price_max, "price_max", numbers->price_max);
    set_text(in, &in->currency, "currency", currency);
    return OK;
}

static void set_rooms(const struct question_wish *wish, struct property_search_in *in)
{
    const struct question_numbers *numbers = &wish->numbers;
    const bool studio =
        wish->kinds.studio && wish->kinds.types.count == 0 && numbers->bedrooms_min == NUMBER_NONE;
    set_number(in, &in->bedrooms_min, "bedrooms_min", numbers->bedrooms_min);
    set_number(in, &in->bedrooms_max, "bedrooms_max", studio ? 0 : numbers->bedrooms_max);
    set_number(in, &in->guests, "guests", numbers->guests);
    if (numbers->bathrooms_min != NUMBER_NONE) {
        in->bathrooms_min = (double)numbers->bathrooms_min;
        mark(in, "bathrooms_min");
    }
    if (numbers->yield_min_micro != NUMBER_NONE) {
        in->cap_rate_min = (double)numbers->yield_min_micro / (double)QUESTION_MICRO;
        mark(in, "cap_rate_min");
    }
}

static void set_kinds(const struct question_wish *wish, struct property_search_in *in)
{
    const struct question_kinds *kinds = &wish->kinds;
    set_text(in, &in->listing_type, "listing_type", wish->listing_type);
    set_list(in, &in->property_type, "property_type", &kinds->types);
    set_list(in, &in->amenities, "amenities", &kinds->amenities);
    set_list(in, &in->any_amenities, "any_amenities", &kinds->any_amenities);
    set_text(in, &in->tenure, "tenure", kinds->tenure);
    set_text(in, &in->province, "province", wish->place.province);
    set_list(in, &in->city, "city", &wish->place.cities);
    set_text(in, &in->district, "district", wish->place.district);
    set_text(in, &in->q, "q", wish->words);
    set_text(in, &in->sort, "sort", kinds->sort);
}

err property_search_infer(struct ctx *ctx, const struct chat_asker *asker, const char *question,
    void *in, enum chat_asked *out_asked)
{
    struct property_search_in *to = in;
    struct question_wish wish;
    TRY(question_wish(ctx, asker, question, &wish));
    *out_asked = wish.asked;
    if (wish.asked == CHAT_ASKED_NOT) {
        return OK;
    }
    bool known = false;
    TRY(set_price(ctx, asker, &wish.numbers, to, &known));
    set_rooms(&wish, to);
    set_kinds(&wish, to);
    *out_asked = known ? wish.asked : CHAT_ASKED_NOT;
    return OK;
}
