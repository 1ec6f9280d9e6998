/* chat/retention.h - how long guests' conversations are kept: DATA_RETENTION_GUEST_DAYS after the last thing said. Those of users
 * stay until their users delete them. As long it is known that a session was claimed.
 * Waits:  Postgres. */
#ifndef CHAT_RETENTION_H
#define CHAT_RETENTION_H

#include "jobs/jobs.h"

job_fn chat_retention_job; /* "chat.retention" {}; comes round */

#endif
