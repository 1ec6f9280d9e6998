/* svc/schema.h - the database fits the binary: migrated if so configured, verified always, before and while
 * serving. Blocking: for the master and sub-commands only. */
#ifndef SVC_SCHEMA_H
#define SVC_SCHEMA_H

struct log;
struct migrate_plan;
struct product;
struct settings;
struct shared;

struct migrate_plan schema_plan(const struct product *product, char owner_role[64]);

/* EX_OK also when the database cannot be reached yet (shared then says that the schema is not verified);
 * EX_CONFIG when it is another product's, changed, newer, or the role reaches a sibling database. */
int schema_prepare(const struct product *product, const struct settings *settings, struct log *log,
    struct shared *shared);

#endif
