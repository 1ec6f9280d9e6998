/* jobs/jobs_internal.h - what queue and runner share. */
#ifndef JOBS_JOBS_INTERNAL_H
#define JOBS_JOBS_INTERNAL_H

/* A job is taken for this long: its run and the time to write down how it ended. Then others may have it. */
#define JOB_LEASE_SECONDS 45

#endif
