/* chat/golden.h - questions whose answers are known to be right or wrong, and versions of the prompt measured with them.
 * Waits:  every function (Postgres); the job asks the model.
 * Errors: those of db/db.h; ERR_NOT_FOUND for an unknown version or question. */
#ifndef CHAT_GOLDEN_H
#define CHAT_GOLDEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "jobs/jobs.h"

struct chat;
struct ctx;
struct db;

struct golden_rules {
    struct strs must_include, must_not_include; /* of the text, case of ASCII aside */
    const char *must_cite;                      /* JSON list of ids of the FAQ; NULL = none */
    bool expect_refusal;
};
struct golden_case {
    int64_t id;
    const char *question, *locale;
    const char *rules; /* JSON of golden_rules */
    int64_t created_at;
};
extern const struct shape golden_rules_shape, golden_case_shape;

err golden_add(struct ctx *ctx, struct db *db, const struct golden_case *added, int64_t actor_id,
    struct golden_case *out);
err golden_list(struct ctx *ctx, struct db *db, int64_t after_id, int64_t limit, struct list *out);
err golden_count(struct ctx *ctx, struct db *db, int64_t *out);
err golden_delete(struct ctx *ctx, struct db *db, int64_t id);

/* Asks all golden questions of a version, in a background job: "chat.eval". */
err golden_evaluate(struct ctx *ctx, struct chat *chat, int64_t version, int64_t actor_id,
    int64_t *out_job_id);
job_fn golden_job;
/* ERR_CONFLICT unless the last evaluation of the version passed in full. */
err golden_require(struct ctx *ctx, struct db *db, int64_t version);

#endif
