#include "db/url.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

static const struct {
    const char *url;
    const char *redacted; /* NULL: refused */
} urls[] = {
    {"postgres://ann:secret@db.example:5433/shop", "ann:***@db.example:5433/shop"},
    {"postgresql://ann:secret@db.example/shop", "ann:***@db.example:5432/shop"},
    {"postgresql+asyncpg://ann:secret@db.example/shop", "ann:***@db.example:5432/shop"},
    {"postgres://ann:p%40ss%2Fw@db.example/shop", "ann:***@db.example:5432/shop"},
    {"postgres://ann@/shop?host=/run/postgresql", "ann@/run/postgresql:5432/shop"},
    {"postgresql+psycopg2://ann:secret@db.example/shop", NULL},
    {"mysql://ann:secret@db.example/shop", NULL},
    {"host=db.example dbname=shop", NULL},
    {"postgres://ann:secret@db.example/shop?colour=red", NULL},
    {"", NULL},
};

START_TEST(urls_are_checked_and_shown_without_the_password)
{
    struct arena *arena = arena_new(NULL);
    const char *redacted = urls[_i].redacted;
    ck_assert_int_eq(db_url_is_valid(urls[_i].url), redacted != NULL);
    ck_assert_str_eq(db_url_redacted(arena, urls[_i].url),
        redacted == NULL ? "(not a Postgres URL)" : redacted);
    arena_free(arena);
}
END_TEST

static const char *last_value(const struct db_params *params, const char *keyword)
{
    const char *value = "";
    for (size_t i = 0; params->keywords[i] != NULL; i++) {
        if (strcmp(params->keywords[i], keyword) == 0) {
            value = params->values[i];
        }
    }
    return value;
}

static const struct {
    const char *url;
    const char *host; /* NULL: libpq gets by without asking for a name */
} hosts[] = {
    {"postgres://db/shop", "db"},
    {"postgres://db.example:5433/shop?sslmode=require", "db.example"},
    {"postgres://127.0.0.1/shop", NULL},
    {"postgres://[::1]/shop", NULL},
    {"postgres:///shop", NULL},
    {"postgres:///shop?host=/run/postgresql", NULL},
    {"postgres://db/shop?hostaddr=10.0.0.1", NULL},
    {"postgres://one,two/shop", NULL},
};

START_TEST(only_a_name_is_looked_up)
{
    struct arena *arena = arena_new(NULL);
    struct db_params params;
    ck_assert(db_url_params(arena, hosts[_i].url, "shop-api", "", &params));
    ck_assert_pstr_eq(params.host, hosts[_i].host);
    ck_assert_str_eq(params.keywords[params.host_row], "host");
    ck_assert_str_eq(params.keywords[params.host_row + 1], "hostaddr");
    arena_free(arena);
}
END_TEST

START_TEST(session_settings_are_added_to_those_of_the_url)
{
    struct arena *arena = arena_new(NULL);
    struct db_params params;
    ck_assert(db_url_params(arena,
        "postgresql+asyncpg://ann:p%40ss@db.example/shop?options=-c%20a.b%3D1&application_name=x&"
        "tcp_user_timeout=5",
        "shop-api", "-c timezone=UTC", &params));
    ck_assert_str_eq(params.host, "db.example");
    ck_assert_str_eq(last_value(&params, "password"), "p@ss");
    ck_assert_str_eq(last_value(&params, "application_name"), "shop-api");
    ck_assert_str_eq(last_value(&params, "options"), "-c a.b=1 -c timezone=UTC");
    ck_assert_str_eq(last_value(&params, "tcp_user_timeout"), "5");
    ck_assert(db_url_params(arena, "postgresql://db.example/shop", "x", "-c a=1", &params));
    ck_assert_str_eq(last_value(&params, "options"), "-c a=1");
    ck_assert(!db_url_params(arena, "mysql://x", "shop-api", "", &params));
    arena_free(arena);
}
END_TEST

START_TEST(another_role_takes_the_place_of_the_urls_own)
{
    struct arena *arena = arena_new(NULL);
    struct db_params params;
    const char *url = db_url_as_role_of(arena,
        "postgresql+asyncpg://ann:secret@db.example:5433/shop?sslmode=require",
        "postgresql://bob:p%40ss%26%25@other/elsewhere");
    ck_assert(db_url_params(arena, url, "shop-api", "", &params));
    ck_assert_str_eq(last_value(&params, "user"), "bob");
    ck_assert_str_eq(last_value(&params, "password"), "p@ss&%");
    ck_assert_str_eq(last_value(&params, "port"), "5433");
    ck_assert_str_eq(last_value(&params, "dbname"), "shop");
    ck_assert_str_eq(last_value(&params, "sslmode"), "require");
    ck_assert_str_eq(params.host, "db.example");
    ck_assert_str_eq(db_url_as_role_of(arena, "mysql://x", "postgresql://bob@other/d"), "");
    ck_assert_str_eq(db_url_as_role_of(arena, "postgresql://bob@other/d", "x"), "");
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db.url");
    TCase *tests = tcase_create("url");
    tcase_add_loop_test(tests, urls_are_checked_and_shown_without_the_password, 0,
        (int)(sizeof(urls) / sizeof(urls[0])));
    tcase_add_loop_test(tests, only_a_name_is_looked_up, 0,
        (int)(sizeof(hosts) / sizeof(hosts[0])));
    tcase_add_test(tests, session_settings_are_added_to_those_of_the_url);
    tcase_add_test(tests, another_role_takes_the_place_of_the_urls_own);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
