/* net/cache_guard.h - what hiredis takes on trust from the other side and we do not: that it speaks only when asked,
 * and that its answers are no larger than what we ask for. Private to cache_link.c. */
#ifndef NET_CACHE_GUARD_H
#define NET_CACHE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include <hiredis/async.h>

#if HIREDIS_MAJOR >= 1
typedef size_t cache_guard_count;
#else
typedef int cache_guard_count;
#endif

struct cache_guard {
    redisReplyObjectFunctions functions; /* of the connection's reader */
    void *(*make_array)(const redisReadTask *task, cache_guard_count count); /* hiredis' own */
};

/* The guard lives at least as long as the connection. An array that is too long ends the connection. */
void cache_guard_open(struct cache_guard *guard, const redisAsyncContext *redis);
/* The socket is readable although nothing was asked: it hung up, or hiredis would abort the process. */
bool cache_guard_is_unasked(const redisAsyncContext *redis);
/* The same in the callback of an answer: another one stands behind the last that was asked for. */
bool cache_guard_has_more(const redisAsyncContext *redis);
/* An incomplete answer has grown over the limit. */
bool cache_guard_is_flooded(const redisAsyncContext *redis);

#endif
