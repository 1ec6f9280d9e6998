/* jobs/jobs.h - work that is done later, from a queue in Postgres: queued in the transaction that makes it
 * necessary, run by whichever worker is free, again after a failure, given up (and shown to admins) after the last.
 * A job may run more than once (a worker died, a reply was lost): it must be safe to repeat.
 * Waits:  every function but the first three of the runner (Postgres).
 * Errors: those of db/db.h and what is named below. */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct clock;
struct ctx;
struct db;
struct json;
struct log;
struct loop;
struct services;

/* ---- the queue ---- */

/* db: the worker's handle or a transaction; the runner of this worker looks as soon as it is committed.
 * dedupe_key (NULL = none): a waiting job with this key does instead, one that runs will run once more, both with
 * this payload; *out_id (may be NULL) is then 0. */
err jobs_enqueue(struct ctx *ctx, struct db *db, const char *kind, const char *payload_json,
    const char *dedupe_key, int64_t *out_id);

/* One run of a job, for its function. */
struct job {
    int64_t id;
    const char *kind;
    const struct json *payload, *progress;
    int64_t attempts; /* 1 = the first run */
    bool again; /* set by the function: there is more to do than fits one run, see job_progress */
};

/* At most JOB_RUN_MS; the ctx's deadline says so to every wait. */
typedef err job_fn(struct ctx *ctx, const struct services *services, struct job *job);
#define JOB_RUN_MS 30000
/* Whether a run may go on: it has more than spare_ms left, which its next step and the note of it take at most. */
bool job_has_time(const struct ctx *ctx, int64_t spare_ms);

/* An explicit list of these, ended by a zero row, says what a worker runs; other kinds stay queued. */
struct job_kind {
    const char *kind; /* "property.embed" */
    job_fn *run;
    int64_t
        every_seconds; /* it comes round: queued without payload when the last one is so old; 0 = never */
};

/* Keeps how far the job is (JSON object; inside a transaction together with the work) and holds on to it. The
 * next run finds it in job->progress. ERR_CANCELLED when somebody else has taken the job over. */
err job_progress(struct ctx *ctx, struct db *db, struct job *job, const char *json);

/* For kinds that come round often: those that were done keep_seconds ago go, some at a time. */
err jobs_forget(struct ctx *ctx, struct db *db, const char *kind, int64_t keep_seconds);

/* ---- for admins ---- */

struct job_row {
    struct field_set has;
    int64_t id;
    const char *kind, *status;
    int64_t attempts, max_attempts;
    const char *dedupe_key, *progress, *last_error;
    int64_t run_at, locked_until, created_at, updated_at;
};
extern const struct shape job_row_shape;
extern const char *const job_statuses[]; /* NULL-terminated */

struct job_filter {
    const char *status, *kind; /* NULL = any */
    int64_t after_id;          /* last row of the page before; 0 = first page */
    int64_t limit;             /* rows read; ask for one more than shown */
};
err jobs_list(struct ctx *ctx, struct db *db, const struct job_filter *filter, struct list *out);
err jobs_count(struct ctx *ctx, struct db *db, const struct job_filter *filter, int64_t *out);
err jobs_get(struct ctx *ctx, struct db *db, int64_t id, struct job_row *out);
/* ERR_NOT_FOUND; ERR_CONFLICT when it has not failed, or when the same work waits already. Audited. */
err jobs_retry(struct ctx *ctx, struct db *db, int64_t id, int64_t actor_id, struct job_row *out);

/* ---- the runner: one job at a time, on a fiber of its own ---- */

struct jobs;
struct jobs_options {
    const struct job_kind *kinds; /* borrowed */
    const struct services *services;
    const struct clock *clock;
    struct log *log;
    const _Atomic int *ready; /* borrowed: nothing runs before this is true */
};
/* Looks every second, and at once after a commit with jobs_enqueue in this worker. Owns: timer, running fiber. */
struct jobs *jobs_open(struct loop *loop, const struct jobs_options *options);
/* No new job; a running one is cancelled and goes back to the queue. done(arg) runs once, from the loop. */
void jobs_drain(struct jobs *jobs, void (*done)(void *arg), void *arg);
void jobs_close(struct jobs *jobs); /* NULL is a no-op; the loop may not turn again */

struct jobs_state {
    uint64_t done, failed, given_up; /* runs; given_up: of failed, those without another try */
};
struct jobs_state jobs_state(const struct jobs *jobs);

/* Waiting time after the failed attempt, 1 = the first: grows fourfold, a fifth more or less by chance. */
int64_t jobs_backoff_ms(int64_t attempt, uint8_t chance);

#endif
