/* Transactions and leases against a real server. */
#include "db/db.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "db/testing/postgres.h"
#include "db/testing/run.h"
#include "net/fiber.h"

struct number {
    int64_t n;
};
static const struct field number_fields[] = {FIELD_I64(struct number, n, "Number")};

static const struct db_stmt insert = {"insert", "INSERT INTO things (id) VALUES ($1::bigint)"};
static const struct db_stmt backend = {"backend", "SELECT pg_backend_pid() AS n"};
static const struct db_stmt sleep_ms = {
    "sleep_ms", "SELECT count(pg_sleep($1::float8 / 1000)) AS n"};
static const struct db_stmt flaky = {"flaky", "SELECT flaky($1::text, $2::int) AS n"};
static const struct db_stmt changing = {"changing", "SELECT * FROM changing"};
static const struct db_stmt *const statements[] = {
    &insert, &backend, &sleep_ms, &flaky, &changing, NULL};
static const struct db_stmt *const *const lists[] = {statements, NULL};

static void create_tables(void)
{
    postgres_start();
    postgres_sql("postgres",
        "CREATE TABLE things (id bigint PRIMARY KEY); CREATE TABLE changing (n int);"
        "CREATE SEQUENCE tries;"
        /* fails until it was called `times` times; a sequence does not roll back */
        "CREATE FUNCTION flaky(state text, times int) RETURNS bigint LANGUAGE plpgsql AS $$"
        " BEGIN IF nextval('tries') < times THEN RAISE 'x' USING ERRCODE = state; END IF;"
        " RETURN 1; END $$;"
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.id = 666) EXECUTE FUNCTION linger()");
}

static void empty_tables(void)
{
    postgres_sql("postgres", "TRUNCATE things; ALTER SEQUENCE tries RESTART");
}

/* Two slow connections: one kept, one for peaks. */
static void run(void (*fn)(struct ctx *ctx, struct db_test *test))
{
    const struct db_config config = {.database_url = postgres_url("postgres", "postgres"),
        .database_pool_size = 2,
        .database_max_overflow = 1};
    db_test_run(&config, lists, fn);
}

static long stored(void)
{
    return postgres_number("postgres", "SELECT count(*) FROM things");
}

static void must(struct ctx *ctx, err e)
{
    ck_assert_msg(is_ok(e), "%s: %s", err_name(e.code), ctx->error.text);
}

static err get_number(struct ctx *ctx, struct db *db, const struct db_stmt *stmt,
    struct db_args args, int64_t *out)
{
    struct number number = {0};
    TRY(db_one(ctx, db, stmt, args, SHAPE(number), &number));
    *out = number.n;
    return OK;
}

/* What the transaction under test does, in this order; zero members are left out. */
struct script {
    int64_t insert;
    int64_t sleep;
    const char *flaky_state;
    int flaky_times;
    bool swallow; /* ignores the failure of a second insert */
    bool announce;
    enum err_code end;
    int runs;
    int64_t backend;
    enum err_code code;
    double took_ms;
    struct fiber *fiber;
};

static err follow(struct ctx *ctx, struct db *tx, void *arg)
{
    struct script *script = arg;
    int64_t n = 0;
    script->runs++;
    TRY(get_number(ctx, tx, &backend, DB_NO_ARGS, &script->backend));
    if (script->insert != 0) {
        TRY(db_exec(ctx, tx, &insert, DB_ARGS(DB_I64(script->insert)), NULL));
    }
    if (script->swallow) {
        const err e = db_exec(ctx, tx, &insert, DB_ARGS(DB_I64(script->insert)), NULL);
        ck_assert_int_eq(e.code, ERR_CONFLICT);
    }
    if (script->sleep != 0) {
        TRY(get_number(ctx, tx, &sleep_ms, DB_ARGS(DB_I64(script->sleep)), &n));
    }
    if (script->flaky_state != NULL) {
        TRY(get_number(ctx, tx, &flaky,
            DB_ARGS(DB_TEXT(script->flaky_state), DB_I64(script->flaky_times)), &n));
    }
    if (script->announce) {
        db_announce(tx);
    }
    if (script->end == ERR_OK) {
        return OK;
    }
    /* libcheck has a macro fail() of its own */
    return err_fail(ctx, script->end, __FILE__, __LINE__, "the body's own failure");
}

static void run_script(struct ctx *ctx, struct db_test *test, void *arg)
{
    struct script *script = arg;
    script->fiber = fiber_current(test->loop);
    const int64_t start_ns = clock_monotonic_ns(&clock_system);
    script->code = db_tx(ctx, test->db, follow, script).code;
    script->took_ms = (double)(clock_monotonic_ns(&clock_system) - start_ns) / 1e6;
}

static void sleep_for(struct ctx *ctx, struct db_test *test, int64_t ms)
{
    const err e = fiber_sleep(ctx, test->loop, ms);
    ck_assert(is_ok(e));
}

static void commit_and_roll_back(struct ctx *ctx, struct db_test *test)
{
    struct script good = {.insert = 1};
    must(ctx, db_tx(ctx, test->db, follow, &good));
    ck_assert_int_eq(stored(), 1); /* before the caller replies */

    struct script bad = {.insert = 2, .end = ERR_PRECONDITION};
    ck_assert_int_eq(db_tx(ctx, test->db, follow, &bad).code, ERR_PRECONDITION);
    ck_assert_str_eq(ctx->error.text, "the body's own failure");
    struct script conflict = {.insert = 1};
    ck_assert_int_eq(db_tx(ctx, test->db, follow, &conflict).code, ERR_CONFLICT);
    ck_assert(db_violated(ctx, "things_pkey"));
    ck_assert_int_eq(stored(), 1);

    struct script last = {.insert = 3};
    must(ctx, db_tx(ctx, test->db, follow, &last));
    ck_assert_int_eq(last.backend, good.backend); /* rolled back, not thrown away */
    ck_assert_int_eq(stored(), 2);
    ck_assert_int_eq(good.runs + bad.runs + conflict.runs + last.runs, 4);
}

START_TEST(a_transaction_is_stored_whole_or_not_at_all)
{
    run(commit_and_roll_back);
}
END_TEST

/* What was stored when the word came; -1 = it never came. */
static void note_stored(void *arg)
{
    *(long *)arg = stored();
}

static void announce(struct ctx *ctx, struct db_test *test)
{
    long seen = -1;
    struct script good = {.insert = 1, .announce = true};
    must(ctx, db_tx(ctx, test->db, follow, &good)); /* nobody has asked yet */
    db_on_announced(test->db, note_stored, &seen);

    struct script bad = {.insert = 2, .announce = true, .end = ERR_PRECONDITION};
    ck_assert_int_eq(db_tx(ctx, test->db, follow, &bad).code, ERR_PRECONDITION);
    struct script silent = {.insert = 2};
    must(ctx, db_tx(ctx, test->db, follow, &silent));
    ck_assert_int_eq(seen, -1);

    good.insert = 3;
    must(ctx, db_tx(ctx, test->db, follow, &good));
    ck_assert_int_eq(seen, 3);
    must(ctx, db_exec(ctx, test->db, &insert, DB_ARGS(DB_I64(4)), NULL));
    db_announce(test->db);
    ck_assert_int_eq(seen, 4);
}

START_TEST(what_is_announced_is_committed)
{
    run(announce);
}
END_TEST

static void swallow_error(struct ctx *ctx, struct db_test *test)
{
    struct script script = {.insert = 1, .swallow = true};
    ck_assert_int_eq(db_tx(ctx, test->db, follow, &script).code, ERR_INTERNAL);
    ck_assert_int_eq(stored(), 0);
}

START_TEST(a_swallowed_error_is_not_a_commit)
{
    run(swallow_error);
}
END_TEST

static const char *const transient[] = {"40001", "40P01"};

static void fail_twice(struct ctx *ctx, struct db_test *test)
{
    for (int64_t i = 0; i < 2; i++) {
        postgres_sql("postgres", "ALTER SEQUENCE tries RESTART");
        struct script script = {.insert = i + 1, .flaky_state = transient[i], .flaky_times = 3};
        must(ctx, db_tx(ctx, test->db, follow, &script));
        ck_assert_int_eq(script.runs, 3);
    }
    ck_assert_int_eq(stored(), 2);
}

START_TEST(a_transient_failure_runs_again)
{
    run(fail_twice);
}
END_TEST

static void fail_always(struct ctx *ctx, struct db_test *test)
{
    struct script script = {.insert = 1, .flaky_state = "40001", .flaky_times = 100};
    ck_assert_int_eq(db_tx(ctx, test->db, follow, &script).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(script.runs, 3);
    ck_assert_int_eq(ctx->error.retry_after_s, 1);
    struct script other = {.insert = 2, .flaky_state = "23514", .flaky_times = 100};
    ck_assert_int_eq(db_tx(ctx, test->db, follow, &other).code, ERR_INVALID);
    ck_assert_int_eq(other.runs, 1);
    ck_assert_int_eq(stored(), 0);
}

START_TEST(it_runs_three_times_at_most)
{
    run(fail_always);
}
END_TEST

static void fail_single(struct ctx *ctx, struct db_test *test)
{
    int64_t n = 0;
    must(ctx, get_number(ctx, test->db, &flaky, DB_ARGS(DB_TEXT("40001"), DB_I64(3)), &n));
    ck_assert_int_eq(postgres_number("postgres", "SELECT last_value FROM tries"), 3);
    const err e = get_number(ctx, test->db, &flaky, DB_ARGS(DB_TEXT("40P01"), DB_I64(99)), &n);
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    ck_assert_int_eq(postgres_number("postgres", "SELECT last_value FROM tries"), 6);
}

START_TEST(a_single_statement_runs_again_too)
{
    run(fail_single);
}
END_TEST

static void exhaust_leases(struct ctx *ctx, struct db_test *test)
{
    struct script holders[2] = {{.insert = 1, .sleep = 600}, {.insert = 2, .sleep = 600}};
    struct script third = {.insert = 3};
    db_test_spawn(test, 5000, run_script, &holders[0]);
    db_test_spawn(test, 5000, run_script, &holders[1]);
    sleep_for(ctx, test, 100);
    ck_assert_int_eq(db_state(test->db).connections, 3);
    ck_assert_int_eq(db_state(test->db).connections_max, 3);
    db_test_spawn(test, 5000, run_script, &third);
    sleep_for(ctx, test, 50);
    ck_assert_int_eq(db_state(test->db).waiting, 1);
    db_test_join(ctx, test);
    ck_assert_int_eq(holders[0].code, ERR_OK);
    ck_assert_int_eq(holders[1].code, ERR_OK);
    ck_assert_int_eq(third.code, ERR_UNAVAILABLE);
    ck_assert_int_eq(third.runs, 0);
    ck_assert(third.took_ms >= LIMIT_DB_LEASE_MS - 5 && third.took_ms < 4 * LIMIT_DB_LEASE_MS);
    ck_assert_int_eq(db_state(test->db).waiting, 0);
}

START_TEST(who_gets_no_lease_in_time_is_told_to_come_back)
{
    run(exhaust_leases);
}
END_TEST

static void two_at_once(struct ctx *ctx, struct db_test *test, struct script scripts[2])
{
    for (int i = 0; i < 2; i++) {
        scripts[i] = (struct script){.sleep = 50};
        db_test_spawn(test, 5000, run_script, &scripts[i]);
    }
    db_test_join(ctx, test);
}

static void peak_twice(struct ctx *ctx, struct db_test *test)
{
    struct script first[2], second[2];
    two_at_once(ctx, test, first);
    ck_assert_int_eq(db_state(test->db).connections, 3);
    two_at_once(ctx, test, second);
    ck_assert_int_ne(first[0].backend, first[1].backend);
    for (int i = 0; i < 2; i++) {
        ck_assert(second[i].backend == first[0].backend || second[i].backend == first[1].backend);
    }
    sleep_for(ctx, test, 2 * LIMIT_DB_SURPLUS_MS + 500);
    ck_assert_int_eq(db_state(test->db).connections, 2);
    two_at_once(ctx, test, first); /* and there is another one when it is needed again */
    ck_assert_int_eq(first[0].code, ERR_OK);
    ck_assert_int_eq(first[1].code, ERR_OK);
}

START_TEST(a_connection_for_a_peak_stays_for_the_next_one)
{
    run(peak_twice);
}
END_TEST

static void queue_for_leases(struct ctx *ctx, struct db_test *test)
{
    struct script scripts[12] = {{0}};
    for (int i = 0; i < 12; i++) {
        scripts[i] =
            (struct script){.insert = i + 1, .sleep = 20, .end = i % 3 ? ERR_OK : ERR_GONE};
        db_test_spawn(test, 5000, run_script, &scripts[i]);
    }
    db_test_join(ctx, test);
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq(scripts[i].code, scripts[i].end);
    }
    ck_assert_int_eq(stored(), 8);
}

START_TEST(leases_go_to_those_who_wait)
{
    run(queue_for_leases);
}
END_TEST

static void cancel_some(struct ctx *ctx, struct db_test *test)
{
    struct script holders[2] = {{.insert = 1, .sleep = 150}, {.insert = 2, .sleep = 1900}};
    struct script waiter = {.insert = 3};
    db_test_spawn(test, 5000, run_script, &holders[0]);
    db_test_spawn(test, 5000, run_script, &holders[1]);
    sleep_for(ctx, test, 50);
    db_test_spawn(test, 5000, run_script, &waiter);
    sleep_for(ctx, test, 20);
    fiber_cancel(waiter.fiber);     /* waits for a lease */
    fiber_cancel(holders[1].fiber); /* waits for an answer */
    db_test_join(ctx, test);
    ck_assert_int_eq(holders[0].code, ERR_OK);
    ck_assert_int_eq(holders[1].code, ERR_CANCELLED);
    ck_assert_double_lt(holders[1].took_ms, 500);
    ck_assert_int_eq(waiter.code, ERR_CANCELLED);
    ck_assert_int_eq(db_state(test->db).waiting, 0);
    struct script after[2] = {{.insert = 4}, {.insert = 5}};
    db_test_spawn(test, 5000, run_script, &after[0]); /* both leases are there again */
    db_test_spawn(test, 5000, run_script, &after[1]);
    db_test_join(ctx, test);
    ck_assert_int_eq(after[0].code, ERR_OK);
    ck_assert_int_eq(after[1].code, ERR_OK);
    ck_assert_int_eq(stored(), 3);
}

START_TEST(a_cancelled_transaction_leaves_nothing_behind)
{
    run(cancel_some);
}
END_TEST

static void run_out_of_time(struct ctx *ctx, struct db_test *test)
{
    struct script slow = {.insert = 1, .sleep = 1000};
    db_test_spawn(test, 300, run_script, &slow);
    db_test_join(ctx, test);
    ck_assert_int_eq(slow.code, ERR_TIMEOUT);
    ck_assert_double_lt(slow.took_ms, 450);
    struct script next = {.insert = 2};
    must(ctx, db_tx(ctx, test->db, follow, &next));
    ck_assert_int_ne(next.backend,
        slow.backend); /* a connection that missed a deadline is closed */
    sleep_for(ctx, test, 1000);
    ck_assert_int_eq(stored(), 1);
}

START_TEST(a_transaction_that_misses_its_deadline_is_undone)
{
    run(run_out_of_time);
}
END_TEST

static void kill_backend(int64_t pid)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "SELECT count(pg_terminate_backend(%d))", (int)pid);
    ck_assert_int_eq(postgres_number("postgres", sql), 1);
}

static void lose_commit(struct ctx *ctx, struct db_test *test)
{
    struct script script = {.insert = 666}; /* its COMMIT takes a second */
    db_test_spawn(test, 5000, run_script, &script);
    sleep_for(ctx, test, 300);
    ck_assert_int_ne(script.backend, 0);
    kill_backend(script.backend);
    db_test_join(ctx, test);
    ck_assert_int_eq(script.code, ERR_UNAVAILABLE);
    ck_assert_int_eq(script.runs, 1); /* nobody knows whether it was stored */
}

START_TEST(a_lost_commit_is_not_run_again)
{
    run(lose_commit);
}
END_TEST

static void lose_idle(struct ctx *ctx, struct db_test *test)
{
    struct script first = {.insert = 1};
    must(ctx, db_tx(ctx, test->db, follow, &first));
    kill_backend(first.backend);
    sleep_for(ctx, test, 50);
    struct script second = {.insert = 2};
    must(ctx, db_tx(ctx, test->db, follow, &second));
    ck_assert_int_ne(first.backend, second.backend);
}

START_TEST(a_connection_lost_while_idle_is_replaced)
{
    run(lose_idle);
}
END_TEST

static err read_changing(struct ctx *ctx, struct db *tx, void *arg)
{
    (void)arg;
    struct list list;
    return db_list(ctx, tx, &changing, DB_NO_ARGS, SHAPE(number), 0, &list);
}

static void change_plan(struct ctx *ctx, struct db_test *test)
{
    must(ctx, db_tx(ctx, test->db, read_changing, NULL));
    postgres_sql("postgres", "ALTER TABLE changing ALTER n TYPE numeric(10,0)");
    must(ctx, db_tx(ctx, test->db, read_changing, NULL));
}

START_TEST(a_changed_schema_is_met_on_a_new_connection)
{
    run(change_plan);
}
END_TEST

static err nest(struct ctx *ctx, struct db *tx, void *arg)
{
    return db_tx(ctx, tx, nest, arg);
}

static void nest_transactions(struct ctx *ctx, struct db_test *test)
{
    const err e = db_tx(ctx, test->db, nest, NULL);
    ck_abort_msg("nesting went on: %s", err_name(e.code));
}

START_TEST(nesting_is_a_programming_error)
{
    run(nest_transactions);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db.tx");
    TCase *tests = tcase_create("transactions");
    tcase_set_timeout(tests, 30);
    tcase_add_unchecked_fixture(tests, create_tables, postgres_stop);
    tcase_add_checked_fixture(tests, empty_tables, NULL);
    tcase_add_test(tests, a_transaction_is_stored_whole_or_not_at_all);
    tcase_add_test(tests, what_is_announced_is_committed);
    tcase_add_test(tests, a_swallowed_error_is_not_a_commit);
    tcase_add_test(tests, a_transient_failure_runs_again);
    tcase_add_test(tests, it_runs_three_times_at_most);
    tcase_add_test(tests, a_single_statement_runs_again_too);
    tcase_add_test(tests, who_gets_no_lease_in_time_is_told_to_come_back);
    tcase_add_test(tests, a_connection_for_a_peak_stays_for_the_next_one);
    tcase_add_test(tests, leases_go_to_those_who_wait);
    tcase_add_test(tests, a_cancelled_transaction_leaves_nothing_behind);
    tcase_add_test(tests, a_transaction_that_misses_its_deadline_is_undone);
    tcase_add_test(tests, a_lost_commit_is_not_run_again);
    tcase_add_test(tests, a_connection_lost_while_idle_is_replaced);
    tcase_add_test(tests, a_changed_schema_is_met_on_a_new_connection);
    tcase_add_test_raise_signal(tests, nesting_is_a_programming_error, SIGABRT);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
