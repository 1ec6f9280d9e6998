/* jobs/shapes.c - a job as admins see it; its payload is the business of its function. */
#include <stddef.h>

#include "jobs/jobs.h"

const char *const job_statuses[] = {"queued", "running", "done", "failed", NULL};

static const struct field job_row_fields[] = {
    FIELD_I64(struct job_row, id, "Id"),
    FIELD_STR(struct job_row, kind, "What kind of work"),
    FIELD_ENUM(struct job_row, status, "failed = given up after its last attempt",
        .choices = job_statuses),
    FIELD_I64(struct job_row, attempts, "Runs so far"),
    FIELD_I64(struct job_row, max_attempts, "Runs before it is given up"),
    FIELD_STR(struct job_row, dedupe_key, "At most one job with this key waits or runs",
        .nullable = true),
    FIELD_JSON(struct job_row, progress, "How far it is"),
    FIELD_STR(struct job_row, last_error, "Why the last run failed", .nullable = true),
    FIELD_TIME(struct job_row, run_at, "Not before"),
    FIELD_TIME(struct job_row, locked_until, "A running one counts as abandoned after this",
        .nullable = true),
    FIELD_TIME(struct job_row, created_at, "Queued"),
    FIELD_TIME(struct job_row, updated_at, "Last change"),
};
const struct shape job_row_shape = {
    .name = "Job",
    .size = sizeof(struct job_row),
    .fields = job_row_fields,
    .count = sizeof(job_row_fields) / sizeof(job_row_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct job_row, has),
};
