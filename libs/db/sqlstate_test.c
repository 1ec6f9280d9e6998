/* Every row of the table, raised by a real server. */
#include "db/db.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "db/testing/postgres.h"
#include "db/testing/run.h"

struct number {
    int64_t n;
};
static const struct field number_fields[] = {FIELD_I64(struct number, n, "Number")};

static const struct db_stmt raise_state = {"raise_state", "SELECT raise_state($1::text) AS n"};
static const struct db_stmt cast_text = {"cast_text", "SELECT $1::text::bigint AS n"};
static const struct db_stmt *const statements[] = {&raise_state, &cast_text, NULL};
static const struct db_stmt *const *const lists[] = {statements, NULL};

static const struct {
    const char *state;
    enum err_code code;
} rows[] = {
    {"23505", ERR_CONFLICT},
    {"23503", ERR_CONFLICT},
    {"23P01", ERR_CONFLICT},
    {"23502", ERR_INVALID},
    {"23514", ERR_INVALID},
    {"22001", ERR_INVALID},
    {"22003", ERR_INVALID},
    {"22P02", ERR_INVALID},
    {"22007", ERR_INVALID},
    {"22008", ERR_INVALID},
    {"22021", ERR_INVALID},
    {"22000", ERR_INTERNAL},
    {"40001", ERR_UNAVAILABLE},
    {"40P01", ERR_UNAVAILABLE},
    {"55P03", ERR_UNAVAILABLE},
    {"57014", ERR_TIMEOUT},
    {"57P01", ERR_UNAVAILABLE},
    {"57P03", ERR_UNAVAILABLE},
    {"08006", ERR_UNAVAILABLE},
    {"53100", ERR_UNAVAILABLE},
    {"53200", ERR_UNAVAILABLE},
    {"53300", ERR_UNAVAILABLE},
    {"25006", ERR_UNAVAILABLE},
    {"54001", ERR_INTERNAL},
    {"42501", ERR_INTERNAL},
    {"25P02", ERR_INTERNAL},
    {"P0001", ERR_INTERNAL},
    {"XX000", ERR_INTERNAL},
};

static void raise_each(struct ctx *ctx, struct db_test *test)
{
    struct number number;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const err e = db_one(ctx, test->db, &raise_state, DB_ARGS(DB_TEXT(rows[i].state)),
            SHAPE(number), &number);
        ck_assert_msg(e.code == rows[i].code, "%s: %s", rows[i].state, err_name(e.code));
        ck_assert_ptr_nonnull(strstr(ctx->error.text, rows[i].state));
        ck_assert_ptr_nonnull(strstr(ctx->error.text, "raise_state"));
        ck_assert_int_eq(ctx->error.retry_after_s, e.code == ERR_UNAVAILABLE ? 1 : 0);
    }
    ck_assert_uint_eq(db_state(test->db).reconnects, 0);
}

static void keep_values_secret(struct ctx *ctx, struct db_test *test)
{
    struct number number;
    const err e =
        db_one(ctx, test->db, &cast_text, DB_ARGS(DB_TEXT("ann@home")), SHAPE(number), &number);
    ck_assert_int_eq(e.code, ERR_INVALID);
    ck_assert_ptr_null(strstr(ctx->error.text, "ann"));
    ck_assert_ptr_null(strstr(ctx->error.text, "bigint")); /* no SQL either */
}

static void run(void (*fn)(struct ctx *ctx, struct db_test *test))
{
    const struct db_config config = {
        .database_url = postgres_url("postgres", "postgres"), .database_pool_size = 2};
    db_test_run(&config, lists, fn);
}

START_TEST(each_state_says_what_the_client_can_do)
{
    run(raise_each);
}
END_TEST

START_TEST(values_and_sql_stay_out_of_the_log)
{
    run(keep_values_secret);
}
END_TEST

static void create_function(void)
{
    postgres_start();
    postgres_sql("postgres",
        "CREATE FUNCTION raise_state(state text) RETURNS bigint LANGUAGE plpgsql AS $$"
        " BEGIN RAISE 'a message with ann@home' USING ERRCODE = state; END $$");
}

int main(void)
{
    Suite *suite = suite_create("db.sqlstate");
    TCase *tests = tcase_create("sqlstate");
    tcase_set_timeout(tests, 30);
    tcase_add_unchecked_fixture(tests, create_function, postgres_stop);
    tcase_add_test(tests, each_state_says_what_the_client_can_do);
    tcase_add_test(tests, values_and_sql_stay_out_of_the_log);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
