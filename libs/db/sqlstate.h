/* db/sqlstate.h - what an error of the server means: the one table from SQLSTATE to err. */
#ifndef DB_SQLSTATE_H
#define DB_SQLSTATE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "core/err.h"

struct ctx;

/* Reports the failure in `result`. The text names the statement, the SQLSTATE and the constraint, never SQL or
 * values. */
err db_sqlstate_fail(struct ctx *ctx, const char *statement, const PGresult *result);

/* Serialisation failure or deadlock: the same transaction may succeed when it runs again. */
bool db_sqlstate_is_transient(const PGresult *result);

/* The prepared statement is gone or does not fit the schema any more: prepare it again. */
bool db_sqlstate_is_stale(const PGresult *result);

#endif
