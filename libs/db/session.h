/* db/session.h - settings of our sessions on the server: neither the role's nor the database's defaults decide. Asked for on
 * connecting; a pooler in between may leave them out, which migrate_verify finds. */
#ifndef DB_SESSION_H
#define DB_SESSION_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "core/err.h"

struct arena;
struct ctx;

/* "-c name=value ..." for a lane's connection, in the arena. */
const char *db_session_options(struct arena *arena, bool read_only);

/* Asked first on every connection to a replica; $1 = product. One row, true: the database is the product's and nothing can be
 * written here, be it a stand-by or only a session that reads. */
extern const char db_session_proof[];

/* A pooler answers with a process id of its own making. Blocking. */
err db_session_is_pooled(struct ctx *ctx, PGconn *pg, bool *out);

/* Through a pooler: ERR_CONFLICT if a setting that matters is not ours. Blocking. */
err db_session_check(struct ctx *ctx, PGconn *pg);

#endif
