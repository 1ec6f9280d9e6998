#include "net/cache.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/field.h"
#include "core/limits.h"
#include "net/cache_conn.h"
#include "net/cache_url.h"

enum { SCRIPTS_MAX = 8, SHA1_HEX_LEN = 40 };

const struct field cache_config_fields[] = {
    FIELD_SECRET(struct cache_config, redis_url,
        "Redis: redis://[user:password@]host:port/db or unix:///path?db=0; empty = work without",
        .dflt_text = ""),
    FIELD_STR(struct cache_config, redis_key_prefix,
        "Begins every key: the product's id first, ':' last", .min = 2, .max = 64),
};
const int cache_config_count = sizeof(cache_config_fields) / sizeof(cache_config_fields[0]);

struct script_sha {
    const struct cache_script *script; /* constant; NULL = free */
    char sha[SHA1_HEX_LEN + 1];
};

struct cache {
    const struct cache_config *config; /* borrowed */
    struct cache_url url;
    struct cache_conn *conn; /* NULL = switched off */
    struct script_sha scripts[SCRIPTS_MAX];
    int64_t opened_us;
    uint64_t hits, misses, errors;
};

struct cache *cache_open(struct loop *loop, const struct cache_config *config)
{
    struct cache *cache = calloc(1, sizeof(*cache));
    ASSERT(cache != NULL);
    cache->config = config;
    cache->opened_us = clock_wall_us(&clock_system);
    if (*config->redis_url != '\0') {
        const char *why = NULL;
        const bool parsed = cache_url_parse(config->redis_url, &cache->url, &why);
        ASSERT(parsed); /* checked when settings were loaded */
        cache->conn = cache_conn_open(loop, &cache->url);
    }
    return cache;
}

void cache_close(struct cache *cache)
{
    if (cache != NULL) {
        cache_conn_close(cache->conn);
        cache_url_fini(&cache->url);
        free(cache);
    }
}

/* ---- commands ---- */

struct bytes {
    const char *at;
    size_t len;
};

static void add(struct cache_command *command, const char *bytes, size_t len)
{
    ASSERT(command->count < CACHE_WORDS_MAX);
    command->words[command->count] = bytes;
    command->lens[command->count++] = len;
}

static void add_text(struct cache_command *command, const char *text)
{
    add(command, text, strlen(text));
}

static void add_i64(struct ctx *ctx, struct cache_command *command, int64_t number)
{
    add_text(command, arena_printf(ctx->arena, "%" PRId64, number));
}

/* The one place where keys get the product's prefix. */
static const char *full_key(struct ctx *ctx, const struct cache *cache, const char *key)
{
    return arena_join(ctx->arena, cache->config->redis_key_prefix, key, "");
}

/* A value begins with its full key: what another version, product or key left there is not taken for ours. */
static const char *value_head(struct ctx *ctx, const char *full, size_t *out_len)
{
    const char *head = arena_join(ctx->arena, "1 ", full, "\n");
    *out_len = strlen(head);
    return head;
}

/* Asks and counts; an error reply stays an answer. */
static err ask(struct ctx *ctx, struct cache *cache, const struct cache_command *command,
    struct cache_answer *out)
{
    const err asked = cache->conn == NULL ? fail(ctx, ERR_UNAVAILABLE, "redis: switched off")
                                          : cache_conn_ask(ctx, cache->conn, command, out);
    if (!is_ok(asked)) {
        cache->errors++;
    }
    return asked;
}

static err refuse(struct ctx *ctx, struct cache *cache, const struct cache_answer *answer)
{
    cache->errors++;
    return fail(ctx, ERR_UNAVAILABLE, "redis: %.80s",
        answer->kind == CACHE_ANSWER_ERROR ? answer->text : "unexpected reply");
}

err cache_get(struct ctx *ctx, struct cache *cache, const char *key, const char **out,
    size_t *out_len)
{
    const char *full = full_key(ctx, cache, key);
    struct cache_command command = {0};
    add_text(&command, "GET");
    add_text(&command, full);
    struct cache_answer answer;
    TRY(ask(ctx, cache, &command, &answer));
    if (answer.kind != CACHE_ANSWER_TEXT && answer.kind != CACHE_ANSWER_NIL) {
        return refuse(ctx, cache, &answer);
    }
    size_t head_len = 0;
    const char *head = value_head(ctx, full, &head_len);
    const bool hit = answer.kind == CACHE_ANSWER_TEXT && answer.len >= head_len &&
                     memcmp(answer.text, head, head_len) == 0;
    cache->hits += hit ? 1 : 0;
    cache->misses += hit ? 0 : 1;
    *out = hit ? answer.text + head_len : NULL;
    *out_len = hit ? answer.len - head_len : 0;
    return OK;
}

/* False: too large. */
static bool make_set(struct ctx *ctx, const struct cache *cache, const char *key,
    struct bytes bytes, int64_t ttl_ms, struct cache_command *out)
{
    const char *full = full_key(ctx, cache, key);
    size_t head_len = 0;
    const char *head = value_head(ctx, full, &head_len);
    if (bytes.len > LIMIT_REDIS_VALUE_BYTES - head_len) {
        return false;
    }
    char *value = arena_alloc_raw(ctx->arena, head_len + bytes.len);
    memcpy(value, head, head_len);
    memcpy(value + head_len, bytes.at, bytes.len);
    *out = (struct cache_command){0};
    add_text(out, "SET");
    add_text(out, full);
    add(out, value, head_len + bytes.len);
    add_text(out, "PX");
    add_i64(ctx, out, ttl_ms);
    return true;
}

err cache_set(struct ctx *ctx, struct cache *cache, const char *key, const char *bytes, size_t len,
    int64_t ttl_ms)
{
    struct cache_command command;
    if (!make_set(ctx, cache, key, (struct bytes){bytes, len}, ttl_ms, &command)) {
        return fail(ctx, ERR_TOO_LARGE, "redis: value of %zu bytes", len);
    }
    struct cache_answer answer;
    TRY(ask(ctx, cache, &command, &answer));
    return answer.kind == CACHE_ANSWER_TEXT ? OK : refuse(ctx, cache, &answer);
}

void cache_set_soon(struct ctx *ctx, struct cache *cache, const char *key, const char *bytes,
    size_t len, int64_t ttl_ms)
{
    struct cache_command command;
    if (cache->conn != NULL &&
        make_set(ctx, cache, key, (struct bytes){bytes, len}, ttl_ms, &command)) {
        cache_conn_tell(cache->conn, &command);
    }
}

static struct cache_command make_delete(struct ctx *ctx, const struct cache *cache, const char *key)
{
    struct cache_command command = {0};
    add_text(&command, "DEL");
    add_text(&command, full_key(ctx, cache, key));
    return command;
}

err cache_delete(struct ctx *ctx, struct cache *cache, const char *key)
{
    const struct cache_command command = make_delete(ctx, cache, key);
    struct cache_answer answer;
    TRY(ask(ctx, cache, &command, &answer));
    return answer.kind == CACHE_ANSWER_INTS ? OK : refuse(ctx, cache, &answer);
}

void cache_delete_soon(struct ctx *ctx, struct cache *cache, const char *key)
{
    if (cache->conn != NULL) {
        const struct cache_command command = make_delete(ctx, cache, key);
        cache_conn_tell(cache->conn, &command);
    }
}

err cache_lock(struct ctx *ctx, struct cache *cache, const char *key, int64_t ttl_ms,
    bool *out_taken)
{
    struct cache_command command = {0};
    add_text(&command, "SET");
    add_text(&command, full_key(ctx, cache, key));
    add_text(&command, "1");
    add_text(&command, "NX");
    add_text(&command, "PX");
    add_i64(ctx, &command, ttl_ms);
    struct cache_answer answer;
    TRY(ask(ctx, cache, &command, &answer));
    if (answer.kind != CACHE_ANSWER_TEXT && answer.kind != CACHE_ANSWER_NIL) {
        return refuse(ctx, cache, &answer);
    }
    *out_taken = answer.kind == CACHE_ANSWER_TEXT;
    return OK;
}

/* ---- scripts ---- */

/* Loads the script once a worker: its hash stays the same for ever, even when Redis forgets the script. */
static err find_sha(struct ctx *ctx, struct cache *cache, const struct cache_script *script,
    const char **out)
{
    struct script_sha *known = cache->scripts;
    while (known->script != NULL && known->script != script) {
        known++;
        ASSERT(known < cache->scripts + SCRIPTS_MAX);
    }
    if (known->script == NULL) {
        struct cache_command command = {0};
        add_text(&command, "SCRIPT");
        add_text(&command, "LOAD");
        add_text(&command, script->text);
        struct cache_answer answer;
        TRY(ask(ctx, cache, &command, &answer));
        if (answer.kind != CACHE_ANSWER_TEXT || answer.len != SHA1_HEX_LEN) {
            return refuse(ctx, cache, &answer);
        }
        /* Another fiber may have used the row while this one waited. */
        if (known->script != NULL) {
            return find_sha(ctx, cache, script, out);
        }
        known->script = script;
        memcpy(known->sha, answer.text, SHA1_HEX_LEN + 1);
    }
    *out = known->sha;
    return OK;
}

static bool is_forgotten(const struct cache_answer *answer)
{
    static const char noscript[] = "NOSCRIPT";
    return answer->kind == CACHE_ANSWER_ERROR &&
           strncmp(answer->text, noscript, sizeof(noscript) - 1) == 0;
}

err cache_eval(struct ctx *ctx, struct cache *cache, const struct cache_script *script,
    const char *key, const int64_t *args, size_t arg_count, int64_t out[CACHE_SCRIPT_RESULTS_MAX],
    size_t *out_count)
{
    const char *sha = NULL;
    TRY(find_sha(ctx, cache, script, &sha));
    struct cache_command command = {0};
    add_text(&command, "EVALSHA");
    add_text(&command, sha);
    add_text(&command, "1");
    add_text(&command, full_key(ctx, cache, key));
    for (size_t i = 0; i < arg_count; i++) {
        add_i64(ctx, &command, args[i]);
    }
    struct cache_answer answer;
    TRY(ask(ctx, cache, &command, &answer));
    if (is_forgotten(&answer)) { /* by a restart or a flush; EVAL teaches it again */
        command.words[0] = "EVAL";
        command.lens[0] = strlen("EVAL");
        command.words[1] = script->text;
        command.lens[1] = strlen(script->text);
        TRY(ask(ctx, cache, &command, &answer));
    }
    if (answer.kind != CACHE_ANSWER_INTS) {
        return refuse(ctx, cache, &answer);
    }
    memcpy(out, answer.ints, sizeof(answer.ints));
    *out_count = answer.int_count;
    return OK;
}

struct cache_state cache_state(const struct cache *cache)
{
    struct cache_conn_state conn = {.since_us = cache->opened_us};
    if (cache->conn != NULL) {
        conn = cache_conn_state(cache->conn);
    }
    return (struct cache_state){
        .connected = conn.ready,
        .since_us = conn.since_us,
        .last_ms = conn.last_ms,
        .hits = cache->hits,
        .misses = cache->misses,
        .errors = cache->errors,
    };
}
