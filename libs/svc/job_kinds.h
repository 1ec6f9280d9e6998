/* svc/job_kinds.h - every kind of background job and the function that runs it. */
#ifndef SVC_JOB_KINDS_H
#define SVC_JOB_KINDS_H

#include "jobs/jobs.h"

extern const struct job_kind job_kinds[];

#endif
