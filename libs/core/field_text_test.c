#include "core/field.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
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

static bool starts_upper(const char *text)
{
    return text[0] >= 'A' && text[0] <= 'Z';
}

static const char *const colors[] = {"red", "green", NULL};

struct sample {
    const char *name;
    int64_t number;
    int64_t any;
    double real;
    bool flag;
    const char *color;
    int64_t at;
    const char *day;
    struct strs tags;
    const char *extra;
};
static const struct field sample_fields[] = {
    FIELD_STR(struct sample, name, "", .min = 1, .max = 3, .check = starts_upper,
        .check_text = "must be upper"),
    FIELD_I64(struct sample, number, "", .min = -2, .max = 50),
    FIELD_I64(struct sample, any, ""),
    FIELD_F64(struct sample, real, "", .min = -90, .max = 90),
    FIELD_BOOL(struct sample, flag, ""),
    FIELD_ENUM(struct sample, color, "", .choices = colors),
    FIELD_TIME(struct sample, at, ""),
    FIELD_DATE(struct sample, day, ""),
    FIELD_STRS(struct sample, tags, "", .max = 2, .check = starts_upper,
        .check_text = "must be upper"),
    FIELD_JSON(struct sample, extra, ""),
};

/* NULL = accepted. */
static const char *set(const char *name, const char *text, struct sample *out)
{
    const struct field *field = NULL;
    const char *why = NULL;
    ck_assert_int_ge(field_find(SHAPE(sample), name, &field), 0);
    const bool accepted = field_set_text(&ctx, field, out, text, strlen(text), &why);
    ck_assert(accepted == (why == NULL));
    ck_assert_int_eq(ctx.error.code, ERR_OK);
    return why;
}

START_TEST(each_type_takes_what_fits_it)
{
    struct sample out = {0};
    const char *const values[][2] = {
        {"name", "A"},
        {"name", "Aö€"},
        {"number", "-2"},
        {"number", "50"},
        {"number", "-0"},
        {"number", "007"},
        {"any", "9223372036854775807"},
        {"any", "-9223372036854775808"},
        {"real", "90"},
        {"real", "-90.0"},
        {"real", "1e1"},
        {"real", ".5"},
        {"flag", "true"},
        {"flag", "f"},
        {"flag", "false"},
        {"flag", "t"},
        {"color", "red"},
        {"at", "2024-02-29T12:34:56Z"},
        {"at", "2024-02-29 12:34:56.789123+00"},
        {"day", "2024-02-29"},
        {"tags", ""},
        {"tags", "A,B"},
        {"tags", "[]"},
        {"tags", "[\"A,\",\"B\"]"},
        {"extra", "{\"from\":\"the database\"}"},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const char *why = set(values[i][0], values[i][1], &out);
        ck_assert_msg(why == NULL, "%s=%s: %s", values[i][0], values[i][1], why);
    }
}
END_TEST

START_TEST(values_arrive_in_the_struct)
{
    struct sample out = {0};
    const char *name = "Abc";
    ck_assert_ptr_null(set("name", name, &out));
    ck_assert_ptr_eq(out.name, name);
    ck_assert_ptr_null(set("any", "-9223372036854775808", &out));
    ck_assert_int_eq(out.any, INT64_MIN);
    ck_assert_ptr_null(set("real", "-13.75", &out));
    ck_assert_double_eq(out.real, -13.75);
    ck_assert_ptr_null(set("flag", "t", &out));
    ck_assert(out.flag);
    ck_assert_ptr_null(set("color", "green", &out));
    ck_assert_ptr_eq(out.color, colors[1]);
    ck_assert_ptr_null(set("at", "1970-01-01 00:00:01.5+00", &out));
    ck_assert_int_eq(out.at, 1500000);
    ck_assert_ptr_null(set("tags", "Ab,C", &out));
    ck_assert_int_eq(out.tags.count, 2);
    ck_assert_str_eq(out.tags.items[0], "Ab");
    ck_assert_str_eq(out.tags.items[1], "C");
    ck_assert_ptr_null(set("tags", "[\"A,b\"]", &out));
    ck_assert_int_eq(out.tags.count, 1);
    ck_assert_str_eq(out.tags.items[0], "A,b");
    ck_assert_ptr_null(set("tags", "", &out));
    ck_assert_int_eq(out.tags.count, 0);
}
END_TEST

START_TEST(each_refusal_says_what_is_wanted)
{
    const struct {
        const char *name, *text, *why;
    } cases[] = {
        {"name", "", "must not be empty"},
        {"name", "Aö€b", "must have at most 3 characters"},
        {"name", "a", "must be upper"},
        {"name", "A\xff", "must be valid UTF-8 without NUL"},
        {"number", "-3", "must be at least -2"},
        {"number", "51", "must be at most 50"},
        {"number", "", "must be an integer"},
        {"number", "-", "must be an integer"},
        {"number", "+1", "must be an integer"},
        {"number", " 1", "must be an integer"},
        {"number", "1 ", "must be an integer"},
        {"number", "1.0", "must be an integer"},
        {"number", "0x1", "must be an integer"},
        {"any", "9223372036854775808", "must be an integer"},
        {"any", "-9223372036854775809", "must be an integer"},
        {"any", "99999999999999999999999", "must be an integer"},
        {"real", "90.1", "must be at most 90"},
        {"real", "-90.1", "must be at least -90"},
        {"real", "", "must be a number"},
        {"real", "nan", "must be a number"},
        {"real", "inf", "must be a number"},
        {"real", "1e999", "must be a number"},
        {"real", "0x1p3", "must be a number"},
        {"real", "1,5", "must be a number"},
        {"real", " 1", "must be a number"},
        {"real", "1-", "must be a number"},
        {"flag", "1", "must be true or false"},
        {"flag", "TRUE", "must be true or false"},
        {"flag", "", "must be true or false"},
        {"color", "blue", "must be one of red, green"},
        {"color", "re", "must be one of red, green"},
        {"color", "", "must be one of red, green"},
        {"at", "2024-02-29", "must be an instant like 2026-01-31T09:30:00Z"},
        {"at", "infinity", "must be an instant like 2026-01-31T09:30:00Z"},
        {"day", "2023-02-29", "must be a date like 2026-01-31"},
        {"tags", "A,B,C", "must have at most 2 items"},
        {"tags", "A,", "must not have empty items"},
        {"tags", ",A", "must not have empty items"},
        {"tags", ",", "must not have empty items"},
        {"tags", "a", "must be upper"},
        {"tags", "\xff", "must be valid UTF-8 without NUL"},
        {"tags", "[\"A\",1]", "must be a list of strings"},
        {"tags", "[\"A\"", "must be a list of strings"},
        {"tags", "[\"A\",\"B\",\"C\"]", "must have at most 2 items"},
        {"tags", "[\"a\"]", "must be upper"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample out = {0};
        const char *why = set(cases[i].name, cases[i].text, &out);
        ck_assert_msg(why != NULL, "%s=%s", cases[i].name, cases[i].text);
        ck_assert_str_eq(why, cases[i].why);
        ck_assert_mem_eq(&out, &(struct sample){0}, sizeof(out)); /* untouched */
    }
}
END_TEST

struct outer {
    struct sample inner;
};
static const struct field outer_fields[] = {
    FIELD_OBJ(struct outer, inner, sample, "", .shape = SHAPE(sample)),
};

START_TEST(nested_rows_cannot_come_from_text)
{
    struct outer out = {0};
    const char *why = NULL;
    ck_assert(!field_set_text(&ctx, outer_fields, &out, "{}", 2, &why));
    ck_assert_str_eq(why, "must not be given as text");
}
END_TEST

struct query_in {
    struct field_set has;
    const char *q;
    int64_t limit;
    bool exact;
    struct strs kinds;
    const char *filter;
    const char *sort;
};
static const char *const sorts[] = {"new", "old", NULL};
static const struct field query_in_fields[] = {
    FIELD_STR(struct query_in, q, "", .required = true, .max = 5),
    FIELD_I64(struct query_in, limit, "", .min = 1, .max = 100, .dflt = 20),
    FIELD_BOOL(struct query_in, exact, "", .dflt = 1),
    FIELD_STRS(struct query_in, kinds, "", .dflt_text = "villa,house"),
    FIELD_JSON(struct query_in, filter, ""),
    FIELD_ENUM(struct query_in, sort, "", .choices = sorts, .dflt_text = "old"),
};

static err decode(const struct field_param *params, size_t count, struct query_in *out)
{
    return field_decode_query(&ctx, SHAPE_SET(query_in), params, count, out);
}

#define PARAM(name_, value_) ((struct field_param){(name_), (value_), sizeof(value_) - 1})
#define PARAMS(...)                                                                                \
    (const struct field_param[]){__VA_ARGS__},                                                     \
        sizeof((const struct field_param[]){__VA_ARGS__}) / sizeof(struct field_param)

START_TEST(a_query_is_decoded_over_its_defaults)
{
    struct query_in in;
    memset(&in, 0xff, sizeof(in));
    ck_assert(is_ok(decode(PARAMS(PARAM("q", "pööl"), PARAM("kinds", "condo")), &in)));
    ck_assert_str_eq(in.q, "pööl");
    ck_assert_int_eq(in.limit, 20);
    ck_assert(in.exact);
    ck_assert_int_eq(in.kinds.count, 1);
    ck_assert_ptr_null(in.filter);
    ck_assert_ptr_eq(in.sort, sorts[1]);
    ck_assert_uint_eq(in.has.present, 1U << 0 | 1U << 3);
    ck_assert_uint_eq(in.has.null, 0);
    ck_assert(is_ok(decode(PARAMS(PARAM("q", ""), PARAM("filter", "{\"a\":1}")), &in)));
    ck_assert_int_eq(in.kinds.count, 2);
    ck_assert_str_eq(in.kinds.items[1], "house");
    ck_assert_str_eq(in.filter, "{\"a\":1}");
}
END_TEST

START_TEST(every_problem_of_a_query_is_named)
{
    struct query_in in;
    ck_assert_int_eq(decode(PARAMS(PARAM("limit", "101"), PARAM("limit", "5"), PARAM("nope", "1"),
                                PARAM("exact", "maybe"), PARAM("filter", "{"), PARAM("Q", "x")),
                         &in)
                         .code,
        ERR_INVALID);
    const char *const wanted[][3] = {
        {"limit", CODE_VALIDATION_ERROR, "must be at most 100"},
        {"limit", CODE_VALIDATION_ERROR, "given twice"},
        {"nope", CODE_UNKNOWN_PARAMETER, "unknown parameter"},
        {"exact", CODE_VALIDATION_ERROR, "must be true or false"},
        {"filter", CODE_VALIDATION_ERROR, "must be JSON"},
        {"Q", CODE_UNKNOWN_PARAMETER, "unknown parameter"},
        {"q", CODE_VALIDATION_ERROR, "is required"},
    };
    ck_assert_int_eq(ctx.error.field_count, 7);
    for (int i = 0; i < 7; i++) {
        ck_assert_str_eq(ctx.error.fields[i].field, wanted[i][0]);
        ck_assert_str_eq(ctx.error.fields[i].code, wanted[i][1]);
        ck_assert_str_eq(ctx.error.fields[i].message, wanted[i][2]);
    }
    ck_assert_str_eq(ctx.error.public_name, CODE_VALIDATION_ERROR);
}
END_TEST

START_TEST(only_unknown_parameters_name_the_failure_so)
{
    struct query_in in;
    ck_assert(!is_ok(decode(PARAMS(PARAM("q", ""), PARAM("nope", "1")), &in)));
    ck_assert_str_eq(ctx.error.public_name, CODE_UNKNOWN_PARAMETER);
    ck_assert(is_ok(decode(PARAMS(PARAM("q", "")),
        &in))); /* nothing is left of the failure before */
}
END_TEST

START_TEST(text_with_nul_is_refused)
{
    struct query_in in;
    ck_assert(!is_ok(decode(PARAMS(PARAM("q", "a\0b")), &in)));
    ck_assert_str_eq(ctx.error.fields[0].message, "must be valid UTF-8 without NUL");
    ck_assert(!is_ok(decode(PARAMS(PARAM("q", ""), PARAM("limit", "1\0")), &in)));
    ck_assert(!is_ok(decode(PARAMS(PARAM("q", ""), PARAM("kinds", "a\0b")), &in)));
    ck_assert(!is_ok(decode(PARAMS(PARAM("q", ""), PARAM("sort", "new\0")), &in)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.field_text");
    TCase *tests = tcase_create("field_text");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_type_takes_what_fits_it);
    tcase_add_test(tests, values_arrive_in_the_struct);
    tcase_add_test(tests, each_refusal_says_what_is_wanted);
    tcase_add_test(tests, nested_rows_cannot_come_from_text);
    tcase_add_test(tests, a_query_is_decoded_over_its_defaults);
    tcase_add_test(tests, every_problem_of_a_query_is_named);
    tcase_add_test(tests, only_unknown_parameters_name_the_failure_so);
    tcase_add_test(tests, text_with_nul_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
