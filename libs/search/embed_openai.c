#include "search/embed_openai.h"

#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "net/fiber.h"
#include "net/single_flight.h"
#include "net/upstream.h"
#include "search/embed_reply.h"
#include "search/embedder.h"
#include "search/query_cache.h"

#define NS_PER_MS 1000000
#define TOKENS_MAX 1e8 /* of a call; more is nonsense */

enum {
    TOKENS_TEXT = 8000,    /* 8192 is the service's limit */
    TOKENS_BATCH = 250000, /* 300,000 is */
    BODY_MAX = 8 * 1024 * 1024,
    REPLY_BASE_BYTES = 65536,
    REPLY_NUMBER_BYTES = 26, /* one number of a vector, as text */
    LOOK_FIRST_MS = 5,
    LOOK_MAX_MS = 40,
};

struct embed_openai {
    const struct embedder_options *options; /* borrowed */
    struct upstream upstream;
    struct single_flight *flight;
    struct query_cache *queries;
};

struct embed_openai *embed_openai_open(struct arena *arena, const struct embedder_options *options)
{
    struct embed_openai *service = ARENA_NEW(arena, struct embed_openai);
    service->options = options;
    upstream_init(&service->upstream, "embeddings service", options->client, options->loop);
    service->flight = single_flight_new(options->loop);
    service->queries = query_cache_new(arena, options->cache, options->config->embedding_model,
        options->config->embedding_dims);
    return service;
}

void embed_openai_close(struct embed_openai *service)
{
    if (service != NULL) {
        single_flight_free(service->flight);
    }
}

/* ---- request ---- */

/* How much of the text fits, and the most tokens that may be: ASCII takes at most one for two bytes, other scripts two for
 * three. */
static size_t cut_text(const char *text, size_t *out_tokens)
{
    size_t sixths = 0, len = 0;
    for (; text[len] != '\0' && sixths < (size_t)TOKENS_TEXT * 6; len++) {
        sixths += (unsigned char)text[len] < 0x80 ? 3 : 4;
    }
    *out_tokens = sixths / 6 + 1;
    return text[len] == '\0' ? len : utf8_cut(text, strlen(text), len);
}

/* How many of the texts go into one call; at least one. */
static size_t batch_of(const char *const *texts, size_t count)
{
    size_t sum = 0, taken = 0;
    while (taken < count && taken < LIMIT_EMBED_BATCH_TEXTS) {
        size_t tokens = 0;
        cut_text(texts[taken], &tokens);
        sum += tokens;
        if (taken > 0 && sum > TOKENS_BATCH) {
            break;
        }
        taken++;
    }
    return taken;
}

static err write_body(struct ctx *ctx, const struct search_config *config, const char *const *texts,
    size_t count, struct client_body **out)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, /* first_cap */ 1024, BODY_MAX);
    buf_str(&buf, "{\"model\":");
    json_write_string(&buf, config->embedding_model, strlen(config->embedding_model));
    buf_str(&buf, ",\"encoding_format\":\"base64\"");
    if (strstr(config->embedding_model, "text-embedding-3") !=
        NULL) { /* others refuse to be asked */
        buf_str(&buf, ",\"dimensions\":");
        buf_i64(&buf, config->embedding_dims);
    }
    buf_str(&buf, ",\"input\":[");
    for (size_t i = 0; i < count; i++) {
        size_t tokens = 0;
        const size_t len = cut_text(texts[i], &tokens);
        buf_str(&buf, i == 0 ? "" : ",");
        json_write_string(&buf, len == 0 ? " " : texts[i], len == 0 ? 1 : len); /* not empty */
    }
    buf_str(&buf, "]}");
    const char *text = NULL;
    size_t text_len = 0;
    TRY(buf_finish(ctx, &buf, &text, &text_len));
    *out = client_body_new(text, text_len);
    return OK;
}

static const char *url_of(struct ctx *ctx, const char *base)
{
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/') {
        len--;
    }
    return arena_printf(ctx->arena, "%.*s/embeddings", (int)len, base);
}

/* ---- one call ---- */

static err send(struct ctx *ctx, struct embed_openai *service, struct client_request *request,
    struct client_reply *out)
{
    const err sent = upstream_send(ctx, &service->upstream, request, out);
    client_body_let_go(request->body);
    if (sent.code == ERR_TOO_LARGE) { /* not what our client sent: what the service did */
        return fail(ctx, ERR_UPSTREAM, "reply over %zu bytes", request->reply_max_bytes);
    }
    return sent;
}

static err read_reply(struct ctx *ctx, struct embed_openai *service,
    const struct client_reply *reply, const struct embed_wanted *wanted, struct embed_read *out)
{
    const err read = strlen(reply->body) == reply->body_len
                         ? embed_reply_read(ctx, service->options->loop, reply->body, wanted, out)
                         : fail(ctx, ERR_UPSTREAM, "a zero byte in the reply");
    if (read.code == ERR_UPSTREAM) {
        upstream_failed(ctx, &service->upstream);
    } else {
        upstream_answered(&service->upstream);
    }
    return read;
}

static void tell_spent(const struct embed_openai *service, const struct embed_usage *usage,
    err result, int64_t latency_ns)
{
    const struct embedder_options *options = service->options;
    if (options->spent == NULL) {
        return;
    }
    const struct embed_spent spent = {
        .model = options->config->embedding_model,
        .error_code = is_ok(result) ? NULL : err_name(result.code),
        .tokens = usage->tokens <= TOKENS_MAX ? (int64_t)usage->tokens : -1,
        .dollars = usage->dollars,
        .latency_ms = latency_ns / NS_PER_MS,
    };
    options->spent(options->spent_arg, &spent);
}

/* A call that the breaker forbids is none. */
static err ask(struct ctx *ctx, struct embed_openai *service, const char *const *texts,
    size_t count, struct embedding *out, int64_t timeout_ms)
{
    const struct search_config *config = service->options->config;
    const struct embed_wanted wanted = {count, config->embedding_dims};
    struct client_request request = {
        .method = "POST",
        .url = url_of(ctx, config->embedding_base_url),
        .headers = {"Content-Type: application/json", "Accept: application/json",
            arena_printf(ctx->arena, "Authorization: Bearer %s", config->openai_api_key)},
        .timeout_ms = timeout_ms,
        .reply_max_bytes =
            REPLY_BASE_BYTES + count * (size_t)config->embedding_dims * REPLY_NUMBER_BYTES,
    };
    TRY(write_body(ctx, config, texts, count, &request.body));
    const bool pauses = upstream_pauses(ctx, &service->upstream);
    const int64_t begun_ns = clock_monotonic_ns(ctx->clock);
    struct client_reply reply;
    struct embed_read read = {out, {-1, -1}};
    err result = send(ctx, service, &request, &reply);
    if (is_ok(result)) {
        result = read_reply(ctx, service, &reply, &wanted, &read);
    }
    if (!pauses) {
        tell_spent(service, &read.usage, result, clock_monotonic_ns(ctx->clock) - begun_ns);
    }
    return result;
}

err embed_openai_documents(struct ctx *ctx, struct embed_openai *service, const char *const *texts,
    size_t count, struct embedding *out)
{
    for (size_t done = 0; done < count;) {
        const size_t batch = batch_of(texts + done, count - done);
        TRY(ask(ctx, service, texts + done, batch, out + done, LIMIT_EMBED_DOCUMENTS_MS));
        done += batch;
    }
    return OK;
}

/* ---- queries ---- */

struct question {
    struct embed_openai *service;
    const char *text, *key;
    struct embedding *out;
};

static err ask_and_keep(struct ctx *ctx, const struct question *question)
{
    struct embed_openai *service = question->service;
    struct embedding made = {0};
    const err asked =
        ask(ctx, service, &question->text, /* count */ 1, &made, LIMIT_EMBED_QUERY_MS);
    if (is_ok(asked)) {
        query_cache_put(ctx, service->queries, question->key, &made);
        *question->out = made;
    }
    return asked;
}

/* Looks into Redis until the worker that asks the service has put the vector there, failed, or taken too long. */
static err fetch(struct ctx *ctx, void *arg)
{
    const struct question *question = arg;
    struct query_cache *queries = question->service->queries;
    int64_t pause_ms = LOOK_FIRST_MS;
    for (int64_t waited_ms = 0; waited_ms < LIMIT_EMBED_QUERY_MS; waited_ms += pause_ms) {
        if (query_cache_get(ctx, queries, question->key, question->out)) {
            return OK;
        }
        if (query_cache_lock(ctx, queries, question->key)) {
            break;
        }
        TRY(fiber_sleep(ctx, question->service->options->loop, pause_ms));
        pause_ms = pause_ms * 2 < LOOK_MAX_MS ? pause_ms * 2 : LOOK_MAX_MS;
    }
    const bool came_meanwhile = query_cache_get(ctx, queries, question->key, question->out);
    const err asked = came_meanwhile ? OK : ask_and_keep(ctx, question);
    query_cache_unlock(ctx, queries, question->key);
    return asked;
}

err embed_openai_query(struct ctx *ctx, struct embed_openai *service, const char *text,
    struct embedding *out)
{
    const char *key = query_cache_key(ctx, text);
    if (query_cache_find(ctx, service->queries, key, out)) {
        return OK;
    }
    struct embedding made = {0};
    struct question question = {service, text, key, &made};
    TRY(single_flight_do(ctx, service->flight, key, fetch, &question));
    /* Who followed finds what the leader kept, unless many others came meanwhile. */
    if (made.values == NULL && !query_cache_find(ctx, service->queries, key, &made)) {
        TRY(fetch(ctx, &question));
    }
    *out = made;
    return OK;
}
