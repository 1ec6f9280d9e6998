/* The fast lane against a real server: values, shapes, many fibers on one connection, errors. */
#include "db/db.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/limits.h"
#include "db/testing/postgres.h"
#include "db/testing/run.h"
#include "net/fiber.h"

struct owner {
    int64_t id;
    const char *name;
};
static const struct field owner_fields[] = {
    FIELD_I64(struct owner, id, "Key"),
    FIELD_STR(struct owner, name, "Name", .nullable = true),
};

struct item {
    int64_t id;
    double price;
    bool open;
    const char *name;
    const char *state;
    int64_t at;
    const char *day;
    struct strs tags;
    const char *extra;
    int64_t rank;
    struct owner owner;
    struct field_set has;
};
static const char *const states[] = {"draft", "live", NULL};
static const struct field item_fields[] = {
    FIELD_I64(struct item, id, "Key"),
    FIELD_F64(struct item, price, "Price"),
    FIELD_BOOL(struct item, open, "Open"),
    FIELD_STR(struct item, name, "Name"),
    FIELD_ENUM(struct item, state, "State", .choices = states),
    FIELD_TIME(struct item, at, "When"),
    FIELD_DATE(struct item, day, "Day"),
    FIELD_STRS(struct item, tags, "Tags"),
    FIELD_JSON(struct item, extra, "More", .nullable = true),
    FIELD_I64(struct item, rank, "Rank", .nullable = true),
    FIELD_OBJ(struct item, owner, owner, "Owner", .shape = SHAPE(owner), .nullable = true),
};
enum { ROW_EXTRA = 8, ROW_RANK = 9, ROW_OWNER = 10 };

struct number {
    int64_t n;
};
static const struct field number_fields[] = {FIELD_I64(struct number, n, "Number")};

static const struct db_stmt echo = {"echo",
    "SELECT $1::bigint AS id, $2::float8 AS price, $3::bool AS open, $4::text AS name, "
    "$5::text AS state, $6::timestamptz AS at, $7::date AS day, $8::text[] AS tags, "
    "$9::jsonb AS extra, $10::bigint AS rank, $11::bigint AS \"owner.id\", "
    "$12::text AS \"owner.name\""};
static const struct db_stmt series = {"series", "SELECT n FROM generate_series(1, $1::bigint) n"};
static const struct db_stmt divide = {"divide", "SELECT 100 / $1::bigint AS n"};
static const struct db_stmt quotient = {"quotient", "SELECT 100 / $1::bigint AS n", .reads = true};
static const struct db_stmt moment = {"moment",
    "SELECT (extract(epoch FROM now()) * 1000000)::bigint + 0 * $1::bigint AS n", .reads = true};
static const struct db_stmt size_of = {"size_of", "SELECT length($1::bytea) AS n"};
static const struct db_stmt sleep_s = {"sleep_s", "SELECT count(pg_sleep($1::float8)) AS n"};
static const struct db_stmt insert = {"insert", "INSERT INTO things (id) VALUES ($1::bigint)"};
static const struct db_stmt update = {"update", "UPDATE things SET id = -id WHERE id > $1::bigint"};
static const struct db_stmt wide = {"wide", "SELECT 1 AS n, 2 AS surplus"};
static const struct db_stmt null_number = {"null_number", "SELECT NULL::bigint AS n"};
static const struct db_stmt broken = {"broken", "SELECT n FROM no_such_table"};
static const struct db_stmt all_things = {"all_things", "SELECT * FROM changing"};
static const struct db_stmt grown = {"grown", "SELECT id AS n FROM growing WHERE id = $1::bigint"};
static const struct db_stmt plan = {"plan", "SELECT plan_of('grown(1)') AS name"};
static const struct db_stmt show = {"show",
    "SELECT current_setting('TimeZone') AS name, current_setting('statement_timeout') AS state, "
    "current_setting('search_path') AS extra"};

static const struct db_stmt *const statements[] = {&echo, &series, &size_of, &divide, &quotient,
    &moment, &sleep_s, &insert, &update, &wide, &null_number, &broken, &all_things, &grown, &plan,
    &show, NULL};
static const struct db_stmt *const *const lists[] = {statements, NULL};

static void run(void (*fn)(struct ctx *ctx, struct db_test *test))
{
    const struct db_config config = {
        .database_url = postgres_url("postgres", "postgres"), .database_pool_size = 4};
    db_test_run(&config, lists, fn);
}

static void must(struct ctx *ctx, err e)
{
    ck_assert_msg(is_ok(e), "%s: %s", err_name(e.code), ctx->error.text);
}

static err get_number(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, int64_t arg,
    int64_t *out)
{
    struct number number = {0};
    TRY(db_one(ctx, db, stmt, DB_ARGS(DB_I64(arg)), SHAPE(number), &number));
    *out = number.n;
    return OK;
}

static void read_all_types(struct ctx *ctx, struct db_test *test)
{
    const int64_t at = 1790000000123456;
    struct item item;
    must(ctx, db_one(ctx, test->db, &echo,
                  DB_ARGS(DB_I64(INT64_MIN), DB_F64(-1.25e-7), DB_BOOL(true), DB_TEXT("ก\"x"),
                      DB_TEXT("live"), DB_TIME(at), DB_TEXT("2026-02-28"),
                      DB_TEXT("{a,\"b, \\\"c\\\"\",\"\"}"), DB_TEXT("{\"k\": [1]}"), DB_I64(0),
                      DB_I64(7), DB_TEXT("Ann")),
                  SHAPE_SET(item), &item));
    ck_assert_int_eq(item.id, INT64_MIN);
    ck_assert_double_eq(item.price, -1.25e-7);
    ck_assert(item.open);
    ck_assert_str_eq(item.name, "ก\"x");
    ck_assert_ptr_eq(item.state, states[1]);
    ck_assert_int_eq(item.at, at);
    ck_assert_str_eq(item.day, "2026-02-28");
    ck_assert_int_eq(item.tags.count, 3);
    ck_assert_str_eq(item.tags.items[0], "a");
    ck_assert_str_eq(item.tags.items[1], "b, \"c\"");
    ck_assert_str_eq(item.tags.items[2], "");
    ck_assert_str_eq(item.extra, "{\"k\": [1]}");
    ck_assert_int_eq(item.rank, 0);
    ck_assert(field_is_present(&item.has, ROW_RANK));
    ck_assert_int_eq(item.owner.id, 7);
    ck_assert_str_eq(item.owner.name, "Ann");
    ck_assert(field_is_present(&item.has, ROW_OWNER));
}

START_TEST(every_type_arrives_as_it_was_sent)
{
    run(read_all_types);
}
END_TEST

static void read_nulls(struct ctx *ctx, struct db_test *test)
{
    struct item item;
    must(ctx, db_one(ctx, test->db, &echo,
                  DB_ARGS(DB_I64(1), DB_F64(0), DB_BOOL(false), DB_NULL(), DB_NULL(), DB_TIME(0),
                      DB_NULL(), DB_TEXT("{}"), DB_NULL(), DB_NULL(), DB_NULL(), DB_NULL()),
                  SHAPE_SET(item), &item));
    ck_assert_ptr_null(item.name);
    ck_assert_ptr_null(item.state);
    ck_assert_int_eq(item.tags.count, 0);
    ck_assert_ptr_null(item.extra);
    ck_assert(!field_is_present(&item.has, ROW_EXTRA));
    ck_assert(!field_is_present(&item.has, ROW_RANK));
    ck_assert(!field_is_present(&item.has, ROW_OWNER)); /* an outer join that found nothing */

    /* half an owner is not a null owner */
    const err e = db_one(ctx, test->db, &echo,
        DB_ARGS(DB_I64(1), DB_F64(0), DB_BOOL(false), DB_NULL(), DB_NULL(), DB_TIME(0), DB_NULL(),
            DB_TEXT("{}"), DB_NULL(), DB_NULL(), DB_NULL(), DB_TEXT("Ann")),
        SHAPE_SET(item), &item);
    ck_assert_int_eq(e.code, ERR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(ctx->error.text, "owner.id"));
}

START_TEST(null_is_told_from_zero)
{
    run(read_nulls);
}
END_TEST

static void send_bytes(struct ctx *ctx, struct db_test *test)
{
    static const char bytes[] = {'a', '\0', 'b', '\xff'};
    struct number number = {0};
    must(ctx, db_one(ctx, test->db, &size_of, DB_ARGS(DB_BINARY(bytes, sizeof(bytes))),
                  SHAPE(number), &number));
    ck_assert_int_eq(number.n, sizeof(bytes));
}

START_TEST(bytes_travel_as_they_are)
{
    run(send_bytes);
}
END_TEST

static void read_wrong_shapes(struct ctx *ctx, struct db_test *test)
{
    struct number number = {.n = 42};
    err e = db_one(ctx, test->db, &wide, DB_NO_ARGS, SHAPE(number), &number);
    ck_assert_int_eq(e.code, ERR_INTERNAL);
    ck_assert_str_eq(ctx->error.text, "wide: column surplus has no member in number");
    e = db_one(ctx, test->db, &null_number, DB_NO_ARGS, SHAPE(number), &number);
    ck_assert_int_eq(e.code, ERR_INTERNAL);
    ck_assert_str_eq(ctx->error.text, "null_number: column n is NULL, number needs a value");
    e = db_one(ctx, test->db, &broken, DB_NO_ARGS, SHAPE(number), &number);
    ck_assert_int_eq(e.code, ERR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(ctx->error.text, "42P01"));
    ck_assert_int_eq(number.n, 42); /* untouched on failure */
    must(ctx, get_number(ctx, test->db, &divide, 4, &number.n));
    ck_assert_int_eq(number.n, 25);
}

START_TEST(a_statement_that_does_not_fit_is_our_fault)
{
    run(read_wrong_shapes);
}
END_TEST

static void read_counts(struct ctx *ctx, struct db_test *test)
{
    struct number number;
    ck_assert_int_eq(db_one(ctx, test->db, &series, DB_ARGS(DB_I64(0)), SHAPE(number), &number)
                         .code,
        ERR_NOT_FOUND);
    ck_assert_int_eq(db_one(ctx, test->db, &series, DB_ARGS(DB_I64(2)), SHAPE(number), &number)
                         .code,
        ERR_INTERNAL);
    struct list list = {0};
    must(ctx, db_list(ctx, test->db, &series, DB_ARGS(DB_I64(0)), SHAPE(number), 0, &list));
    ck_assert_int_eq(list.count, 0);
    must(ctx, db_list(ctx, test->db, &series, DB_ARGS(DB_I64(3)), SHAPE(number), 3, &list));
    ck_assert_int_eq(list.count, 3);
    ck_assert_int_eq(((struct number *)list.items)[2].n, 3);
    ck_assert_int_eq(db_list(ctx, test->db, &series, DB_ARGS(DB_I64(4)), SHAPE(number), 3, &list)
                         .code,
        ERR_TOO_LARGE);
    ck_assert_int_eq(list.count, 3);
    must(ctx,
        db_list(ctx, test->db, &series, DB_ARGS(DB_I64(LIMIT_DB_ROWS)), SHAPE(number), 0, &list));
    ck_assert_int_eq(list.count, LIMIT_DB_ROWS);
    ck_assert_int_eq(db_list(ctx, test->db, &series, DB_ARGS(DB_I64(LIMIT_DB_ROWS + 1)),
                         SHAPE(number), 0, &list)
                         .code,
        ERR_TOO_LARGE);
    must(ctx, db_list_slow(ctx, test->db, &series, DB_ARGS(DB_I64(5)), SHAPE(number), 0, &list));
    ck_assert_int_eq(list.count, 5);
}

START_TEST(the_number_of_rows_is_part_of_the_call)
{
    run(read_counts);
}
END_TEST

static void write_rows(struct ctx *ctx, struct db_test *test)
{
    int64_t affected = -1;
    must(ctx, db_exec(ctx, test->db, &insert, DB_ARGS(DB_I64(1)), NULL));
    must(ctx, db_exec(ctx, test->db, &insert, DB_ARGS(DB_I64(2)), &affected));
    ck_assert_int_eq(affected, 1);
    must(ctx, db_exec(ctx, test->db, &update, DB_ARGS(DB_I64(0)), &affected));
    ck_assert_int_eq(affected, 2);
    must(ctx, db_exec(ctx, test->db, &update, DB_ARGS(DB_I64(0)), &affected));
    ck_assert_int_eq(affected, 0);
    const err e = db_exec(ctx, test->db, &insert, DB_ARGS(DB_I64(-1)), &affected);
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert(db_violated(ctx, "things_pkey"));
    ck_assert(!db_violated(ctx, "pkey"));
    ck_assert(!db_violated(ctx, "things_check"));
    ck_assert_int_eq(db_exec(ctx, test->db, &insert, DB_ARGS(DB_I64(1000)), NULL).code,
        ERR_INVALID);
    ck_assert(db_violated(ctx, "things_small"));
}

START_TEST(changes_are_counted_and_constraints_are_named)
{
    postgres_sql("postgres", "DROP TABLE IF EXISTS things;"
                             "CREATE TABLE things (id bigint PRIMARY KEY,"
                             " CONSTRAINT things_small CHECK (id < 1000))");
    run(write_rows);
    ck_assert_int_eq(postgres_number("postgres", "SELECT count(*) FROM things"), 2);
}
END_TEST

struct tally {
    const struct db_stmt *stmt;
    int right, wrong, failed, fibers;
};

/* Every fifth divides by zero, right between the others. */
static void divide_often(struct ctx *ctx, struct db_test *test, void *arg)
{
    struct tally *tally = arg;
    const int self = tally->fibers++;
    for (int i = 0; i < 10; i++) {
        const int64_t by = self % 5 == 0 ? 0 : 1 + self % 50;
        int64_t n = -1;
        const err e = get_number(ctx, test->db, tally->stmt, by, &n);
        if (by == 0) {
            tally->failed += e.code == ERR_INVALID;
        } else {
            *(is_ok(e) && n == 100 / by ? &tally->right : &tally->wrong) += 1;
        }
    }
}

static void run_many_of(struct ctx *ctx, struct db_test *test, const struct db_stmt *stmt)
{
    struct tally tally = {.stmt = stmt};
    for (int i = 0; i < 500; i++) {
        db_test_spawn(test, 10000, divide_often, &tally);
    }
    ck_assert_int_gt(db_state(test->db).in_flight + db_state(test->db).waiting, 400);
    db_test_join(ctx, test);
    ck_assert_int_eq(tally.right, 4000);
    ck_assert_int_eq(tally.wrong, 0);
    ck_assert_int_eq(tally.failed, 1000);
    ck_assert_int_eq(postgres_number("postgres", "SELECT count(*) FROM pg_stat_activity WHERE "
                                                 "application_name = 'db-test'"),
        1);
    ck_assert_int_eq(db_state(test->db).in_flight, 0);
    ck_assert_uint_eq(db_state(test->db).reconnects, 0);
}

static void run_many(struct ctx *ctx, struct db_test *test)
{
    run_many_of(ctx, test, &divide);
    run_many_of(ctx, test, &quotient);
}

START_TEST(five_hundred_fibers_share_a_connection_and_no_errors)
{
    run(run_many);
}
END_TEST

struct asked {
    const struct db_stmt *stmt;
    int64_t arg;
    int64_t n;
    enum err_code code;
};

static void ask_one(struct ctx *ctx, struct db_test *test, void *arg)
{
    struct asked *asked = arg;
    asked->code = asked->stmt == &insert
                      ? db_exec(ctx, test->db, &insert, DB_ARGS(DB_I64(asked->arg)), NULL).code
                      : get_number(ctx, test->db, asked->stmt, asked->arg, &asked->n).code;
}

/* All in one turn. */
static void ask_all(struct ctx *ctx, struct db_test *test, struct asked *asked, size_t count)
{
    int64_t n = 0;
    must(ctx, get_number(ctx, test->db, &divide, 1, &n)); /* connected */
    for (size_t i = 0; i < count; i++) {
        db_test_spawn(test, 10000, ask_one, &asked[i]);
    }
    db_test_join(ctx, test);
}

static void read_and_write(struct ctx *ctx, struct db_test *test)
{
    struct asked asked[] = {{&moment, 0, 0, 0}, {&moment, 0, 0, 0}, {&insert, 1, 0, 0},
        {&moment, 0, 0, 0}, {&moment, 0, 0, 0}};
    ask_all(ctx, test, asked, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(asked[i].code, ERR_OK);
    }
    ck_assert_int_eq(asked[0].n, asked[1].n);
    ck_assert_int_ne(asked[1].n, asked[3].n);
    ck_assert_int_eq(asked[3].n, asked[4].n);
}

START_TEST(reads_of_a_turn_share_a_transaction_and_a_write_has_its_own)
{
    postgres_sql("postgres", "DROP TABLE IF EXISTS things;"
                             "CREATE TABLE things (id bigint PRIMARY KEY)");
    run(read_and_write);
    ck_assert_int_eq(postgres_number("postgres", "SELECT count(*) FROM things"), 1);
}
END_TEST

static void fail_in_between(struct ctx *ctx, struct db_test *test)
{
    struct asked asked[] = {{&quotient, 1, 0, 0}, {&quotient, 0, 0, 0}, {&quotient, 2, 0, 0},
        {&insert, 1, 0, 0}, {&quotient, 0, 0, 0}, {&insert, 1, 0, 0}, {&quotient, 4, 0, 0},
        {&insert, 2, 0, 0}};
    static const enum err_code codes[] = {
        ERR_OK, ERR_INVALID, ERR_OK, ERR_OK, ERR_INVALID, ERR_CONFLICT, ERR_OK, ERR_OK};
    ask_all(ctx, test, asked, 8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_msg(asked[i].code == codes[i], "%zu: %s", i, err_name(asked[i].code));
    }
    ck_assert_int_eq(asked[0].n, 100);
    ck_assert_int_eq(asked[2].n, 50);
    ck_assert_int_eq(asked[6].n, 25);
}

START_TEST(an_error_touches_neither_reads_nor_writes_beside_it)
{
    postgres_sql("postgres", "DROP TABLE IF EXISTS things;"
                             "CREATE TABLE things (id bigint PRIMARY KEY)");
    run(fail_in_between);
    ck_assert_int_eq(postgres_number("postgres", "SELECT count(*) FROM things"), 2);
}
END_TEST

static void ask_once(struct ctx *ctx, struct db_test *test, void *arg)
{
    struct tally *tally = arg;
    int64_t n = 0;
    const err e = get_number(ctx, test->db, &divide, 1, &n);
    tally->right += is_ok(e) && n == 100;
    if (e.code == ERR_UNAVAILABLE) {
        ck_assert_int_eq(ctx->error.retry_after_s, 1);
        tally->failed++;
    }
}

static void overfill(struct ctx *ctx, struct db_test *test)
{
    int64_t n = 0;
    must(ctx, get_number(ctx, test->db, &divide, 1, &n)); /* connected */
    struct tally tally = {0};
    for (int i = 0; i < LIMIT_DB_FAST_QUEUE + 10; i++) {
        db_test_spawn(test, 10000, ask_once, &tally);
    }
    db_test_join(ctx, test);
    ck_assert_int_eq(tally.right, LIMIT_DB_FAST_QUEUE);
    ck_assert_int_eq(tally.failed, 10);
}

START_TEST(a_full_queue_says_come_back)
{
    run(overfill);
}
END_TEST

static void change_plan(struct ctx *ctx, struct db_test *test)
{
    struct list list = {0};
    must(ctx, db_list(ctx, test->db, &all_things, DB_NO_ARGS, SHAPE(number), 0, &list));
    postgres_sql("postgres", "ALTER TABLE changing ALTER n TYPE numeric(10,0)");
    must(ctx, db_list(ctx, test->db, &all_things, DB_NO_ARGS, SHAPE(number), 0, &list));
    ck_assert_uint_eq(db_state(test->db).reconnects, 0);
}

START_TEST(a_changed_schema_is_prepared_again)
{
    postgres_sql("postgres", "DROP TABLE IF EXISTS changing; CREATE TABLE changing (n int)");
    run(change_plan);
}
END_TEST

static void appear_later(struct ctx *ctx, struct db_test *test)
{
    struct number number = {0};
    ck_assert_int_eq(db_one(ctx, test->db, &broken, DB_NO_ARGS, SHAPE(number), &number).code,
        ERR_INTERNAL);
    postgres_sql("postgres", "CREATE TABLE no_such_table AS SELECT 5 AS n");
    must(ctx, db_one(ctx, test->db, &broken, DB_NO_ARGS, SHAPE(number), &number));
    ck_assert_int_eq(number.n, 5);
    postgres_sql("postgres", "DROP TABLE no_such_table");
}

START_TEST(a_statement_whose_table_came_later_works_without_a_restart)
{
    run(appear_later);
}
END_TEST

/* Of the statement `grown` on the connection that asks. */
static const char *current_plan(struct ctx *ctx, struct db_test *test)
{
    static const struct field fields[] = {FIELD_STR(struct owner, name, "First line of the plan")};
    static const struct shape shape = {
        .name = "plan", .size = sizeof(struct owner), .fields = fields, .count = 1};
    struct owner owner = {0};
    must(ctx, db_one(ctx, test->db, &plan, DB_NO_ARGS, &shape, &owner));
    return owner.name;
}

static void read_grown(struct ctx *ctx, struct db_test *test, int times)
{
    for (int i = 0; i < times; i++) {
        struct list list = {0};
        must(ctx, db_list(ctx, test->db, &grown, DB_ARGS(DB_I64(1)), SHAPE(number), 0, &list));
    }
}

static void grow(struct ctx *ctx, struct db_test *test)
{
    read_grown(ctx, test, 10); /* the plan is settled */
    postgres_sql("postgres", "INSERT INTO growing SELECT generate_series(1, 20000)");
    read_grown(ctx, test, 10);
    ck_assert_ptr_nonnull(strstr(current_plan(ctx, test), "Seq Scan"));
    read_grown(ctx, test, 5000);
    ck_assert_ptr_nonnull(strstr(current_plan(ctx, test), "Index"));
}

START_TEST(a_plan_is_made_anew_when_its_table_has_grown)
{
    postgres_sql("postgres", "CREATE TABLE growing (id bigint PRIMARY KEY)");
    postgres_sql("postgres", "VACUUM ANALYZE growing");
    postgres_sql("postgres",
        "CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$"
        "DECLARE line text; BEGIN EXECUTE 'EXPLAIN EXECUTE ' || statement INTO line; RETURN line; "
        "END $$");
    run(grow);
}
END_TEST

static void read_session(struct ctx *ctx, struct db_test *test)
{
    struct item item = {0};
    static const struct field fields[] = {
        FIELD_STR(struct item, name, "Time zone"),
        FIELD_STR(struct item, state, "Time-out"),
        FIELD_STR(struct item, extra, "Schema"),
    };
    const struct shape shape = {
        .name = "session", .size = sizeof(item), .fields = fields, .count = 3};
    must(ctx, db_one(ctx, test->db, &show, DB_NO_ARGS, &shape, &item));
    ck_assert_str_eq(item.name, "UTC");
    ck_assert_str_eq(item.state, "5s");
    ck_assert_str_eq(item.extra, "public");
}

START_TEST(the_session_is_pinned)
{
    postgres_sql("postgres", "ALTER ROLE postgres SET timezone = 'Asia/Bangkok'");
    run(read_session);
    postgres_sql("postgres", "ALTER ROLE postgres RESET timezone");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db.db");
    TCase *tests = tcase_create("fast lane");
    tcase_set_timeout(tests, 30);
    tcase_add_unchecked_fixture(tests, postgres_start, postgres_stop);
    tcase_add_test(tests, every_type_arrives_as_it_was_sent);
    tcase_add_test(tests, null_is_told_from_zero);
    tcase_add_test(tests, bytes_travel_as_they_are);
    tcase_add_test(tests, a_statement_that_does_not_fit_is_our_fault);
    tcase_add_test(tests, the_number_of_rows_is_part_of_the_call);
    tcase_add_test(tests, changes_are_counted_and_constraints_are_named);
    tcase_add_test(tests, five_hundred_fibers_share_a_connection_and_no_errors);
    tcase_add_test(tests, reads_of_a_turn_share_a_transaction_and_a_write_has_its_own);
    tcase_add_test(tests, an_error_touches_neither_reads_nor_writes_beside_it);
    tcase_add_test(tests, a_full_queue_says_come_back);
    tcase_add_test(tests, a_changed_schema_is_prepared_again);
    tcase_add_test(tests, a_statement_whose_table_came_later_works_without_a_restart);
    tcase_add_test(tests, a_plan_is_made_anew_when_its_table_has_grown);
    tcase_add_test(tests, the_session_is_pinned);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
