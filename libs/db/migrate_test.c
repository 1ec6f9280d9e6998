/* Migrations against a real server, with the three roles of a product. */
#include "db/migrate.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/embed.h"
#include "db/db.h"
#include "db/testing/postgres.h"

#define SQL_FILE(name_, text_)                                                                     \
    {                                                                                              \
        .name = (name_), .data = (const unsigned char *)(text_), .size = sizeof(text_) - 1         \
    }
#define BASE                                                                                       \
    SQL_FILE("0001_base.sql", "CREATE TABLE settings (key text PRIMARY KEY, value jsonb NOT "      \
                              "NULL)")
#define HOMES                                                                                      \
    SQL_FILE("0002_homes.sql", "CREATE TABLE homes (id int); INSERT INTO homes VALUES (1);")

static const struct embed good[] = {BASE, HOMES, {0}};
static const struct embed longer[] = {
    BASE, HOMES, SQL_FILE("0010_more.sql", "CREATE TABLE more (id int)"), {0}};
static const struct embed changed[] = {
    BASE, SQL_FILE("0002_homes.sql", "CREATE TABLE homes (id bigint)"), {0}};
static const struct embed failing[] = {
    BASE, HOMES, SQL_FILE("0010_more.sql", "CREATE TABLE half (id int); SELECT 1 / 0"), {0}};
static const struct embed committing[] = {BASE,
    SQL_FILE("0002_homes.sql", "CREATE TABLE homes (id int); COMMIT; CREATE TABLE half (id int)"),
    {0}};
static const struct embed slow[] = {
    BASE, SQL_FILE("0002_homes.sql", "CREATE TABLE half (id int); SELECT pg_sleep(20)"), {0}};
static const struct embed unordered[] = {HOMES, BASE, {0}};

struct world {
    struct ctx ctx;
    struct db_config config;
    struct migrate_plan plan;
};

static void create_roles(void)
{
    postgres_start();
    postgres_sql("postgres", "CREATE ROLE shop_owner NOLOGIN; CREATE ROLE shop_user LOGIN;"
                             "CREATE ROLE shop_migrate LOGIN IN ROLE shop_owner;");
}

static void create_database(void)
{
    postgres_sql("postgres", "DROP DATABASE IF EXISTS sibling");
    postgres_sql("postgres", "DROP DATABASE IF EXISTS shop WITH (FORCE)");
    postgres_sql("postgres", "CREATE DATABASE shop OWNER shop_owner");
    postgres_sql("shop", "REVOKE CONNECT, TEMP ON DATABASE shop FROM PUBLIC;"
                         "GRANT CONNECT ON DATABASE shop TO shop_migrate, shop_user;"
                         "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner"
                         " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_user");
}

static struct world new_world(void)
{
    struct world world = {
        .plan = {.files = good, .product_id = "shop", .owner_role = "shop_owner"}};
    ctx_init(&world.ctx, arena_new(/* pool= */ NULL), &clock_system, /* log= */ NULL, 60000);
    world.config.database_url = arena_strdup(world.ctx.arena, postgres_url("shop_user", "shop"));
    world.config.migrate_database_url =
        arena_strdup(world.ctx.arena, postgres_url("shop_migrate", "shop"));
    return world;
}

static void end_world(struct world *world)
{
    arena_free(world->ctx.arena);
}

/* How many it applied. */
static int migrate(struct world *world, const struct embed *files)
{
    int applied = -1;
    world->plan.files = files;
    const err e = migrate_run(&world->ctx, &world->config, &world->plan, &applied);
    ck_assert_msg(is_ok(e), "%s: %s", err_name(e.code), world->ctx.error.text);
    return applied;
}

static void refuse(struct world *world, const struct embed *files, enum err_code code,
    const char *why)
{
    int applied = -1;
    world->plan.files = files;
    const err e = migrate_run(&world->ctx, &world->config, &world->plan, &applied);
    ck_assert_int_eq(e.code, code);
    ck_assert_msg(strstr(world->ctx.error.text, why) != NULL, "%s", world->ctx.error.text);
    ck_assert_int_eq(applied, -1);
}

static void verify(struct world *world, enum err_code code, const char *why)
{
    const err e = migrate_verify(&world->ctx, &world->config, &world->plan);
    ck_assert_msg(e.code == code, "%s: %s", err_name(e.code), world->ctx.error.text);
    ck_assert_msg(strstr(world->ctx.error.text, why) != NULL, "%s", world->ctx.error.text);
}

static bool has_table(const char *name)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM pg_tables WHERE tablename = '%s'", name);
    return postgres_number("shop", sql) == 1;
}

START_TEST(a_fresh_database_gets_everything_once)
{
    struct world world = new_world();
    verify(&world, ERR_CONFLICT,
        "DATABASE_URL: the database has nothing of \"shop\" yet: run migrate");
    ck_assert_int_eq(migrate(&world, good), 2);
    ck_assert_int_eq(migrate(&world, good), 0);
    verify(&world, ERR_OK, "");
    ck_assert_int_eq(postgres_number("shop", "SELECT count(*) FROM homes"), 1);
    ck_assert_int_eq(postgres_number("shop", "SELECT count(*) FROM pg_tables WHERE schemaname = "
                                             "'public' AND tableowner = 'shop_owner'"),
        3);
    ck_assert_int_eq(postgres_number("shop", "SELECT count(*) FROM settings WHERE key = "
                                             "'product_id' AND value = '\"shop\"'"),
        1);
    ck_assert_int_eq(migrate(&world, longer), 1);
    end_world(&world);
}
END_TEST

START_TEST(status_tells_what_is_applied)
{
    struct world world = new_world();
    struct migrate_entry *entries = NULL;
    int count = 0;
    err e = migrate_status(&world.ctx, &world.config, &world.plan, &entries, &count);
    ck_assert(is_ok(e));
    ck_assert_int_eq(count, 2);
    ck_assert(!entries[0].applied);
    ck_assert(!has_table("schema_migrations")); /* it only looked */
    migrate(&world, good);
    const int64_t now_us = clock_wall_us(&clock_system);
    world.plan.files = longer;
    e = migrate_status(&world.ctx, &world.config, &world.plan, &entries, &count);
    ck_assert(is_ok(e));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(entries[1].version, 2);
    ck_assert_str_eq(entries[1].name, "0002_homes.sql");
    ck_assert(entries[1].applied && !entries[1].changed);
    ck_assert_int_lt(llabs(entries[1].applied_at_us - now_us), 10000000);
    ck_assert_int_eq(entries[2].version, 10);
    ck_assert(!entries[2].applied);
    verify(&world, ERR_CONFLICT, "0010_more.sql is not applied");
    end_world(&world);
}
END_TEST

START_TEST(a_failed_file_leaves_no_trace)
{
    struct world world = new_world();
    refuse(&world, failing, ERR_INTERNAL, "0010_more.sql: SQLSTATE 22012 division by zero");
    ck_assert(has_table("homes"));
    ck_assert(!has_table("half"));
    ck_assert_int_eq(migrate(&world, longer), 1);
    end_world(&world);
}
END_TEST

START_TEST(a_file_may_not_end_its_transaction)
{
    struct world world = new_world();
    refuse(&world, committing, ERR_INTERNAL, "0002_homes.sql ended the transaction");
    ck_assert_int_eq(postgres_number("shop", "SELECT count(*) FROM schema_migrations"), 1);
    end_world(&world);
}
END_TEST

START_TEST(a_changed_file_is_refused)
{
    struct world world = new_world();
    migrate(&world, good);
    refuse(&world, changed, ERR_CONFLICT, "0002_homes.sql was changed");
    verify(&world, ERR_CONFLICT, "0002_homes.sql was changed");
    struct migrate_entry *entries = NULL;
    int count = 0;
    const err e = migrate_status(&world.ctx, &world.config, &world.plan, &entries, &count);
    ck_assert(is_ok(e) && !entries[0].changed && entries[1].changed);
    end_world(&world);
}
END_TEST

START_TEST(a_newer_database_is_refused)
{
    struct world world = new_world();
    migrate(&world, longer);
    refuse(&world, good, ERR_CONFLICT, "it has 0010_more.sql");
    verify(&world, ERR_CONFLICT, "it has 0010_more.sql");
    end_world(&world);
}
END_TEST

START_TEST(the_database_of_another_product_is_refused)
{
    struct world world = new_world();
    migrate(&world, good);
    world.plan.product_id = "hotel";
    refuse(&world, longer, ERR_CONFLICT,
        "MIGRATE_DATABASE_URL: the database belongs to product \"shop\", not to \"hotel\"");
    verify(&world, ERR_CONFLICT, "DATABASE_URL: the database belongs to product \"shop\"");
    const err asked = migrate_check_product(&world.ctx, &world.config, &world.plan);
    ck_assert_int_eq(asked.code, ERR_CONFLICT);
    world.plan.product_id = "shop";
    ck_assert(is_ok(migrate_check_product(&world.ctx, &world.config, &world.plan)));
    ck_assert(!has_table("more"));
    end_world(&world);
}
END_TEST

START_TEST(versions_must_rise)
{
    struct world world = new_world();
    refuse(&world, unordered, ERR_INTERNAL, "0001_base.sql is out of order");
    end_world(&world);
}
END_TEST

static pid_t fork_migration(const struct embed *files)
{
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct world world = new_world();
        const int applied = migrate(&world, files);
        end_world(&world);
        _exit(applied);
    }
    return pid;
}

START_TEST(two_at_once_take_turns)
{
    const pid_t pids[2] = {fork_migration(good), fork_migration(good)};
    int applied = 0;
    for (int i = 0; i < 2; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2));
        applied += WEXITSTATUS(status);
    }
    ck_assert_int_eq(applied, 2);
    ck_assert_int_eq(postgres_number("shop", "SELECT count(*) FROM homes"), 1);
}
END_TEST

START_TEST(a_killed_migration_leaves_no_trace)
{
    const pid_t pid = fork_migration(slow);
    const struct timespec pause = {.tv_nsec = 20000000};
    while (postgres_number("shop",
               "SELECT count(*) FROM pg_stat_activity "
               "WHERE application_name = 'migrate' AND wait_event = 'PgSleep'") == 0) {
        nanosleep(&pause, NULL);
    }
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    waitpid(pid, NULL, 0);
    struct world world = new_world();
    ck_assert_int_eq(migrate(&world, good), 1);
    ck_assert(!has_table("half"));
    verify(&world, ERR_OK, "");
    end_world(&world);
}
END_TEST

START_TEST(a_role_that_reaches_a_sibling_database_is_refused)
{
    struct world world = new_world();
    migrate(&world, good);
    verify(&world, ERR_OK, "");
    postgres_sql("postgres", "CREATE DATABASE sibling");
    verify(&world, ERR_CONFLICT, "shop_user can connect to database sibling");
    postgres_sql("postgres", "REVOKE CONNECT ON DATABASE sibling FROM PUBLIC");
    verify(&world, ERR_OK, "");
    end_world(&world);
}
END_TEST

START_TEST(no_server_is_said)
{
    struct world world = new_world();
    world.config.migrate_database_url = "postgres://x@/x?host=/nowhere";
    refuse(&world, good, ERR_UNAVAILABLE, "no connection");
    world.config.migrate_database_url = ""; /* the server's own role may not create tables */
    refuse(&world, good, ERR_CONFLICT, "DATABASE_URL: role shop_user cannot become shop_owner");
    end_world(&world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db.migrate");
    TCase *tests = tcase_create("migrations");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, create_roles, postgres_stop);
    tcase_add_checked_fixture(tests, create_database, NULL);
    tcase_add_test(tests, a_fresh_database_gets_everything_once);
    tcase_add_test(tests, status_tells_what_is_applied);
    tcase_add_test(tests, a_failed_file_leaves_no_trace);
    tcase_add_test(tests, a_file_may_not_end_its_transaction);
    tcase_add_test(tests, a_changed_file_is_refused);
    tcase_add_test(tests, a_newer_database_is_refused);
    tcase_add_test(tests, the_database_of_another_product_is_refused);
    tcase_add_test(tests, versions_must_rise);
    tcase_add_test(tests, two_at_once_take_turns);
    tcase_add_test(tests, a_killed_migration_leaves_no_trace);
    tcase_add_test(tests, a_role_that_reaches_a_sibling_database_is_refused);
    tcase_add_test(tests, no_server_is_said);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
