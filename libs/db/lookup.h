/* db/lookup.h - the addresses of a host name, asked on a helper thread of the C library: PQconnectStart would
 * look it up itself and block the loop.
 * Owns: one question at a time; it is asked to the end even if nobody wants the answer any more. */
#ifndef DB_LOOKUP_H
#define DB_LOOKUP_H

struct arena;
struct db_lookup;
struct loop;

/* done(arg) is called from the loop after each db_lookup_start that was not stopped. */
struct db_lookup *db_lookup_new(struct arena *arena, struct loop *loop, void (*done)(void *arg),
    void *arg);
/* Waits for a question that is still being asked. */
void db_lookup_free(struct db_lookup *lookup);

/* host is borrowed until db_lookup_free, and the same every time. */
void db_lookup_start(struct db_lookup *lookup, const char *host);
void db_lookup_stop(struct db_lookup *lookup);

/* What the last question found, as libpq takes several addresses of one name: "10.0.0.1,10.0.0.2" and
 * "db,db". Empty: nothing. Valid until the next db_lookup_start. */
const char *db_lookup_addresses(const struct db_lookup *lookup);
const char *db_lookup_hosts(const struct db_lookup *lookup);

#endif
