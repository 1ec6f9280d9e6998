#include "net/cache_url.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "net/cache.h"

/* NULL and "" differ. */
static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const struct {
    const char *url, *host, *path, *user, *password;
    int port, db;
} good[] = {
    {"redis://localhost:6379/0", "localhost", NULL, NULL, NULL, 6379, 0},
    {"redis://localhost", "localhost", NULL, NULL, NULL, 6379, 0},
    {"redis://localhost/", "localhost", NULL, NULL, NULL, 6379, 0},
    {"redis://10.0.0.7:7000/15", "10.0.0.7", NULL, NULL, NULL, 7000, 15},
    {"redis://[::1]:7000/1", "::1", NULL, NULL, NULL, 7000, 1},
    {"redis://[fe80::1]", "fe80::1", NULL, NULL, NULL, 6379, 0},
    {"redis://:secret@redis:6379/2", "redis", NULL, NULL, "secret", 6379, 2},
    {"redis://app:p%40ss%3a%2F@redis", "redis", NULL, "app", "p@ss:/", 6379, 0},
    {"redis://app:a@b@redis", "redis", NULL, "app", "a@b", 6379, 0},
    {"unix:///run/redis.sock", NULL, "/run/redis.sock", NULL, NULL, 0, 0},
    {"unix:///run/a%20b.sock?db=3", NULL, "/run/a b.sock", NULL, NULL, 0, 3},
};

START_TEST(good_url_is_taken_apart)
{
    struct cache_url url;
    const char *why = NULL;
    ck_assert_msg(cache_url_parse(good[_i].url, &url, &why), "%s: %s", good[_i].url, why);
    ck_assert(is_same(url.host, good[_i].host));
    ck_assert(is_same(url.path, good[_i].path));
    ck_assert(is_same(url.user, good[_i].user));
    ck_assert(is_same(url.password, good[_i].password));
    ck_assert_int_eq(url.port, good[_i].port);
    ck_assert_int_eq(url.db, good[_i].db);
    cache_url_fini(&url);
    ck_assert(cache_url_is_valid(good[_i].url, &why));
}
END_TEST

static const struct {
    const char *url, *why;
} bad[] = {
    {"rediss://localhost:6379", "TLS"},
    {"http://localhost", "must begin with"},
    {"localhost:6379", "must begin with"},
    {"redis://", "no host"},
    {"redis://:6379", "no host"},
    {"redis://[::1", "no host"},
    {"redis://[::1]x", "no host"},
    {"redis://h:0", "port"},
    {"redis://h:65536", "port"},
    {"redis://h:", "port"},
    {"redis://h:12a", "port"},
    {"redis://h:99999999999999999999", "port"},
    {"redis://h/x", "database number"},
    {"redis://h/10000", "database number"},
    {"redis://h/-1", "database number"},
    {"redis://h/0?timeout=1", "parameter"},
    {"redis://user@h", "without a password"},
    {"redis://:%4@h", "escape"},
    {"redis://:%00@h", "escape"},
    {"redis://:%zz@h", "escape"},
    {"unix://relative", "socket path"},
    {"unix://", "socket path"},
    {"unix:///a?database=1", "parameter"},
    {"unix:///a?db=x", "database number"},
    {"unix:///%", "escape"},
    {"unix:///a123456789b123456789c123456789d123456789e123456789f123456789g123456789h123456789"
     "i123456789j123456789k123456789l123456789",
        "too long"},
};

START_TEST(bad_url_is_refused_with_the_reason)
{
    struct cache_url url = {0};
    const char *why = "";
    ck_assert_msg(!cache_url_parse(bad[_i].url, &url, &why), "%s", bad[_i].url);
    ck_assert_msg(strstr(why, bad[_i].why) != NULL, "%s: %s", bad[_i].url, why);
    ck_assert_ptr_null(url.text);
    ck_assert(!cache_url_is_valid(bad[_i].url, &why));
}
END_TEST

START_TEST(empty_url_means_no_redis)
{
    const char *why = NULL;
    ck_assert(cache_url_is_valid("", &why));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("cache_url");
    tcase_add_loop_test(tcase, good_url_is_taken_apart, 0, (int)(sizeof(good) / sizeof(good[0])));
    tcase_add_loop_test(tcase, bad_url_is_refused_with_the_reason, 0,
        (int)(sizeof(bad) / sizeof(bad[0])));
    tcase_add_test(tcase, empty_url_means_no_redis);
    Suite *suite = suite_create("net.cache_url");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
