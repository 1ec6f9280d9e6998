/* search/embedder.h - texts to vectors of unit length: by feature hashing in the process ("hash-1536": no network, the
 * same on every machine), or by an OpenAI-compatible service.
 * Owns:   per worker what the service needs: breaker, retry budget, single flight.
 * Waits:  embed_documents and embed_query, when the model is the service's; local models never wait.
 * Errors: ERR_TIMEOUT, ERR_UNAVAILABLE (down, refusing, breaker open, model of nobody), ERR_UPSTREAM (answer is broken,
 *         not finite or of the wrong length), ERR_CANCELLED. */
#ifndef SEARCH_EMBEDDER_H
#define SEARCH_EMBEDDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "db/db.h"

struct cache;
struct client;
struct ctx;
struct loop;
struct weights;

struct search_config {
    const char *embeddings_provider; /* "local" or "openai" */
    const char *embedding_model;     /* of the service */
    int64_t embedding_dims;
    const char *embedding_base_url; /* without /embeddings */
    const char *openai_api_key;     /* secret */
    const char *search_fusion;      /* "rrf" or "convex": as search_fused in SQL takes it */
    int64_t search_rrf_k;
};
extern const struct field search_config_fields[];
extern const int search_config_count;

struct embedding {
    const float *values; /* arena; NULL = none, which is NULL in SQL */
    int64_t dims;
};

#define EMBEDDING_DIMS_MAX 4096
#define EMBEDDING_LOCAL_MODEL "hash-1536"

/* What one call of the service took. Strings are constants, or live as long as the settings. */
struct embed_spent {
    const char *model;
    const char *error_code; /* NULL = it answered */
    int64_t tokens;         /* below 0 = it did not say */
    double dollars;         /* below 0 = it did not say */
    int64_t latency_ms;
};

struct embedder;
/* All borrowed for the life of the embedder. Local models use the config alone. */
struct embedder_options {
    const struct search_config *config;
    struct client *client;
    struct cache *cache;
    struct loop *loop;
    void (*spent)(void *arg, const struct embed_spent *spent); /* must not wait; NULL = not told */
    void *spent_arg;
};
struct embedder *embedder_open(const struct embedder_options *options);
void embedder_close(struct embedder *embedder); /* after the last fiber that uses it */

/* Name of the model that the settings choose. */
const char *embedder_model(const struct embedder *embedder);
/* Whether vectors of this model can be made here: the chosen one, and "hash-<dims>" always. */
bool embedder_knows(const struct embedder *embedder, const char *model);
/* "hash-<dims>": made here, without waiting. */
bool embedder_is_local(const char *model);

/* out has room for count vectors, in the order of the texts. Texts longer than the service takes are cut. */
err embed_documents(struct ctx *ctx, struct embedder *embedder, const char *model,
    const char *const *texts, size_t count, struct embedding *out);
/* weights may be NULL; only local models use them. Vectors of a service come from the cache when they are there. */
err embed_query(struct ctx *ctx, struct embedder *embedder, const char *model,
    const struct weights *weights, const char *text, struct embedding *out);

/* To compare questions with each other, by a local model only: what no text has tells them apart. Never waits. */
struct embedding embed_question(struct ctx *ctx, const char *model, const struct weights *weights,
    const char *text);

/* For SQL that says $n::vector. Bytes in the arena. */
struct db_arg embedding_arg(struct ctx *ctx, const struct embedding *embedding);
/* All of one length, one behind the other, for SQL that says $n::real[]. */
struct db_arg embeddings_arg(struct ctx *ctx, const struct embedding *embeddings, size_t count);
/* SHA-256 of a text: whether a stored vector is still its own. */
void embedding_hash(const char *text, uint8_t out[32]);

#endif
