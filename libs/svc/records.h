/* svc/records.h - how long records are kept: stored replies as long as their keys (a day), webhook events and finished jobs 30
 * days, single calls of a model 400 (their daily sums stay), the audit log 730.
 * Waits:  Postgres. */
#ifndef SVC_RECORDS_H
#define SVC_RECORDS_H

#include "jobs/jobs.h"

job_fn records_purge_job; /* "records.purge" {}; comes round */

#endif
