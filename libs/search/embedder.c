#include "search/embedder.h"

#include <ctype.h>
#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "search/embed_local.h"
#include "search/embed_openai.h"

enum { DIMS_MIN = 8, VECTOR_HEAD = 4, FLOAT_BYTES = 4 };
enum { ARRAY_HEAD_NUMBERS = 5, NUMBER_BYTES = 4, FLOAT4_OID = 700 };

static const char local_prefix[] = "hash-";
static const char *const provider_choices[] = {"local", "openai", NULL};
static const char *const fusion_choices[] = {"rrf", "convex", NULL};

const struct field search_config_fields[] = {
    FIELD_ENUM(struct search_config, embeddings_provider,
        "Who makes vectors of texts: this process, or an OpenAI-compatible service",
        .choices = provider_choices, .dflt_text = "local"),
    FIELD_STR(struct search_config, embedding_model, "Model of the service", .min = 1, .max = 100,
        .dflt_text = "text-embedding-3-small"),
    FIELD_I64(struct search_config, embedding_dims, "Length of the service's vectors",
        .min = DIMS_MIN, .max = EMBEDDING_DIMS_MAX, .dflt = 1536),
    FIELD_STR(struct search_config, embedding_base_url,
        "Address of the service, without /embeddings", .dflt_text = "https://api.openai.com/v1"),
    FIELD_SECRET(struct search_config, openai_api_key,
        "Required when a provider is openai and has no key of its own"),
    FIELD_ENUM(struct search_config, search_fusion,
        "How hits by meaning and by words become one list: by ranks, or by scaled scores",
        .choices = fusion_choices, .dflt_text = "convex"),
    FIELD_I64(struct search_config, search_rrf_k, "Constant of the fusion by ranks", .min = 1,
        .max = 1000, .dflt = 60),
};
const int search_config_count = sizeof(search_config_fields) / sizeof(search_config_fields[0]);

struct embedder {
    struct arena *arena; /* of the embedder itself */
    struct embedder_options options;
    struct embed_openai *service; /* NULL unless the settings choose it */
};

struct embedder *embedder_open(const struct embedder_options *options)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct embedder *embedder = ARENA_NEW(arena, struct embedder);
    *embedder = (struct embedder){arena, *options, NULL};
    if (strcmp(options->config->embeddings_provider, "openai") == 0) {
        embedder->service = embed_openai_open(arena, &embedder->options);
    }
    return embedder;
}

void embedder_close(struct embedder *embedder)
{
    if (embedder != NULL) {
        embed_openai_close(embedder->service);
        arena_free(embedder->arena);
    }
}

const char *embedder_model(const struct embedder *embedder)
{
    return embedder->service != NULL ? embedder->options.config->embedding_model
                                     : EMBEDDING_LOCAL_MODEL;
}

/* Dimensions of "hash-<dims>"; 0 = another model. */
static int64_t local_dims(const char *model)
{
    if (strncmp(model, local_prefix, sizeof(local_prefix) - 1) != 0) {
        return 0;
    }
    int64_t dims = 0;
    for (const char *c = model + sizeof(local_prefix) - 1; *c != '\0'; c++) {
        if (!isdigit((unsigned char)*c) || dims > EMBEDDING_DIMS_MAX) {
            return 0;
        }
        dims = dims * 10 + (*c - '0');
    }
    return dims >= DIMS_MIN && dims <= EMBEDDING_DIMS_MAX ? dims : 0;
}

bool embedder_is_local(const char *model)
{
    return local_dims(model) != 0;
}

bool embedder_knows(const struct embedder *embedder, const char *model)
{
    return embedder_is_local(model) || strcmp(model, embedder_model(embedder)) == 0;
}

static err need_service(struct ctx *ctx, const struct embedder *embedder, const char *model)
{
    return embedder_knows(embedder, model)
               ? OK
               : fail(ctx, ERR_UNAVAILABLE, "nobody here makes vectors of %s", model);
}

err embed_documents(struct ctx *ctx, struct embedder *embedder, const char *model,
    const char *const *texts, size_t count, struct embedding *out)
{
    const int64_t dims = local_dims(model);
    if (dims == 0) {
        TRY(need_service(ctx, embedder, model));
        return embed_openai_documents(ctx, embedder->service, texts, count, out);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = embed_local(ctx->arena, texts[i], dims, /* weights */ NULL);
    }
    return OK;
}

err embed_query(struct ctx *ctx, struct embedder *embedder, const char *model,
    const struct weights *weights, const char *text, struct embedding *out)
{
    const int64_t dims = local_dims(model);
    if (dims == 0) {
        TRY(need_service(ctx, embedder, model));
        return embed_openai_query(ctx, embedder->service, text, out);
    }
    *out = embed_local(ctx->arena, text, dims, weights);
    return OK;
}

struct embedding embed_question(struct ctx *ctx, const char *model, const struct weights *weights,
    const char *text)
{
    return embed_local_whole(ctx->arena, text, local_dims(model), weights);
}

static void put_big_endian(uint8_t *out, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    }
}

static void put_float(uint8_t *out, float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    put_big_endian(out, bits, FLOAT_BYTES);
}

struct db_arg embedding_arg(struct ctx *ctx, const struct embedding *embedding)
{
    if (embedding->values == NULL) {
        return DB_NULL();
    }
    const size_t dims = (size_t)embedding->dims;
    uint8_t *bytes = arena_alloc_raw(ctx->arena, VECTOR_HEAD + dims * FLOAT_BYTES);
    put_big_endian(bytes, (uint32_t)dims << 16, VECTOR_HEAD); /* the second half is unused */
    for (size_t i = 0; i < dims; i++) {
        put_float(bytes + VECTOR_HEAD + i * FLOAT_BYTES, embedding->values[i]);
    }
    return DB_BINARY(bytes, (int)(VECTOR_HEAD + dims * FLOAT_BYTES));
}

struct db_arg embeddings_arg(struct ctx *ctx, const struct embedding *embeddings, size_t count)
{
    const size_t dims = (size_t)embeddings->dims;
    /* dimensions, no NULL inside, type, length, number of the first one; then length and value of each */
    const uint32_t head[ARRAY_HEAD_NUMBERS] = {1, 0, FLOAT4_OID, (uint32_t)(count * dims), 1};
    const size_t size = sizeof(head) + count * dims * (NUMBER_BYTES + FLOAT_BYTES);
    uint8_t *bytes = arena_alloc_raw(ctx->arena, size);
    uint8_t *to = bytes;
    for (size_t i = 0; i < ARRAY_HEAD_NUMBERS; i++, to += NUMBER_BYTES) {
        put_big_endian(to, head[i], NUMBER_BYTES);
    }
    for (size_t i = 0; i < count * dims; i++, to += NUMBER_BYTES + FLOAT_BYTES) {
        put_big_endian(to, FLOAT_BYTES, NUMBER_BYTES);
        put_float(to + NUMBER_BYTES, embeddings[i / dims].values[i % dims]);
    }
    return DB_BINARY(bytes, (int)size);
}

void embedding_hash(const char *text, uint8_t out[32])
{
    crypto_sha256(text, strlen(text), out);
}
