/* net/single_flight.h - one computation per key in a worker: who comes second waits for the first.
 * Waits: single_flight_do, until the first one is done or the ctx deadline passes. */
#ifndef NET_SINGLE_FLIGHT_H
#define NET_SINGLE_FLIGHT_H

#include "core/err.h"

struct ctx;
struct loop;
struct single_flight;

struct single_flight *single_flight_new(struct loop *loop);
void single_flight_free(struct single_flight *flight);

/* Calls fn(ctx, arg) unless another fiber is inside for this key; then waits for that one to finish and
 * returns its err code without calling fn. The result travels by what fn stores (a cache), which the caller
 * reads again afterwards. When the one inside was cancelled (its client left), the next one takes over. */
err single_flight_do(struct ctx *ctx, struct single_flight *flight, const char *key,
    err (*fn)(struct ctx *ctx, void *arg), void *arg);

#endif
