/* search/hash.h - the one way in which search mixes numbers: the same result in every build and on every machine. */
#ifndef SEARCH_HASH_H
#define SEARCH_HASH_H

#include <stdint.h>

/* One step: a multiplication spreads upwards, the shift brings it down again. */
static inline uint64_t hash_stir(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
    return hash ^ hash >> 29;
}

/* After the last step. */
static inline uint64_t hash_finish(uint64_t hash, uint64_t kind)
{
    hash = hash_stir(hash, kind + 1) * 0xBF58476D1CE4E5B9U;
    return hash ^ hash >> 32;
}

#endif
