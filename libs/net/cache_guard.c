#include "net/cache_guard.h"

#include "core/limits.h"

enum {
    /* What hiredis may hold of answers that are not complete yet: one value and its neighbours. */
    UNREAD_MAX = LIMIT_REDIS_VALUE_BYTES + 65536,
    ELEMENTS_MAX = 1024, /* of an array; hiredis makes room for as many as were announced */
};

static void *make_small_array(const redisReadTask *task, cache_guard_count count)
{
    const struct cache_guard *guard = task->privdata;
    return count > ELEMENTS_MAX ? NULL : guard->make_array(task, count);
}

void cache_guard_open(struct cache_guard *guard, const redisAsyncContext *redis)
{
    redisReader *reader = redis->c.reader;
    guard->functions = *reader->fn;
    guard->make_array = guard->functions.createArray;
    guard->functions.createArray = make_small_array;
    reader->fn = &guard->functions;
    reader->privdata = guard;
}

bool cache_guard_is_unasked(const redisAsyncContext *redis)
{
    return (redis->c.flags & REDIS_CONNECTED) != 0 && redis->replies.head == NULL;
}

bool cache_guard_has_more(const redisAsyncContext *redis)
{
    const redisReader *reader = redis->c.reader;
    return redis->replies.head == NULL && reader->len > reader->pos;
}

bool cache_guard_is_flooded(const redisAsyncContext *redis)
{
    const redisReader *reader = redis->c.reader;
    return reader != NULL && reader->len - reader->pos > UNREAD_MAX;
}
