#include "net/single_flight.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "core/ctx.h"
#include "net/fiber.h"
#include "net/loop.h"

/* Both kinds of node live on the stacks of the fibers that wait in single_flight_do. */
struct waiter {
    struct waiter *next;
    struct fiber *fiber;
    enum err_code result;
    bool done;
};

struct leader {
    struct leader *next;
    const char *key; /* borrowed from the caller of fn */
    struct waiter *first, **last;
};

struct single_flight {
    struct loop *loop;      /* borrowed */
    struct leader *leaders; /* few: expensive work that runs right now */
};

struct single_flight *single_flight_new(struct loop *loop)
{
    struct single_flight *flight = calloc(1, sizeof(*flight));
    ASSERT(flight != NULL);
    flight->loop = loop;
    return flight;
}

void single_flight_free(struct single_flight *flight)
{
    free(flight);
}

static struct leader *find_leader(const struct single_flight *flight, const char *key)
{
    struct leader *leader = flight->leaders;
    while (leader != NULL && strcmp(leader->key, key) != 0) {
        leader = leader->next;
    }
    return leader;
}

static void land(struct single_flight *flight, struct leader *leader, enum err_code result)
{
    struct leader **link = &flight->leaders;
    while (*link != leader) {
        link = &(*link)->next;
    }
    *link = leader->next;
    for (struct waiter *waiter = leader->first; waiter != NULL; waiter = waiter->next) {
        waiter->result = result;
        waiter->done = true;
        fiber_wake(waiter->fiber);
    }
}

static err lead(struct ctx *ctx, struct single_flight *flight, const char *key,
    err (*fn)(struct ctx *ctx, void *arg), void *arg)
{
    struct leader leader = {.next = flight->leaders, .key = key};
    leader.last = &leader.first;
    flight->leaders = &leader;
    const err result = fn(ctx, arg);
    land(flight, &leader, result.code);
    return result;
}

static void leave_queue(struct leader *leader, struct waiter *waiter)
{
    struct waiter **link = &leader->first;
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
    if (leader->last == &waiter->next) {
        leader->last = link;
    }
}

/* *out_result is what the leader's fn returned. */
static err follow(struct ctx *ctx, struct single_flight *flight, struct leader *leader,
    enum err_code *out_result)
{
    struct waiter self = {.fiber = fiber_current(flight->loop)};
    *leader->last = &self;
    leader->last = &self.next;
    while (!self.done) {
        const err waited = fiber_park(ctx, flight->loop, "single_flight", INT64_MAX);
        if (!is_ok(waited)) {
            if (!self.done) {
                leave_queue(leader, &self);
            }
            return waited;
        }
    }
    *out_result = self.result;
    return OK;
}

err single_flight_do(struct ctx *ctx, struct single_flight *flight, const char *key,
    err (*fn)(struct ctx *ctx, void *arg), void *arg)
{
    enum err_code result = ERR_CANCELLED;
    while (result == ERR_CANCELLED) { /* also when the leader of a former round was cancelled */
        struct leader *leader = find_leader(flight, key);
        if (leader == NULL) {
            return lead(ctx, flight, key, fn, arg);
        }
        TRY(follow(ctx, flight, leader, &result));
    }
    return result == ERR_OK ? OK : fail(ctx, result, "%s: failed for the first caller", key);
}
