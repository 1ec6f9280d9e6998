/* db/testing/postgres.h - a private Postgres for tests: own directory, own socket, gone when the test is gone.
 * Works as root too (the server then runs as user postgres). Blocking; every failure ends the test. */
#ifndef DB_TESTING_POSTGRES_H
#define DB_TESTING_POSTGRES_H

/* Makes a cluster and starts it; for an unchecked fixture. The server ends with the last process that has
 * the fixture (normally or by a signal). */
void postgres_start(void);
void postgres_stop(void);

/* "i": immediate stop and start, "f": fast stop and start, "s": immediate stop, "g": start. Does not wait. */
void postgres_control(const char *command);
/* Waits until it takes connections. */
void postgres_wait(void);

/* URL of a database as a role ("postgres" is the superuser); static storage, until the next call. */
const char *postgres_url(const char *role, const char *database);

/* Runs SQL as the superuser. */
void postgres_sql(const char *database, const char *sql);
/* First column of the first row as a number. */
long postgres_number(const char *database, const char *sql);

#endif
