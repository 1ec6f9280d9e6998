/* What the fast lane does when the server is slow, frozen, gone or back. */
#include "db/db.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "db/testing/postgres.h"
#include "db/testing/run.h"
#include "net/fiber.h"
#include "net/loop.h"

struct number {
    int64_t n;
};
static const struct field number_fields[] = {FIELD_I64(struct number, n, "Number")};

static const struct db_stmt echo = {"echo", "SELECT $1::bigint AS n"};
static const struct db_stmt sleep_ms = {
    "sleep_ms", "SELECT count(pg_sleep($1::float8 / 1000)) AS n"};
static const struct db_stmt backend = {"backend", "SELECT pg_backend_pid() + 0 * $1::bigint AS n"};
static const struct db_stmt *const statements[] = {&echo, &sleep_ms, &backend, NULL};
static const struct db_stmt *const *const lists[] = {statements, NULL};

static void run_at(const char *url, void (*fn)(struct ctx *ctx, struct db_test *test))
{
    const struct db_config config = {.database_url = url, .database_pool_size = 4};
    db_test_run(&config, lists, fn);
}

static void run(void (*fn)(struct ctx *ctx, struct db_test *test))
{
    run_at(postgres_url("postgres", "postgres"), fn);
}

static double now_ms(void)
{
    return (double)clock_monotonic_ns(&clock_system) / 1e6;
}

static err ask(struct ctx *ctx, struct db_test *test, const struct db_stmt *stmt, int64_t arg,
    int64_t *out)
{
    struct number number = {0};
    TRY(db_one(ctx, test->db, stmt, DB_ARGS(DB_I64(arg)), SHAPE(number), &number));
    *out = number.n;
    return OK;
}

static int64_t must_ask(struct ctx *ctx, struct db_test *test, const struct db_stmt *stmt,
    int64_t arg)
{
    int64_t n = -1;
    const err e = ask(ctx, test, stmt, arg, &n);
    ck_assert_msg(is_ok(e), "%s: %s", err_name(e.code), ctx->error.text);
    return n;
}

static void sleep_for(struct ctx *ctx, struct db_test *test, int64_t ms)
{
    const err e = fiber_sleep(ctx, test->loop, ms);
    ck_assert(is_ok(e));
}

/* Time until a query is answered again. */
static double recovery_ms(struct ctx *ctx, struct db_test *test)
{
    const double start = now_ms();
    int64_t n = 0;
    while (!is_ok(ask(ctx, test, &echo, 1, &n))) {
        ck_assert_int_eq(ctx->error.code, ERR_UNAVAILABLE);
        ck_assert_int_eq(ctx->error.retry_after_s, 1);
        sleep_for(ctx, test, 5);
    }
    return now_ms() - start;
}

/* One query on a fiber of its own, and how it ended. */
struct probe {
    const struct db_stmt *stmt;
    int64_t arg;
    int64_t n;
    enum err_code code;
    double took_ms;
    struct fiber *fiber;
};

static void run_probe(struct ctx *ctx, struct db_test *test, void *arg)
{
    struct probe *probe = arg;
    probe->fiber = fiber_current(test->loop);
    const double start = now_ms();
    probe->code = ask(ctx, test, probe->stmt, probe->arg, &probe->n).code;
    probe->took_ms = now_ms() - start;
}

static void miss_deadline(struct ctx *ctx, struct db_test *test)
{
    must_ask(ctx, test, &echo, 1);
    struct probe slow = {.stmt = &sleep_ms, .arg = 3000};
    db_test_spawn(test, 300, run_probe, &slow);
    db_test_join(ctx, test);
    ck_assert_int_eq(slow.code, ERR_TIMEOUT);
    ck_assert(slow.took_ms >= 295 && slow.took_ms < LIMIT_DB_QUERY_MS);
    ck_assert_double_lt(recovery_ms(ctx, test), 1000);
    ck_assert_uint_eq(db_state(test->db).reconnects, 1); /* never used again */
}

START_TEST(a_connection_that_missed_a_deadline_is_closed)
{
    run(miss_deadline);
}
END_TEST

static void run_out_of_time(struct ctx *ctx, struct db_test *test)
{
    must_ask(ctx, test, &echo, 1);
    struct probe slow = {.stmt = &sleep_ms, .arg = 200};
    struct probe late = {.stmt = &echo, .arg = 5};
    struct probe behind = {.stmt = &echo, .arg = 6};
    db_test_spawn(test, 5000, run_probe, &slow);
    db_test_spawn(test, 30, run_probe, &late);
    db_test_spawn(test, 5000, run_probe, &behind);
    db_test_join(ctx, test);
    ck_assert_int_eq(slow.code, ERR_OK);
    ck_assert_int_eq(late.code, ERR_TIMEOUT);
    ck_assert_double_lt(late.took_ms, 100);
    ck_assert_int_eq(behind.code, ERR_OK);
    ck_assert_int_eq(behind.n, 6); /* not the answer that was meant for `late` */
    ck_assert_uint_eq(db_state(test->db).reconnects, 0);
}

START_TEST(a_caller_with_little_time_does_not_cost_its_neighbours_the_connection)
{
    run(run_out_of_time);
}
END_TEST

static void freeze_backend(struct ctx *ctx, struct db_test *test)
{
    const pid_t pid = (pid_t)must_ask(ctx, test, &backend, 0);
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    struct probe first = {.stmt = &echo, .arg = 1};
    struct probe second = {.stmt = &echo, .arg = 2};
    db_test_spawn(test, 10000, run_probe, &first);
    sleep_for(ctx, test, 500);
    db_test_spawn(test, 10000, run_probe, &second);
    db_test_join(ctx, test);
    const double recovery = recovery_ms(ctx, test);
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
    ck_assert_int_eq(first.code, ERR_TIMEOUT);
    ck_assert(first.took_ms >= LIMIT_DB_QUERY_MS - 5 && first.took_ms < 2 * LIMIT_DB_QUERY_MS);
    ck_assert_int_eq(second.code, ERR_UNAVAILABLE);
    ck_assert_double_lt(recovery, 1000);
}

START_TEST(a_frozen_backend_is_left_at_the_deadline)
{
    run(freeze_backend);
}
END_TEST

static void abandon_frozen(struct ctx *ctx, struct db_test *test)
{
    const pid_t pid = (pid_t)must_ask(ctx, test, &backend, 0);
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    struct probe probe = {.stmt = &echo, .arg = 1};
    db_test_spawn(test, 100, run_probe, &probe); /* gives up too early to call the server stuck */
    db_test_join(ctx, test);
    ck_assert_int_eq(probe.code, ERR_TIMEOUT);
    ck_assert_uint_eq(db_state(test->db).reconnects, 0);
    sleep_for(ctx, test, LIMIT_DB_QUERY_MS);
    ck_assert_uint_eq(db_state(test->db).reconnects,
        1); /* the watchdog's work: nobody was waiting */
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
    ck_assert_double_lt(recovery_ms(ctx, test), 1000);
}

START_TEST(a_frozen_backend_is_left_although_nobody_waits)
{
    run(abandon_frozen);
}
END_TEST

static void terminate(struct ctx *ctx, struct db_test *test)
{
    const char *kill_all = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                           "WHERE application_name = 'db-test'";
    must_ask(ctx, test, &echo, 1);
    sleep_for(ctx, test, 1100); /* old enough to be replaced at once */
    struct probe slow = {.stmt = &sleep_ms, .arg = 1500};
    db_test_spawn(test, 10000, run_probe, &slow);
    sleep_for(ctx, test, 50);
    ck_assert_int_eq(postgres_number("postgres", kill_all), 1);
    db_test_join(ctx, test);
    ck_assert_int_eq(slow.code, ERR_UNAVAILABLE);
    ck_assert_double_lt(slow.took_ms, 500);
    ck_assert_double_lt(recovery_ms(ctx, test), 200);
    ck_assert_int_eq(postgres_number("postgres", kill_all), 1); /* idle */
    sleep_for(ctx, test, 300);
    must_ask(ctx, test, &echo, 1);
}

START_TEST(a_terminated_backend_is_replaced)
{
    run(terminate);
}
END_TEST

struct load {
    bool stop;
    int right, wrong, unavailable, other;
    double last_failure_ms;
};

static void ask_often(struct ctx *ctx, struct db_test *test, void *arg)
{
    struct load *load = arg;
    for (int64_t i = 0; !load->stop; i++) {
        int64_t n = -1;
        const err e = ask(ctx, test, &echo, i, &n);
        if (is_ok(e)) {
            *(n == i ? &load->right : &load->wrong) += 1;
            sleep_for(ctx, test, 1);
            continue;
        }
        *(e.code == ERR_UNAVAILABLE ? &load->unavailable : &load->other) += 1;
        load->last_failure_ms = now_ms();
        sleep_for(ctx, test, 5);
    }
}

static void restart_under_load(struct ctx *ctx, struct db_test *test)
{
    struct load load = {0};
    for (int i = 0; i < 32; i++) {
        db_test_spawn(test, 15000, ask_often, &load);
    }
    sleep_for(ctx, test, 300);
    ck_assert_int_gt(load.right, 100);
    ck_assert_int_eq(load.unavailable, 0);
    const double start = now_ms();
    postgres_control("i");
    sleep_for(ctx, test, 3000);
    load.stop = true;
    db_test_join(ctx, test);
    ck_assert_int_gt(load.unavailable, 0);
    ck_assert_int_eq(load.wrong, 0);
    ck_assert_int_eq(load.other, 0);
    ck_assert_double_lt(load.last_failure_ms - start, 2000);
}

START_TEST(a_restart_costs_a_moment)
{
    run(restart_under_load);
    postgres_wait();
}
END_TEST

static void start_without_server(struct ctx *ctx, struct db_test *test)
{
    struct probe probe = {.stmt = &echo, .arg = 1};
    run_probe(ctx, test, &probe);
    ck_assert_int_eq(probe.code, ERR_UNAVAILABLE);
    ck_assert_double_lt(probe.took_ms, 300);
    ck_assert(!db_state(test->db).connected);
    sleep_for(ctx, test, 700); /* the pauses between two tries have grown */
    postgres_control("g");
    ck_assert_double_lt(recovery_ms(ctx, test), 2500);
    ck_assert(db_state(test->db).connected);
}

START_TEST(a_start_without_a_server_is_mended_when_it_comes)
{
    postgres_control("s");
    const struct timespec moment = {.tv_nsec = 300000000};
    nanosleep(&moment, NULL);
    run(start_without_server);
}
END_TEST

static void cancel_one(struct ctx *ctx, struct db_test *test)
{
    must_ask(ctx, test, &echo, 1);
    struct probe slow = {.stmt = &sleep_ms, .arg = 100};
    struct probe left = {.stmt = &echo, .arg = 7};
    struct probe behind = {.stmt = &echo, .arg = 8};
    db_test_spawn(test, 5000, run_probe, &slow);
    db_test_spawn(test, 5000, run_probe, &left);
    db_test_spawn(test, 5000, run_probe, &behind);
    fiber_cancel(left.fiber);
    db_test_join(ctx, test);
    ck_assert_int_eq(slow.code, ERR_OK);
    ck_assert_int_eq(left.code, ERR_CANCELLED);
    ck_assert_int_eq(behind.code, ERR_OK);
    ck_assert_int_eq(behind.n, 8);
    ck_assert_uint_eq(db_state(test->db).reconnects, 0);
    ck_assert_int_eq(db_state(test->db).in_flight, 0); /* its answer was drained */
}

START_TEST(a_cancelled_query_is_drained)
{
    run(cancel_one);
}
END_TEST

static void meet_silence(struct ctx *ctx, struct db_test *test)
{
    struct probe probe = {.stmt = &echo, .arg = 1};
    run_probe(ctx, test, &probe);
    ck_assert_int_eq(probe.code, ERR_UNAVAILABLE);
    ck_assert(probe.took_ms >= LIMIT_DB_START_MS - 5 && probe.took_ms < 2 * LIMIT_DB_START_MS);
    run_probe(ctx, test, &probe);
    ck_assert_int_eq(probe.code, ERR_UNAVAILABLE);
    sleep_for(ctx, test, LIMIT_DB_CONNECT_MS);
    ck_assert_uint_eq(db_state(test->db).reconnects, 1);
    run_probe(ctx, test, &probe);
    ck_assert_double_lt(probe.took_ms, 50);
    ck_assert_ptr_nonnull(strstr(ctx->error.text, "no connection in time"));
}

START_TEST(a_host_that_accepts_and_says_nothing_is_left_at_the_connect_deadline)
{
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    char url[64];
    const char *const hosts[] = {"127.0.0.1", "localhost"};
    snprintf(url, sizeof(url), "postgres://x@%s:%d/x", hosts[_i], ntohs(address.sin_port));
    run_at(url, meet_silence);
    ck_assert_int_ge(accept(listener, NULL, NULL), 0); /* it had come as far as this */
    close(listener);
}
END_TEST

static void meet_unknown_name(struct ctx *ctx, struct db_test *test)
{
    struct probe probe = {.stmt = &echo, .arg = 1};
    while (db_state(test->db).reconnects == 0) {
        const double start = now_ms();
        sleep_for(ctx, test, 5);
        ck_assert_double_lt(now_ms() - start,
            100); /* the loop goes on while the name is looked up */
    }
    run_probe(ctx, test, &probe);
    ck_assert_int_eq(probe.code, ERR_UNAVAILABLE);
    ck_assert_str_eq(ctx->error.text, "not connected: the host name is not known");
}

START_TEST(an_unknown_host_is_said)
{
    run_at("postgres://x@no-such-host.invalid/x", meet_unknown_name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db.conn");
    TCase *tests = tcase_create("faults");
    tcase_set_timeout(tests, 30);
    tcase_add_unchecked_fixture(tests, postgres_start, postgres_stop);
    tcase_add_test(tests, a_connection_that_missed_a_deadline_is_closed);
    tcase_add_test(tests, a_caller_with_little_time_does_not_cost_its_neighbours_the_connection);
    tcase_add_test(tests, a_frozen_backend_is_left_at_the_deadline);
    tcase_add_test(tests, a_frozen_backend_is_left_although_nobody_waits);
    tcase_add_test(tests, a_terminated_backend_is_replaced);
    tcase_add_test(tests, a_restart_costs_a_moment);
    tcase_add_test(tests, a_start_without_a_server_is_mended_when_it_comes);
    tcase_add_test(tests, a_cancelled_query_is_drained);
    tcase_add_loop_test(tests, a_host_that_accepts_and_says_nothing_is_left_at_the_connect_deadline,
        0, 2);
    tcase_add_test(tests, an_unknown_host_is_said);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
