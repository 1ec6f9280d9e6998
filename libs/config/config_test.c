#include "config/config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"

struct demo_config {
    const char *demo_url;
    const char *demo_secret;
    int64_t demo_port;
    bool demo_on;
    struct strs demo_list;
    double demo_share;
    const char *demo_mode;
};
static const char *const demo_modes[] = {"fast", "safe", NULL};
static const struct field demo_fields[] = {
    FIELD_STR(struct demo_config, demo_url, "Where it is", .required = true),
    FIELD_SECRET(struct demo_config, demo_secret, "What only we know"),
    FIELD_I64(struct demo_config, demo_port, "Port", .min = 1, .max = 65535, .dflt = 8000),
    FIELD_BOOL(struct demo_config, demo_on, "Switch", .dflt = 1),
    FIELD_STRS(struct demo_config, demo_list, "Names", .dflt_text = "a,b"),
    FIELD_F64(struct demo_config, demo_share, "Part of it", .dflt_f64 = 0.7),
    FIELD_ENUM(struct demo_config, demo_mode, "How", .choices = demo_modes, .dflt_text = "safe"),
};

static struct arena *arena;
static struct demo_config demo;
static struct config_report report;

static void setup(void)
{
    arena = arena_new(NULL);
    memset(&demo, 0, sizeof(demo));
    memset(&report, 0, sizeof(report));
}

static void teardown(void)
{
    arena_free(arena);
}

static const struct config_group *group(void)
{
    static struct config_group one;
    one = (struct config_group){
        "Demo", demo_fields, sizeof(demo_fields) / sizeof(demo_fields[0]), &demo};
    return &one;
}

static void load(const char *const *environ, const char *file_text)
{
    char path[] = "/tmp/config_testXXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    if (file_text != NULL) {
        ck_assert_int_eq(write(fd, file_text, strlen(file_text)), (ssize_t)strlen(file_text));
    }
    close(fd);
    const struct config_source source = {environ, file_text == NULL ? NULL : path};
    config_load(arena, &source, group(), 1, &report);
    unlink(path);
}

START_TEST(defaults_fill_what_nobody_set)
{
    load((const char *const[]){"DEMO_URL=x", NULL}, NULL);
    ck_assert_int_eq(report.problem_count, 0);
    ck_assert_int_eq(demo.demo_port, 8000);
    ck_assert(demo.demo_on);
    ck_assert_int_eq(demo.demo_list.count, 2);
    ck_assert_str_eq(demo.demo_list.items[1], "b");
}
END_TEST

START_TEST(environment_wins_over_the_file)
{
    load((const char *const[]){"DEMO_PORT=1", NULL}, "DEMO_PORT=2\nDEMO_URL=file\n");
    ck_assert_int_eq(demo.demo_port, 1);
    ck_assert_str_eq(demo.demo_url, "file");
}
END_TEST

START_TEST(file_syntax_is_read)
{
    load(NULL, "# note\n\nexport demo_url = \"a \\\"b\\\"\\nc\" # tail\nDEMO_SECRET='raw # $x'\r\n"
               "DEMO_LIST=x,y # two\nDEMO_ON=false");
    ck_assert_int_eq(report.problem_count, 0);
    ck_assert_str_eq(demo.demo_url, "a \"b\"\nc");
    ck_assert_str_eq(demo.demo_secret, "raw # $x");
    ck_assert_int_eq(demo.demo_list.count, 2);
    ck_assert(!demo.demo_on);
}
END_TEST

START_TEST(blanks_around_list_items_are_dropped)
{
    load((const char *const[]){"DEMO_URL=u", "DEMO_LIST= x y ,\tz , w \t", NULL}, NULL);
    ck_assert_int_eq(report.problem_count, 0);
    ck_assert_int_eq(demo.demo_list.count, 3);
    ck_assert_str_eq(demo.demo_list.items[0], "x y");
    ck_assert_str_eq(demo.demo_list.items[1], "z");
    ck_assert_str_eq(demo.demo_list.items[2], "w");
}
END_TEST

START_TEST(quoted_values_span_lines)
{
    load(NULL, "DEMO_SECRET=\"-----BEGIN\nabc\n-----END\"\nDEMO_URL=u\n");
    ck_assert_str_eq(demo.demo_secret, "-----BEGIN\nabc\n-----END");
    ck_assert_str_eq(demo.demo_url, "u");
}
END_TEST

START_TEST(every_problem_is_reported_at_once)
{
    load((const char *const[]){"DEMO_PORT=65536", "DEMO_ON=perhaps", NULL}, NULL);
    ck_assert_int_eq(report.problem_count, 3);
    ck_assert_ptr_nonnull(strstr(report.problems[0], "DEMO_URL: is required"));
    ck_assert_ptr_nonnull(strstr(report.problems[1], "DEMO_PORT: must be"));
    ck_assert_ptr_nonnull(strstr(report.problems[2], "DEMO_ON: must be"));
}
END_TEST

START_TEST(malformed_files_name_the_line)
{
    load((const char *const[]){"DEMO_URL=x", NULL}, "DEMO_PORT=1\nnonsense\n");
    ck_assert_int_eq(report.problem_count, 1);
    ck_assert_ptr_nonnull(strstr(report.problems[0], "line 2"));
    memset(&report, 0, sizeof(report));
    load((const char *const[]){"DEMO_URL=x", NULL}, "DEMO_SECRET=\"open\n");
    ck_assert_int_eq(report.problem_count, 1);
}
END_TEST

START_TEST(missing_file_is_a_problem)
{
    const struct config_source source = {
        (const char *const[]){"DEMO_URL=x", NULL}, "/nonexistent/env"};
    config_load(arena, &source, group(), 1, &report);
    ck_assert_int_eq(report.problem_count, 1);
    ck_assert_ptr_nonnull(strstr(report.problems[0], "cannot be read"));
}
END_TEST

START_TEST(secret_may_come_from_a_file)
{
    char path[] = "/tmp/config_secretXXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, "hush\n", 5), 5);
    close(fd);
    const char *line = arena_printf(arena, "DEMO_SECRET_FILE=%s", path);
    load((const char *const[]){"DEMO_URL=x", line, NULL}, NULL);
    unlink(path);
    ck_assert_str_eq(demo.demo_secret, "hush");
    ck_assert_int_eq(report.problem_count, 0);
    ck_assert_int_eq(report.warning_count, 0);
}
END_TEST

START_TEST(near_misses_are_named_and_strangers_ignored)
{
    load((const char *const[]){"DEMO_URL=x", "DEMO_PROT=1", "HOME=/root", NULL}, NULL);
    ck_assert_int_eq(report.warning_count, 1);
    ck_assert_str_eq(report.warnings[0], "DEMO_PROT: unknown; did you mean DEMO_PORT?");
}
END_TEST

START_TEST(printing_hides_secrets_and_passwords)
{
    load((const char *const[]){"DEMO_URL=redis://me:hidden@host/0", "DEMO_SECRET=hidden", NULL},
        NULL);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    config_print(out, group(), 1);
    fclose(out);
    ck_assert_ptr_null(strstr(text, "hidden"));
    ck_assert_ptr_nonnull(strstr(text, "DEMO_URL=redis://me:***@host/0\n"));
    ck_assert_ptr_nonnull(strstr(text, "DEMO_SECRET=***\n"));
    ck_assert_ptr_nonnull(strstr(text, "DEMO_LIST=a,b\n"));
    free(text);
}
END_TEST

START_TEST(markdown_has_a_row_for_every_option)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    config_print_markdown(out, group(), 1);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "## Demo"));
    ck_assert_ptr_nonnull(strstr(text, "| `DEMO_PORT` | integer 1..65535 | 8000 | Port |"));
    ck_assert_ptr_nonnull(strstr(text, "| `DEMO_URL` | text | required | Where it is |"));
    ck_assert_ptr_nonnull(strstr(text, "| `DEMO_SHARE` | number | 0.7 | Part of it |"));
    ck_assert_ptr_nonnull(strstr(text, "| `DEMO_MODE` | one of: fast, safe | `safe` | How |"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, defaults_fill_what_nobody_set);
    tcase_add_test(tests, environment_wins_over_the_file);
    tcase_add_test(tests, file_syntax_is_read);
    tcase_add_test(tests, blanks_around_list_items_are_dropped);
    tcase_add_test(tests, quoted_values_span_lines);
    tcase_add_test(tests, every_problem_is_reported_at_once);
    tcase_add_test(tests, malformed_files_name_the_line);
    tcase_add_test(tests, missing_file_is_a_problem);
    tcase_add_test(tests, secret_may_come_from_a_file);
    tcase_add_test(tests, near_misses_are_named_and_strangers_ignored);
    tcase_add_test(tests, printing_hides_secrets_and_passwords);
    tcase_add_test(tests, markdown_has_a_row_for_every_option);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
