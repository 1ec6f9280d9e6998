#include "http/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "core/buf.h"

/* Words of one slot: the metrics, then for each route (and one for "no route") its statuses and its histogram.
 * One writer a slot, so an increment is a plain load and store; atomics only keep words whole. */

static const int statuses[] = {200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 410, 412,
    413, 414, 415, 417, 422, 429, 431, 500, 502, 503, 504, 0 /* any other */};
static const int64_t bounds_us[] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 10000000};
static const char *const bounds_text[] = {"0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005",
    "0.01", "0.025", "0.05", "0.1", "0.25", "1", "10"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define STATUSES COUNT(statuses)
#define BOUNDS COUNT(bounds_us)
#define ROUTE_WORDS                                                                                \
    (STATUSES + BOUNDS + 2) /* + requests beyond the last bound, + sum of microseconds */
#define SUM_WORD (STATUSES + BOUNDS + 1)

static const struct {
    const char *name, *help;
    bool gauge;
    bool per_slot; /* a sum over workers says nothing */
} rows[METRIC_COUNT] = {
    [METRIC_CONNECTIONS_OPEN] = {"http_connections_open", "Open client connections", .gauge = true},
    [METRIC_CONNECTIONS_REFUSED] = {"http_connections_refused_total", "Connections over the limit"},
    [METRIC_REQUESTS_REFUSED] = {"http_requests_refused_total",
        "Requests the guard or the parser refused"},
    [METRIC_STREAMS_OPEN] = {"http_streams_open", "Replies that come bit by bit and go on",
        .gauge = true},
    [METRIC_RATE_LIMITED] = {"http_rate_limited_total", "Requests over their rate limit"},
    [METRIC_DB_CONNECTIONS] = {"db_connections_open", "Open database connections", .gauge = true},
    [METRIC_DB_WAITING] = {"db_waiting", "Requests that wait for a connection", .gauge = true},
    [METRIC_DB_IN_FLIGHT] = {"db_queries_in_flight", "Queries without an answer yet",
        .gauge = true},
    [METRIC_DB_QUERIES] = {"db_queries_total", "Queries sent"},
    [METRIC_DB_ERRORS] = {"db_errors_total", "Queries that failed"},
    [METRIC_REPLICA_CONNECTIONS] = {"db_replica_connections_open",
        "Open connections to the read replica", .gauge = true},
    [METRIC_REPLICA_QUERIES] = {"db_replica_queries_total", "Queries sent to it"},
    [METRIC_REPLICA_MISSED] = {"db_replica_missed_total",
        "Queries that the primary was asked in its place"},
    [METRIC_CACHE_HITS] = {"cache_hits_total", "Values found in Redis"},
    [METRIC_CACHE_MISSES] = {"cache_misses_total", "Values not found in Redis"},
    [METRIC_CACHE_ERRORS] = {"cache_errors_total", "Redis commands that failed"},
    [METRIC_TOKEN_CACHE_HITS] = {"auth_token_cache_hits_total", "Tokens known from before"},
    [METRIC_TOKENS_VERIFIED] = {"auth_tokens_verified_total", "Tokens verified by signature"},
    [METRIC_TOKENS_REFUSED] = {"auth_tokens_refused_total", "Tokens refused"},
    [METRIC_JWKS_AGE_SECONDS] = {"auth_jwks_age_seconds", "Age of the key set", .gauge = true,
        .per_slot = true},
    [METRIC_JOBS_DONE] = {"jobs_done_total", "Background jobs run well"},
    [METRIC_JOBS_FAILED] = {"jobs_failed_total", "Runs of background jobs that failed"},
    [METRIC_JOBS_GIVEN_UP] = {"jobs_given_up_total",
        "Background jobs that failed for the last time"},
    [METRIC_FAQ_SEARCHES] = {"faq_searches_total", "Searches in the FAQ"},
    [METRIC_FAQ_KEPT] = {"faq_searches_kept_total", "Of these, answered from the worker's memory"},
    [METRIC_FAQ_SHARED] = {"faq_searches_shared_total", "Of these, answered from Redis"},
    [METRIC_FAQ_COMPUTED] = {"faq_searches_computed_total", "Of these, computed"},
    [METRIC_FAQ_DEGRADED] = {"faq_searches_degraded_total", "Of these, without meaning"},
    [METRIC_FAQ_GAPS_DROPPED] = {"faq_gaps_dropped_total",
        "Questions without an answer that were not recorded"},
    [METRIC_CHAT_ASKED] = {"chat_questions_total", "Questions to the chat"},
    [METRIC_CHAT_REFUSED] = {"chat_unanswered_total", "Of these, without evidence or room"},
    [METRIC_CHAT_DEGRADED] = {"chat_degraded_total",
        "Of these, answered by other than the usual model"},
    [METRIC_CHAT_FAILED] = {"chat_failed_total", "Of these, whose answer broke off"},
    [METRIC_CHAT_RUNNING] = {"chat_running", "Answers being written", .gauge = true},
    [METRIC_FIBERS_ALIVE] = {"fibers_alive", "Fibers alive", .gauge = true},
    [METRIC_LOG_DROPPED] = {"log_dropped_total", "Log lines dropped"},
    [METRIC_LOOP_LAG_US] = {"loop_lag_microseconds", "Longest recent turn of the event loop",
        .gauge = true, .per_slot = true},
    [METRIC_HEARTBEAT_US] = {"heartbeat_microseconds", "Wall clock of the last heartbeat",
        .gauge = true, .per_slot = true},
};

struct metrics_page {
    size_t bytes;
    size_t slots, routes; /* routes counts the one for "no route" */
    size_t slot_words;
    _Atomic int64_t words[];
};

struct metrics_page *metrics_page_new(int slots, int routes)
{
    const size_t slot_words = METRIC_COUNT + ((size_t)routes + 1) * ROUTE_WORDS;
    const size_t bytes = sizeof(struct metrics_page) + (size_t)slots * slot_words * sizeof(int64_t);
    struct metrics_page *page =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return NULL;
    }
    page->bytes = bytes;
    page->slots = (size_t)slots;
    page->routes = (size_t)routes + 1;
    page->slot_words = slot_words;
    return page;
}

void metrics_page_free(struct metrics_page *page)
{
    if (page != NULL) {
        munmap(page, page->bytes);
    }
}

static void add(_Atomic int64_t *word, int64_t delta)
{
    const int64_t value = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, value + delta, memory_order_relaxed);
}

static _Atomic int64_t *slot_words(struct metrics_page *page, int slot)
{
    return page->words + (size_t)slot * page->slot_words;
}

void metrics_add(struct metrics_page *page, int slot, enum metric metric, int64_t delta)
{
    add(slot_words(page, slot) + metric, delta);
}

void metrics_set(struct metrics_page *page, int slot, enum metric metric, int64_t value)
{
    atomic_store_explicit(slot_words(page, slot) + metric, value, memory_order_relaxed);
}

static int64_t read_word(const struct metrics_page *page, size_t slot, size_t word)
{
    return atomic_load_explicit(&page->words[slot * page->slot_words + word], memory_order_relaxed);
}

int64_t metrics_get(const struct metrics_page *page, int slot, enum metric metric)
{
    return read_word(page, (size_t)slot, metric);
}

static size_t status_index(int status)
{
    size_t i = 0;
    while (statuses[i] != status && statuses[i] != 0) {
        i++;
    }
    return i;
}

void metrics_request(struct metrics_page *page, int slot, int route, int status, int64_t took_us)
{
    const size_t index = route < 0 ? page->routes - 1 : (size_t)route;
    _Atomic int64_t *words = slot_words(page, slot) + METRIC_COUNT + index * ROUTE_WORDS;
    size_t bound = 0;
    while (bound < BOUNDS && took_us > bounds_us[bound]) {
        bound++;
    }
    add(words + status_index(status), 1);
    add(words + STATUSES + bound, 1);
    add(words + SUM_WORD, took_us);
}

void metrics_slot_reset(struct metrics_page *page, int slot)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (rows[i].gauge) {
            metrics_set(page, slot, (enum metric)i, 0);
        }
    }
}

static int64_t sum(const struct metrics_page *page, size_t word)
{
    int64_t total = 0;
    for (size_t slot = 0; slot < page->slots; slot++) {
        total += read_word(page, slot, word);
    }
    return total;
}

static void print_head(struct buf *out, const char *name, const char *help, const char *type)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_metric(const struct metrics_page *page, size_t metric, struct buf *out)
{
    const char *name = rows[metric].name;
    print_head(out, name, rows[metric].help, rows[metric].gauge ? "gauge" : "counter");
    if (!rows[metric].per_slot) {
        buf_printf(out, "%s %" PRId64 "\n", name, sum(page, metric));
        return;
    }
    for (size_t slot = 0; slot < page->slots; slot++) {
        buf_printf(out, "%s{worker=\"%zu\"} %" PRId64 "\n", name, slot,
            read_word(page, slot, metric));
    }
}

static void print_statuses(const struct metrics_page *page, size_t word, const char *route,
    struct buf *out)
{
    for (size_t i = 0; i < STATUSES; i++) {
        const int64_t count = sum(page, word + i);
        if (count > 0) {
            buf_printf(out, "http_requests_total{route=\"%s\",status=\"%d\"} %" PRId64 "\n", route,
                statuses[i], count);
        }
    }
}

static void print_histogram(const struct metrics_page *page, size_t word, const char *route,
    struct buf *out)
{
    int64_t below = 0;
    for (size_t i = 0; i <= BOUNDS; i++) {
        below += sum(page, word + STATUSES + i);
        buf_printf(out, "http_request_seconds_bucket{route=\"%s\",le=\"%s\"} %" PRId64 "\n", route,
            i < BOUNDS ? bounds_text[i] : "+Inf", below);
    }
    const double seconds = (double)sum(page, word + SUM_WORD) / 1e6;
    buf_printf(out, "http_request_seconds_sum{route=\"%s\"} %.6f\n", route, seconds);
    buf_printf(out, "http_request_seconds_count{route=\"%s\"} %" PRId64 "\n", route, below);
}

void metrics_print(const struct metrics_page *page, const char *const *route_names, struct buf *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        print_metric(page, i, out);
    }
    print_head(out, "http_requests_total", "Requests answered, by route and status", "counter");
    for (size_t i = 0; i < page->routes; i++) {
        const size_t word = METRIC_COUNT + i * ROUTE_WORDS;
        print_statuses(page, word, i + 1 < page->routes ? route_names[i] : "none", out);
    }
    print_head(out, "http_request_seconds", "Time from request line to reply", "histogram");
    for (size_t i = 0; i < page->routes; i++) {
        const size_t word = METRIC_COUNT + i * ROUTE_WORDS;
        if (sum(page, word + SUM_WORD) > 0) {
            print_histogram(page, word, i + 1 < page->routes ? route_names[i] : "none", out);
        }
    }
}
