/* svc/seed.h - development data from a folder of JSON files: users.json, fx_rates.json,
 * properties.json, faq_categories.json, faq.json.
 * Waits:  Postgres, and the embedder. Reads files: for sub-commands, never on a request.
 * Errors: ERR_INVALID for a file that is missing or not JSON; nothing of a file that fails is kept. */
#ifndef SVC_SEED_H
#define SVC_SEED_H

#include <stdint.h>

#include "core/err.h"

struct ctx;
struct services;

struct seed_counts {
    int64_t users, rates, properties, rate_plans, bookings, faq_categories, faq;
    int64_t embedded; /* FAQ entries whose vectors were missing or of another text */
};

/* Idempotent: what is there already (by clerk_user_id, rate and day, slug, question) stays as it is. FAQ and
 * properties can be searched at once. */
err seed_from_folder(struct ctx *ctx, const struct services *services, const char *folder,
    struct seed_counts *out);

#endif
