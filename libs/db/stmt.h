/* db/stmt.h - one prepared statement. The build makes these from libs/<lib>/sql/<name>.sql ("<lib>/sql.h");
 * no function outside libs/db takes SQL text. */
#ifndef DB_STMT_H
#define DB_STMT_H

#include <stdbool.h>

struct db_stmt {
    const char *name; /* file name without .sql: prepared under it on every connection */
    const char *text;
    bool reads; /* changes and locks nothing: may share its transaction with other reads */
};

#endif
