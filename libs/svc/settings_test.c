#include "svc/settings.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "http/route.h"
#include "svc/product.h"

/* A brand of the test's own: settings know products only as data. */
static const struct product brand = {
    .id = "brand",
    .app_name = "Brand",
    .version = "1.0.0",
    .frontend_url = "http://localhost:3000",
    .redis_url = "redis://localhost:6379/0",
    .redis_key_prefix = "brand:",
    .features = FEATURE_FAQ | FEATURE_DOCS,
};

#define HOST_KEY "Y2xlcmsuYnJhbmQudGVzdCQ" /* clerk.brand.test$ */
/* The key of nobody: its other half was never kept. */
#define PUBLIC_KEY                                                                                 \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkePBgALN45eIgua6NMXrKp8KcKi6FuehouK/61un"         \
    "pDyl1M2KONbZKAgzImOH5XNs8zXhonszbim8/Pkrm+K1w7AkbK9gDBeD7ZW8GMaBSSv66zTnHB/n5sDGnY6G"         \
    "fqzyMBjaS5OqQGO0I5FBJvA0XVtey4qjOXxRtY2FAVJ6wuew2SVbYBIQbSa3SQZaQp8QHV+Yp9SbVBx7fz4J"         \
    "IyDidAPTpn1NxNA/P7CKLke2bIuMZ5UUprXFtOqsYSU9nPLTK2M5GwtVajWqrSoTmUnx8tpAu8Tb2tZoUzly"         \
    "DV5t0R2AVXagGX0fsCXJkA80l4gJFU7SRqxGxG4VGLCUjNudAwIDAQAB"
#define DEVELOPMENT                                                                                \
    "DATABASE_URL=postgresql://u:p@h/d", "CLERK_PUBLISHABLE_KEY=pk_test_" HOST_KEY,                \
        "CLERK_JWT_KEY=" PUBLIC_KEY
#define PRODUCTION                                                                                 \
    "ENVIRONMENT=production", "DATABASE_URL=postgresql://u:p@h/d",                                 \
        "FRONTEND_URL=https://brand.test", "CLERK_PUBLISHABLE_KEY=pk_live_" HOST_KEY,              \
        "CLERK_SECRET_KEY=sk_live_abc", "CLERK_WEBHOOK_SECRET=whsec_c2VjcmV0c2VjcmV0"

static struct arena *arena;
static struct settings *settings;
static struct config_report *report;

static void setup(void)
{
    arena = arena_new(NULL);
    settings = ARENA_NEW(arena, struct settings);
    report = ARENA_NEW(arena, struct config_report);
}

static void teardown(void)
{
    arena_free(arena);
}

static bool load(const char *const *environ)
{
    const struct config_source source = {environ, NULL};
    return settings_load(arena, &brand, &source, settings, report);
}

/* Exactly one problem, and it names the variable. */
static void assert_problem(const char *name)
{
    ck_assert_msg(report->problem_count == 1, "%d problems, first: %s", report->problem_count,
        report->problem_count > 0 ? report->problems[0] : "-");
    ck_assert_msg(strncmp(report->problems[0], name, strlen(name)) == 0, "%s", report->problems[0]);
}

START_TEST(development_needs_a_database_and_a_key)
{
    ck_assert(load((const char *const[]){DEVELOPMENT, NULL}));
    ck_assert_str_eq(settings->app.app_name, "Brand");
    ck_assert_str_eq(settings->http.frontend_url.items[0], "http://localhost:3000");
    ck_assert_str_eq(settings->product.site_url, "http://localhost:3000");
    ck_assert_uint_eq(settings->features, FEATURE_FAQ | FEATURE_DOCS);
    ck_assert(settings->app.migrate_on_start);
    ck_assert_int_ge(settings->workers, 1);
}
END_TEST

START_TEST(nothing_set_reports_everything_required)
{
    ck_assert(!load((const char *const[]){NULL}));
    ck_assert_int_eq(report->problem_count, 3);
    ck_assert_ptr_nonnull(strstr(report->problems[0], "DATABASE_URL"));
    ck_assert_ptr_nonnull(strstr(report->problems[1], "CLERK_PUBLISHABLE_KEY"));
    ck_assert_ptr_nonnull(strstr(report->problems[2], "CLERK_SECRET_KEY"));
}
END_TEST

START_TEST(production_is_strict)
{
    ck_assert(load((const char *const[]){PRODUCTION, NULL}));
    ck_assert((settings->features & FEATURE_DOCS) == 0);
    ck_assert(!settings->app.migrate_on_start);
}
END_TEST

START_TEST(the_first_front_end_is_the_site)
{
    ck_assert(load((const char *const[]){
        DEVELOPMENT, "FRONTEND_URL=https://one.test,https://two.test", NULL}));
    ck_assert_str_eq(settings->product.site_url, "https://one.test");
}
END_TEST

static const struct {
    const char *name;
    const char *environ[10];
} cases[] = {
    {"PRODUCT_ID", {DEVELOPMENT, "PRODUCT_ID=other"}},
    {"FRONTEND_URL", {DEVELOPMENT, "FRONTEND_URL=https://brand.test/path"}},
    {"FRONTEND_URL", {DEVELOPMENT, "FRONTEND_URL=brand.test"}},
    {"REDIS_KEY_PREFIX", {DEVELOPMENT, "REDIS_KEY_PREFIX=brand"}},
    {"REDIS_KEY_PREFIX", {DEVELOPMENT, "REDIS_KEY_PREFIX=other:"}},
    {"OPENAI_API_KEY", {DEVELOPMENT, "EMBEDDINGS_PROVIDER=openai"}},
    {"OPENAI_API_KEY", {PRODUCTION, "OPENAI_API_KEY=your_key"}},
    {"EMBEDDINGS_PROVIDER", {DEVELOPMENT, "EMBEDDINGS_PROVIDER=remote"}},
    {"EMBEDDING_DIMS", {DEVELOPMENT, "EMBEDDING_DIMS=4097"}},
    {"SEARCH_FUSION", {DEVELOPMENT, "SEARCH_FUSION=sum"}},
    {"EMBEDDING_BASE_URL", {DEVELOPMENT, "EMBEDDINGS_PROVIDER=openai", "OPENAI_API_KEY=sk-1",
                               "EMBEDDING_BASE_URL=ftp://embeddings.test"}},
    {"EMBEDDING_MODEL", {DEVELOPMENT, "EMBEDDINGS_PROVIDER=openai", "OPENAI_API_KEY=sk-1",
                            "EMBEDDING_MODEL=hash-1536"}},
    {"OPENAI_API_KEY", {DEVELOPMENT, "LLM_PROVIDER=openai", "CHAT_MODEL=m"}},
    {"CHAT_MODEL", {DEVELOPMENT, "LLM_PROVIDER=openai", "OPENAI_API_KEY=sk-1"}},
    {"LLM_BASE_URL", {DEVELOPMENT, "LLM_PROVIDER=openai", "LLM_API_KEY=sk-1", "CHAT_MODEL=m",
                         "LLM_BASE_URL=models.test"}},
    {"LLM_API_KEY", {PRODUCTION, "LLM_API_KEY=your_key"}},
    {"CHAT_TIMEOUT_SECONDS", {DEVELOPMENT, "CHAT_TIMEOUT_SECONDS=26"}},
    {"CHAT_TOOLS_ENABLED", {DEVELOPMENT, "CHAT_TOOLS_ENABLED=faq_rag,rm -rf"}},
    {"REDIS_URL", {DEVELOPMENT, "REDIS_URL=rediss://localhost"}},
    {"API_V1_PREFIX", {DEVELOPMENT, "API_V1_PREFIX=/api/v1/"}},
    {"DEFAULT_LOCALE", {DEVELOPMENT, "DEFAULT_LOCALE=de"}},
    {"BASE_CURRENCY", {DEVELOPMENT, "BASE_CURRENCY=baht"}},
    {"MIGRATE_DATABASE_URL", {DEVELOPMENT, "MIGRATE_DATABASE_URL=mysql://h/d"}},
    {"DATABASE_READ_URL", {DEVELOPMENT, "DATABASE_READ_URL=mysql://h/d"}},
    {"DATABASE_READ_URL", {PRODUCTION, "DATABASE_READ_URL=postgres://u:replace-me@h/d"}},
    {"WORKERS", {DEVELOPMENT, "WORKERS=257"}},
    {"CLERK_SECRET_KEY", {DEVELOPMENT, "CLERK_SECRET_KEY=sk_live_abc"}},
    {"CLERK_SECRET_KEY", {DEVELOPMENT, "CLERK_SECRET_KEY=abc"}},
    {"CLERK_SECRET_KEY", {PRODUCTION, "CLERK_SECRET_KEY="}},
    {"CLERK_WEBHOOK_SECRET", {PRODUCTION, "CLERK_WEBHOOK_SECRET="}},
    {"CLERK_DEV_PRIVATE_KEY", {PRODUCTION, "CLERK_DEV_PRIVATE_KEY=pem"}},
    {"METRICS_TOKEN", {PRODUCTION, "METRICS_TOKEN=replace-me"}},
    {"FRONTEND_URL", {PRODUCTION, "FRONTEND_URL="}},
};

START_TEST(one_wrong_setting_is_named)
{
    /* Of one name the first counts: the case comes first. */
    const char *environ[12] = {0};
    size_t count = 0;
    while (cases[_i].environ[count] != NULL) {
        count++;
    }
    environ[0] = cases[_i].environ[count - 1];
    for (size_t i = 0; i + 1 < count; i++) {
        environ[i + 1] = cases[_i].environ[i];
    }
    ck_assert(!load(environ));
    assert_problem(cases[_i].name);
}
END_TEST

START_TEST(printing_hides_every_secret)
{
    ck_assert(load((const char *const[]){PRODUCTION, "METRICS_TOKEN=hush-hush", NULL}));
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    settings_print(arena, &brand, settings, out, /* markdown */ false);
    fclose(out);
    ck_assert_ptr_null(strstr(text, "hush-hush"));
    ck_assert_ptr_null(strstr(text, "sk_live_abc"));
    ck_assert_ptr_null(strstr(text, "whsec_"));
    ck_assert_ptr_null(strstr(text, ":p@"));
    ck_assert_ptr_nonnull(strstr(text, "ENVIRONMENT=production\n"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *tests = tcase_create("settings");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, development_needs_a_database_and_a_key);
    tcase_add_test(tests, nothing_set_reports_everything_required);
    tcase_add_test(tests, production_is_strict);
    tcase_add_test(tests, the_first_front_end_is_the_site);
    tcase_add_loop_test(tests, one_wrong_setting_is_named, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tests, printing_hides_every_secret);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
