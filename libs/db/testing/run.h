/* db/testing/run.h - runs test code on fibers of a fresh loop with a database handle. */
#ifndef DB_TESTING_RUN_H
#define DB_TESTING_RUN_H

#include <stdint.h>

#include "core/ctx.h"
#include "db/db.h"

struct arena;
struct fiber;
struct loop;

struct db_test {
    struct loop *loop;
    struct db *db;
    struct arena *arena;
    int running; /* fibers of db_test_spawn that have not ended */
};

/* fn runs on a fiber; its ctx has 20 s. Returns when it has ended. */
void db_test_run(const struct db_config *config, const struct db_stmt *const *const *statements,
    void (*fn)(struct ctx *ctx, struct db_test *test));

/* Starts fn on a fiber of its own, with an own ctx of timeout_ms. */
void db_test_spawn(struct db_test *test, int64_t timeout_ms,
    void (*fn)(struct ctx *ctx, struct db_test *test, void *arg), void *arg);
/* Waits until all of them have ended. */
void db_test_join(struct ctx *ctx, struct db_test *test);

#endif
