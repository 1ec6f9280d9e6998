/* svc/idempotency.h - replies kept for Idempotency-Key, in Postgres: the record decides, not the worker. The transaction
 * that does the work also says so in the record: when a connection or a process ends before the reply is kept,
 * the work is still done once.
 * Waits: all functions (Postgres). */
#ifndef SVC_IDEMPOTENCY_H
#define SVC_IDEMPOTENCY_H

#include "http/server.h"

struct ctx;
struct db;

struct idempotency_store idempotency_store_of(struct db *db);
/* For db_options.before_commit. ERR_CONFLICT: the record is not ours any more, the work must not be done. */
err idempotency_before_commit(struct ctx *ctx, struct db *tx);

#endif
