/* http/metrics.h - counters of all workers on one shared page: one slot a worker, written by that worker only,
 * one word a counter; readers add up. A worker killed mid-update leaves nothing locked.
 * Owns: the mapping (made by the master before the fork). */
#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include <stdint.h>

#include "core/err.h"

struct buf;
struct metrics_page;

enum metric {
    METRIC_CONNECTIONS_OPEN,
    METRIC_CONNECTIONS_REFUSED,
    METRIC_REQUESTS_REFUSED,
    METRIC_STREAMS_OPEN,
    METRIC_RATE_LIMITED,
    METRIC_DB_CONNECTIONS,
    METRIC_DB_WAITING,
    METRIC_DB_IN_FLIGHT,
    METRIC_DB_QUERIES,
    METRIC_DB_ERRORS,
    METRIC_REPLICA_CONNECTIONS,
    METRIC_REPLICA_QUERIES,
    METRIC_REPLICA_MISSED,
    METRIC_CACHE_HITS,
    METRIC_CACHE_MISSES,
    METRIC_CACHE_ERRORS,
    METRIC_TOKEN_CACHE_HITS,
    METRIC_TOKENS_VERIFIED,
    METRIC_TOKENS_REFUSED,
    METRIC_JWKS_AGE_SECONDS,
    METRIC_JOBS_DONE,
    METRIC_JOBS_FAILED,
    METRIC_JOBS_GIVEN_UP,
    METRIC_FAQ_SEARCHES,
    METRIC_FAQ_KEPT,
    METRIC_FAQ_SHARED,
    METRIC_FAQ_COMPUTED,
    METRIC_FAQ_DEGRADED,
    METRIC_FAQ_GAPS_DROPPED,
    METRIC_CHAT_ASKED,
    METRIC_CHAT_REFUSED,
    METRIC_CHAT_DEGRADED,
    METRIC_CHAT_FAILED,
    METRIC_CHAT_RUNNING,
    METRIC_FIBERS_ALIVE,
    METRIC_LOG_DROPPED,
    METRIC_LOOP_LAG_US,
    METRIC_HEARTBEAT_US,
    METRIC_COUNT,
};

struct metrics_page *metrics_page_new(int slots,
    int routes); /* MAP_SHARED; NULL if it cannot be mapped */
void metrics_page_free(struct metrics_page *page);
void metrics_add(struct metrics_page *page, int slot, enum metric metric, int64_t delta);
void metrics_set(struct metrics_page *page, int slot, enum metric metric, int64_t value);
int64_t metrics_get(const struct metrics_page *page, int slot, enum metric metric);
/* route: index in the flattened table, -1 = no route (404). */
void metrics_request(struct metrics_page *page, int slot, int route, int status, int64_t took_us);
/* A slot is taken over by a new worker: gauges go to zero, counters stay. */
void metrics_slot_reset(struct metrics_page *page, int slot);
/* Prometheus text over all slots; route_names[i] names route i. */
void metrics_print(const struct metrics_page *page, const char *const *route_names,
    struct buf *out);

#endif
