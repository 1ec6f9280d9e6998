/* svc/idempotency.h - replies kept for Idempotency-Key, in Postgres: the record decides, not the worker.
 * Waits: both functions of the store (Postgres). */
#ifndef SVC_IDEMPOTENCY_H
#define SVC_IDEMPOTENCY_H

#include "http/server.h"

struct db;

struct idempotency_store idempotency_store_of(struct db *db);

#endif
