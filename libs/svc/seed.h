/* svc/seed.h - development data from a folder of JSON files: users.json, fx_rates.json, properties.json.
 * Waits:  Postgres. Reads files: for sub-commands, never on a request.
 * Errors: ERR_INVALID for a file that is missing or not JSON; nothing of a file that fails is kept. */
#ifndef SVC_SEED_H
#define SVC_SEED_H

#include <stdint.h>

#include "core/err.h"

struct ctx;
struct db;

struct seed_counts {
    int64_t users, rates, properties;
};

/* Idempotent: what is there already (by clerk_user_id, rate and day, slug) stays as it is. */
err seed_from_folder(struct ctx *ctx, struct db *db, const char *folder, struct seed_counts *out);

#endif
