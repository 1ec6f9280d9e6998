#include "properties/places.h"

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "db/db.h"
#include "net/single_flight.h"
#include "properties/finder.h"
#include "properties/sql.h"

#define KEPT_NS INT64_C(600000000000)

static const struct field property_place_fields[] = {
    FIELD_STR(struct property_place, listing_type, "Kind of offer"),
    FIELD_STR(struct property_place, province, "Province", .nullable = true),
    FIELD_STR(struct property_place, city, "City", .nullable = true),
    FIELD_STR(struct property_place, district, "District", .nullable = true),
};

struct places {
    struct db *db; /* borrowed */
    struct single_flight *flights;
    struct arena *own;  /* it lives here itself */
    struct arena *kept; /* the rows; NULL = not read yet */
    struct list rows;
    int64_t until_ns;
};

struct places *places_open(struct db *db, struct loop *loop)
{
    struct arena *own = arena_new(/* pool */ NULL);
    struct places *places = ARENA_NEW(own, struct places);
    *places = (struct places){.db = db, .flights = single_flight_new(loop), .own = own};
    return places;
}

static void forget(struct places *places)
{
    if (places->kept != NULL) {
        arena_free(places->kept);
        places->kept = NULL;
    }
}

void places_close(struct places *places)
{
    if (places == NULL) {
        return;
    }
    forget(places);
    single_flight_free(places->flights);
    arena_free(places->own);
}

static err load(struct ctx *ctx, void *arg)
{
    struct places *places = arg;
    struct list rows = {0};
    TRY(db_list_slow(ctx, places->db, &SQL_properties_places, DB_ARGS(DB_I64(LIMIT_DB_ROWS)),
        SHAPE(property_place), LIMIT_DB_ROWS, &rows));
    forget(places);
    const struct property_place *from = rows.items;
    struct arena *arena = arena_new(/* pool */ NULL);
    struct property_place *to = ARENA_ARRAY(arena, struct property_place, (size_t)rows.count + 1);
    for (int64_t i = 0; i < rows.count; i++) {
        to[i] = (struct property_place){arena_copy(arena, from[i].listing_type),
            arena_copy(arena, from[i].province), arena_copy(arena, from[i].city),
            arena_copy(arena, from[i].district)};
    }
    places->kept = arena;
    places->rows = (struct list){to, rows.count};
    places->until_ns = clock_monotonic_ns(ctx->clock) + KEPT_NS;
    return OK;
}

err places_get(struct ctx *ctx, struct places *places, struct list *out)
{
    if (places->kept == NULL || clock_monotonic_ns(ctx->clock) >= places->until_ns) {
        TRY(single_flight_do(ctx, places->flights, "places", load, places));
    }
    *out = places->rows;
    return OK;
}
