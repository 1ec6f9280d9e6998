#include "faq/csv.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, /* clock */ NULL, /* log */ NULL, /* timeout_ms */ 0);
}

static void teardown(void)
{
    arena_free(arena);
}

/* All records as text: cells between [ ], an error as !n message; one record a line. A copy that ends where the text
 * ends lets the sanitizer see a read beyond it. */
static const char *read_all(const char *text, size_t len)
{
    char *copy = arena_alloc_raw(arena, len + (len == 0));
    memcpy(copy, text, len);
    struct csv csv;
    struct csv_record record;
    struct buf buf;
    buf_init(&buf, arena, 0, 10000);
    csv_init(&csv, arena, copy, len);
    while (csv_read(&csv, &record)) {
        if (record.error != NULL) {
            ck_assert_uint_eq(record.count, 0);
            buf_printf(&buf, "!%d %s", (int)record.n, record.error);
        }
        for (size_t i = 0; i < record.count; i++) {
            buf_printf(&buf, "[%s]", record.cells[i]);
        }
        buf_char(&buf, '\n');
    }
    const char *out = NULL;
    size_t out_len = 0;
    ck_assert(is_ok(buf_finish(&ctx, &buf, &out, &out_len)));
    return out;
}

START_TEST(every_form_of_a_record_is_read)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"a,b,c", "[a][b][c]\n"},
        {"a,b\nc,d\n", "[a][b]\n[c][d]\n"},
        {"a,b\r\nc,d\r\n", "[a][b]\n[c][d]\n"},
        {"a\rb\r", "[a]\n[b]\n"},
        {"\xEF\xBB\xBF\"a\",b", "[a][b]\n"},
        {"\n\r\n a , b \n\n\nc", "[ a ][ b ]\n[c]\n"},
        {",\n", "[][]\n"},
        {"a,", "[a][]\n"},
        {"\"\"", "[]\n"},
        {"\"a,b\",\"c \"\"d\"\"\"", "[a,b][c \"d\"]\n"},
        {"\"a\nb\r\nc\",d\ne", "[a\nb\r\nc][d]\n[e]\n"},
        {"\"\",\"\"\"\"\n", "[][\"]\n"},
        {"\xE0\xB8\x81,\xE0\xB8\x82", "[\xE0\xB8\x81][\xE0\xB8\x82]\n"},
        {"'=1,'x,''-1,'", "[=1]['x]['-1][']\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(read_all(cases[i].text, strlen(cases[i].text)), cases[i].expected);
    }
}
END_TEST

START_TEST(a_broken_record_is_named_and_the_next_line_goes_on)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a\nb\"c,d\ne", "[a]\n!2 has a quote inside a cell without quotes\n[e]\n"},
        {"a\n\"b\"c,d\r\ne", "[a]\n!2 has text after a closing quote\n[e]\n"},
        {"a\nb,\"c\nd\ne", "[a]\n!2 has a quote that is not closed\n"},
        {"\"", "!1 has a quote that is not closed\n"},
        {"\"a\"\"", "!1 has a quote that is not closed\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(read_all(cases[i].text, strlen(cases[i].text)), cases[i].expected);
    }
}
END_TEST

START_TEST(a_record_has_a_limit_of_cells)
{
    char text[2 * CSV_CELLS_MAX + 4];
    memset(text, ',', sizeof(text));
    struct csv csv;
    struct csv_record record;
    csv_init(&csv, arena, text, CSV_CELLS_MAX - 1);
    ck_assert(csv_read(&csv, &record));
    ck_assert_ptr_null(record.error);
    ck_assert_uint_eq(record.count, CSV_CELLS_MAX);
    text[CSV_CELLS_MAX] = '\n';
    text[CSV_CELLS_MAX + 1] = 'x';
    csv_init(&csv, arena, text, CSV_CELLS_MAX + 2);
    ck_assert(csv_read(&csv, &record));
    ck_assert_str_eq(record.error, "has too many cells");
    ck_assert(csv_read(&csv, &record));
    ck_assert_int_eq(record.n, 2);
    ck_assert_str_eq(record.cells[0], "x");
}
END_TEST

START_TEST(what_is_written_reads_back)
{
    static const char *const cells[] = {"plain", "", " led", "trailed ", "a,b", "say \"x\"",
        "two\nlines", "cr\r", "=1+1", "'=1", "''=1", "-", "@x", "'quoted'", "\ttab", "\xE0\xB8\x81",
        "\"", "'"};
    const size_t count = sizeof(cells) / sizeof(cells[0]);
    struct buf buf;
    buf_init(&buf, arena, 0, 10000);
    for (size_t i = 0; i < count; i++) {
        buf_str(&buf, i > 0 ? "," : "");
        csv_write(&buf, cells[i]);
    }
    struct csv csv;
    struct csv_record record;
    csv_init(&csv, arena, buf.data, buf.len);
    ck_assert(csv_read(&csv, &record));
    ck_assert_ptr_null(record.error);
    ck_assert_uint_eq(record.count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_eq(record.cells[i], cells[i]);
    }
}
END_TEST

START_TEST(a_formula_is_written_as_text)
{
    struct buf buf;
    buf_init(&buf, arena, 0, 100);
    csv_write(&buf, "=HYPERLINK(\"x\")");
    buf_char(&buf, ',');
    csv_write(&buf, "+66 2");
    const char *out = NULL;
    size_t len = 0;
    ck_assert(is_ok(buf_finish(&ctx, &buf, &out, &len)));
    ck_assert_str_eq(out, "\"'=HYPERLINK(\"\"x\"\")\",'+66 2");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faq.csv");
    TCase *tcase = tcase_create("csv");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_form_of_a_record_is_read);
    tcase_add_test(tcase, a_broken_record_is_named_and_the_next_line_goes_on);
    tcase_add_test(tcase, a_record_has_a_limit_of_cells);
    tcase_add_test(tcase, what_is_written_reads_back);
    tcase_add_test(tcase, a_formula_is_written_as_text);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
