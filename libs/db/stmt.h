/* db/stmt.h - one prepared statement. The build makes these from libs/<lib>/sql/<name>.sql ("<lib>/sql.h");
 * no function outside libs/db takes SQL text. */
#ifndef DB_STMT_H
#define DB_STMT_H

struct db_stmt {
    const char *name; /* file name without .sql: prepared under it on every connection */
    const char *text;
};

#endif
