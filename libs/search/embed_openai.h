/* search/embed_openai.h - vectors from any OpenAI-compatible POST {base}/embeddings.
 * Owns:   breaker, retry budget, single flight and the worker's few vectors of former queries.
 * Waits, errors: as search/embedder.h says of the service's model. */
#ifndef SEARCH_EMBED_OPENAI_H
#define SEARCH_EMBED_OPENAI_H

#include <stddef.h>

#include "core/err.h"

struct arena;
struct ctx;
struct embed_openai;
struct embedder_options;
struct embedding;

/* Lives in the arena; options are borrowed. */
struct embed_openai *embed_openai_open(struct arena *arena, const struct embedder_options *options);
void embed_openai_close(struct embed_openai *service);

err embed_openai_documents(struct ctx *ctx, struct embed_openai *service, const char *const *texts,
    size_t count, struct embedding *out);
err embed_openai_query(struct ctx *ctx, struct embed_openai *service, const char *text,
    struct embedding *out);

#endif
