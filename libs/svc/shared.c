#include "svc/shared.h"

#include <stddef.h>
#include <sys/mman.h>

struct shared *shared_new(void)
{
    void *at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
        -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void shared_free(struct shared *shared)
{
    if (shared != NULL) {
        munmap(shared, sizeof(*shared));
    }
}

void shared_set_schema(struct shared *shared, int ok, int64_t wall_us)
{
    if (shared->schema_since_us == 0 || shared->schema_ok != ok) {
        shared->schema_since_us = wall_us;
    }
    shared->schema_ok = ok;
}
