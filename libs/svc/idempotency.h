/* svc/idempotency.h - replies kept for Idempotency-Key, in Postgres: the record decides, not the worker. The transaction
 * that does the work also says so in the record: when a connection or a process ends before the reply is kept,
 * the work is still done once.
 * Replies are kept sealed (crypto_seal): they name people, and what lets a guest back into a conversation.
 * Waits: all functions (Postgres). */
#ifndef SVC_IDEMPOTENCY_H
#define SVC_IDEMPOTENCY_H

#include <stdint.h>

#include "http/server.h"

struct ctx;
struct db;

/* Borrowed for the life of the store. */
struct idempotency {
    struct db *db;
    uint8_t key[32]; /* the same in all workers and instances of a product */
};
struct idempotency_store idempotency_store_of(struct idempotency *idempotency);
/* For db_options.before_commit. ERR_CONFLICT: the record is not ours any more, the work must not be done. */
err idempotency_before_commit(struct ctx *ctx, struct db *tx);

#endif
