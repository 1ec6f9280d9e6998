#include "core/field.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/limits.h"

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

static const char *const kinds[] = {"villa", "condo", NULL};

struct price {
    int64_t amount_minor;
    const char *currency;
};
static const struct field price_fields[] = {
    FIELD_I64(struct price, amount_minor, "", .required = true, .min = 0, .max = 1000000),
    FIELD_STR(struct price, currency, "", .min = 3, .max = 3, .dflt_text = "THB"),
};

struct image {
    struct field_set has;
    const char *url;
    int64_t width;
};
static const struct field image_fields[] = {
    FIELD_STR(struct image, url, "", .required = true),
    FIELD_I64(struct image, width, "", .nullable = true),
};

struct home {
    struct field_set has;
    const char *title;
    const char *note;
    const char *kind;
    int64_t rooms;
    double area;
    bool furnished;
    int64_t from;
    const char *day;
    struct strs tags;
    const char *extra;
    const char *steps;
    struct price price;
    struct list images;
};
static const struct field home_fields[] = {
    FIELD_STR(struct home, title, "", .required = true, .max = 10),
    FIELD_STR(struct home, note, "", .nullable = true, .dflt_text = "none"),
    FIELD_ENUM(struct home, kind, "", .choices = kinds, .dflt_text = "condo"),
    FIELD_I64(struct home, rooms, "", .min = 1, .max = 20, .dflt = 1),
    FIELD_F64(struct home, area, "", .max = 1000, .dflt_f64 = 0.5),
    FIELD_BOOL(struct home, furnished, ""),
    FIELD_TIME(struct home, from, "", .nullable = true),
    FIELD_DATE(struct home, day, ""),
    FIELD_STRS(struct home, tags, "", .max = 3),
    FIELD_JSON(struct home, extra, ""),
    FIELD_JSON(struct home, steps, "", .list = true, .max = 2),
    FIELD_OBJ(struct home, price, price, "", .shape = SHAPE(price)),
    FIELD_LIST(struct home, images, "", .shape = SHAPE_SET(image), .max = 4),
};
static const struct shape *const home_shape = SHAPE_SET(home);

static err decode(const char *text, struct home *out)
{
    const struct json *object = NULL;
    ck_assert_msg(is_ok(json_parse(&ctx, text, strlen(text), &object)), "%s", text);
    return field_decode(&ctx, home_shape, object, out);
}

START_TEST(a_full_body_fills_the_struct)
{
    struct home home;
    memset(&home, 0xff, sizeof(home));
    ck_assert(is_ok(
        decode("{\"title\":\"Höuse\",\"note\":\"n\",\"kind\":\"villa\",\"rooms\":3,\"area\":12,"
               "\"furnished\":true,\"from\":\"1970-01-01T00:00:01Z\",\"day\":\"2024-02-29\","
               "\"tags\":[\"a\",\"b\"],\"extra\":{ \"x\" : [1] },\"steps\":[1,2],"
               "\"price\":{\"amount_minor\":5,\"currency\":\"USD\"},"
               "\"images\":[{\"url\":\"u\"},{\"url\":\"v\",\"width\":null}]}",
            &home)));
    ck_assert_str_eq(home.title, "Höuse");
    ck_assert_str_eq(home.note, "n");
    ck_assert_ptr_eq(home.kind, kinds[0]);
    ck_assert_int_eq(home.rooms, 3);
    ck_assert_double_eq(home.area, 12);
    ck_assert(home.furnished);
    ck_assert_int_eq(home.from, 1000000);
    ck_assert_str_eq(home.day, "2024-02-29");
    ck_assert_int_eq(home.tags.count, 2);
    ck_assert_str_eq(home.tags.items[1], "b");
    ck_assert_str_eq(home.extra, "{\"x\":[1]}");
    ck_assert_str_eq(home.steps, "[1,2]");
    ck_assert_int_eq(home.price.amount_minor, 5);
    ck_assert_str_eq(home.price.currency, "USD");
    ck_assert_int_eq(home.images.count, 2);
    const struct image *images = home.images.items;
    ck_assert_str_eq(images[1].url, "v");
    ck_assert_uint_eq(images[0].has.present, 1);
    ck_assert_uint_eq(images[1].has.present, 3);
    ck_assert_uint_eq(images[1].has.null, 2);
    ck_assert_uint_eq(home.has.present, (1U << 13) - 1);
}
END_TEST

START_TEST(what_is_absent_has_its_default)
{
    struct home home;
    ck_assert(is_ok(decode("{\"title\":\"t\"}", &home)));
    ck_assert_str_eq(home.note, "none");
    ck_assert_ptr_eq(home.kind, kinds[1]);
    ck_assert_int_eq(home.rooms, 1);
    ck_assert_double_eq(home.area, 0.5);
    ck_assert_ptr_null(home.extra);
    ck_assert_str_eq(home.price.currency, "THB");
    ck_assert_uint_eq(home.has.present, 1);
    ck_assert_uint_eq(home.has.null, 0);
}
END_TEST

START_TEST(null_is_not_the_default)
{
    struct home home;
    ck_assert(is_ok(decode("{\"title\":\"t\",\"note\":null,\"from\":null}", &home)));
    ck_assert_ptr_null(home.note);
    ck_assert_int_eq(home.from, 0);
    ck_assert_uint_eq(home.has.present, 1U | 1U << 1 | 1U << 6);
    ck_assert_uint_eq(home.has.null, 1U << 1 | 1U << 6);
}
END_TEST

/* Each body has one problem. */
START_TEST(each_problem_is_named_with_its_path)
{
    const struct {
        const char *body, *field, *message;
    } cases[] = {
        {"{}", "title", "is required"},
        {"{\"title\":null}", "title", "must not be null"},
        {"{\"title\":1}", "title", "must be a string"},
        {"{\"title\":\"12345678901\"}", "title", "must have at most 10 characters"},
        {"{\"title\":\"t\",\"kind\":\"hut\"}", "kind", "must be one of villa, condo"},
        {"{\"title\":\"t\",\"kind\":1}", "kind", "must be a string"},
        {"{\"title\":\"t\",\"rooms\":null}", "rooms", "must not be null"},
        {"{\"title\":\"t\",\"rooms\":0}", "rooms", "must be at least 1"},
        {"{\"title\":\"t\",\"rooms\":21}", "rooms", "must be at most 20"},
        {"{\"title\":\"t\",\"rooms\":3.0}", "rooms", "must be an integer"},
        {"{\"title\":\"t\",\"rooms\":\"3\"}", "rooms", "must be an integer"},
        {"{\"title\":\"t\",\"area\":1000.5}", "area", "must be at most 1000"},
        {"{\"title\":\"t\",\"area\":\"1\"}", "area", "must be a number"},
        {"{\"title\":\"t\",\"furnished\":1}", "furnished", "must be true or false"},
        {"{\"title\":\"t\",\"from\":5}", "from", "must be a string"},
        {"{\"title\":\"t\",\"from\":\"x\"}", "from",
            "must be an instant like 2026-01-31T09:30:00Z"},
        {"{\"title\":\"t\",\"day\":\"2023-02-29\"}", "day", "must be a date like 2026-01-31"},
        {"{\"title\":\"t\",\"tags\":\"a,b\"}", "tags", "must be a list of strings"},
        {"{\"title\":\"t\",\"tags\":[\"a\",null]}", "tags", "must be a list of strings"},
        {"{\"title\":\"t\",\"tags\":[\"a\",\"b\",\"c\",\"d\"]}", "tags",
            "must have at most 3 items"},
        {"{\"title\":\"t\",\"extra\":[]}", "extra", "must be an object"},
        {"{\"title\":\"t\",\"extra\":\"{}\"}", "extra", "must be an object"},
        {"{\"title\":\"t\",\"steps\":{}}", "steps", "must be a list"},
        {"{\"title\":\"t\",\"steps\":[1,2,3]}", "steps", "must have at most 2 items"},
        {"{\"title\":\"t\",\"price\":5}", "price", "must be an object"},
        {"{\"title\":\"t\",\"price\":{}}", "price.amount_minor", "is required"},
        {"{\"title\":\"t\",\"price\":{\"amount_minor\":5.5}}", "price.amount_minor",
            "must be an integer"},
        {"{\"title\":\"t\",\"price\":{\"amount_minor\":5,\"currency\":\"TH\"}}", "price.currency",
            "must have at least 3 characters"},
        {"{\"title\":\"t\",\"images\":{}}", "images", "must be a list"},
        {"{\"title\":\"t\",\"images\":[{},{},{},{},{}]}", "images", "must have at most 4 items"},
        {"{\"title\":\"t\",\"images\":[{\"url\":\"u\"},7]}", "images[1]", "must be an object"},
        {"{\"title\":\"t\",\"images\":[{\"url\":\"u\"},{\"url\":null}]}", "images[1].url",
            "must not be null"},
        {"{\"title\":\"t\",\"nope\":1}", "nope", "unknown field"},
        {"{\"title\":\"t\",\"\":1}", "", "unknown field"},
        {"{\"title\":\"t\",\"has\":1}", "has", "unknown field"},
        {"{\"title\":\"t\",\"price.currency\":\"USD\"}", "price.currency", "unknown field"},
        {"{\"title\":\"t\",\"price\":{\"amount_minor\":5,\"x\":null}}", "price.x", "unknown field"},
        {"{\"title\":\"t\",\"images\":[{\"url\":\"u\",\"x\":1}]}", "images[0].x", "unknown field"},
        {"[]", "body", "must be an object"},
        {"null", "body", "must be an object"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct home home;
        ck_assert_msg(decode(cases[i].body, &home).code == ERR_INVALID, "%s", cases[i].body);
        ck_assert_msg(ctx.error.field_count == 1, "%s", cases[i].body);
        ck_assert_str_eq(ctx.error.fields[0].field, cases[i].field);
        ck_assert_str_eq(ctx.error.fields[0].message, cases[i].message);
        const bool unknown = strcmp(cases[i].message, "unknown field") == 0;
        ck_assert_str_eq(ctx.error.public_name,
            unknown ? CODE_UNKNOWN_FIELD : CODE_VALIDATION_ERROR);
    }
}
END_TEST

START_TEST(all_problems_are_told_at_once)
{
    struct home home;
    ck_assert_int_eq(decode("{\"x\":1,\"rooms\":0,\"price\":{\"amount_minor\":-1,\"y\":1},"
                            "\"images\":[{}]}",
                         &home)
                         .code,
        ERR_INVALID);
    const char *const wanted[] = {
        "title", "rooms", "price.amount_minor", "price.y", "images[0].url", "x"};
    ck_assert_int_eq(ctx.error.field_count, 6);
    for (int i = 0; i < 6; i++) {
        ck_assert_str_eq(ctx.error.fields[i].field, wanted[i]);
    }
    ck_assert_str_eq(ctx.error.public_name, CODE_VALIDATION_ERROR);
}
END_TEST

START_TEST(endless_problems_end_at_the_limit)
{
    const char *members = "";
    for (int i = 0; i <= ERR_FIELDS_MAX; i++) {
        members = arena_printf(arena, "%s,\"x%d\":1", members, i);
    }
    const char *body = arena_printf(arena, "{\"title\":\"t\"%s}", members);
    struct home home;
    ck_assert_int_eq(decode(body, &home).code, ERR_INVALID);
    ck_assert_int_eq(ctx.error.field_count, ERR_FIELDS_MAX);
}
END_TEST

START_TEST(an_earlier_failure_does_not_spoil_a_good_body)
{
    struct home home;
    ck_assert(!is_ok(decode("{}", &home)));
    ck_assert(is_ok(decode("{\"title\":\"t\"}", &home)));
    ck_assert_int_eq(ctx.error.code, ERR_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.field_decode");
    TCase *tests = tcase_create("field_decode");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_full_body_fills_the_struct);
    tcase_add_test(tests, what_is_absent_has_its_default);
    tcase_add_test(tests, null_is_not_the_default);
    tcase_add_test(tests, each_problem_is_named_with_its_path);
    tcase_add_test(tests, all_problems_are_told_at_once);
    tcase_add_test(tests, endless_problems_end_at_the_limit);
    tcase_add_test(tests, an_earlier_failure_does_not_spoil_a_good_body);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
