/* db/pipe.h - the inside of db/conn.h that its two files share: queue and descriptor of one connection. */
#ifndef DB_PIPE_H
#define DB_PIPE_H

#include <stdbool.h>

struct db_conn;
struct db_env;

/* The descriptor is ready: sends what is pending, takes what has come. May break the connection. */
void db_pipe_on_ready(struct db_conn *conn);
/* The timer of a connected connection. */
void db_pipe_on_watchdog(struct db_conn *conn);
/* Ends every query in flight as lost. */
void db_pipe_lose_all(struct db_conn *conn);
/* End of the turn: sends what was queued in it. */
bool db_pipe_flush_all(struct db_env *env);

#endif
