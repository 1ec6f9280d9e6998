/* properties/places.h - where the listings are and what is offered there: read once, kept for ten minutes in a worker. For
 * the finder, which owns one.
 * Owns:  its rows.
 * Waits: places_get (Postgres). */
#ifndef PROPERTIES_PLACES_H
#define PROPERTIES_PLACES_H

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;
struct loop;
struct places;

struct places *places_open(struct db *db, struct loop *loop);
void places_close(struct places *places); /* no fiber may be inside; NULL is a no-op */

/* Of struct property_place; borrowed, valid until the caller waits. */
err places_get(struct ctx *ctx, struct places *places, struct list *out);

#endif
