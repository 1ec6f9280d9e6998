/* svc/shared.h - the few words that master and workers share besides the metrics page: the master writes about
 * the schema, whichever worker learns of it first about the FAQ.
 * Owns: the mapping (made before the fork). */
#ifndef SVC_SHARED_H
#define SVC_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

struct shared {
    _Atomic int schema_ok;           /* migrations verified with the server's own role */
    _Atomic int64_t schema_since_us; /* wall clock of the last change */
    _Atomic int64_t faq_version;     /* newest one that a worker knows; 0 = none yet */
};

struct shared *shared_new(void); /* NULL if it cannot be mapped */
void shared_free(struct shared *shared);
void shared_set_schema(struct shared *shared, int ok, int64_t wall_us);

#endif
