/* svc/schema.h - the database fits the binary: migrated if so configured, verified always, before and while
 * serving. Blocking, as long as the database pleases: so in a process of its own. */
#ifndef SVC_SCHEMA_H
#define SVC_SCHEMA_H

#include <sys/types.h>

struct log;
struct migrate_plan;
struct product;
struct settings;
struct shared;

struct migrate_plan schema_plan(const struct product *product, char owner_role[64]);

struct schema_job {
    const struct product *product;
    const struct settings *settings;
    struct log *log;
    struct shared *shared;
};

/* The exit code of the check. EX_OK also when the database cannot be reached yet (shared then says that the schema is not verified);
 * EX_CONFIG when it is another product's, changed, newer, or the role reaches a sibling database, or when the replica is
 * another product's. */
int schema_check(const struct schema_job *job);

/* The check in a child, which dies with its parent and holds none of the `count` sockets; -1 = no fork. */
pid_t schema_check_start(const struct schema_job *job, const int *sockets, int count);

#endif
