#include "core/field.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/json.h"

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 0);
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
    FIELD_I64(struct price, amount_minor, ""),
    FIELD_STR(struct price, currency, ""),
};

struct image {
    struct field_set has;
    const char *url;
    int64_t width;
};
static const struct field image_fields[] = {
    FIELD_STR(struct image, url, ""),
    FIELD_I64(struct image, width, "", .nullable = true),
};

struct home {
    struct field_set has;
    const char *title, *kind;
    int64_t rooms;
    double area;
    bool furnished;
    int64_t from;
    const char *day;
    struct strs tags;
    const char *extra;
    struct price price;
    struct list images;
};
static const struct field home_fields[] = {
    FIELD_STR(struct home, title, "", .nullable = true, .max = 40),
    FIELD_ENUM(struct home, kind, "", .choices = kinds, .nullable = true),
    FIELD_I64(struct home, rooms, "", .nullable = true),
    FIELD_F64(struct home, area, "", .nullable = true),
    FIELD_BOOL(struct home, furnished, "", .nullable = true),
    FIELD_TIME(struct home, from, "", .nullable = true),
    FIELD_DATE(struct home, day, "", .nullable = true),
    FIELD_STRS(struct home, tags, ""),
    FIELD_JSON(struct home, extra, "", .nullable = true),
    FIELD_OBJ(struct home, price, price, "", .shape = SHAPE(price)),
    FIELD_LIST(struct home, images, "", .shape = SHAPE_SET(image)),
};
static const struct shape *const home_shape = SHAPE_SET(home);

static err scan(const char *text, size_t len, struct home *out)
{
    err_clear(&ctx);
    return field_scan(&ctx, home_shape, arena_strndup(arena, text, len), len, out);
}

static const char *encode(const struct home *home)
{
    struct buf buf;
    buf_init(&buf, arena, 256, 10000);
    field_encode(&buf, home_shape, home);
    return buf_text(&buf);
}

#define HOME                                                                                       \
    "{\"title\":\"Villa \\\"\\u0e1a\\u00e9\\ud83c\\udfe0\\\"\",\"kind\":\"villa\",\"rooms\":-3,"   \
    "\"area\":1.5e2,\"furnished\":true,\"from\":\"2026-01-31T09:30:00.000Z\","                     \
    "\"day\":\"2026-02-01\",\"tags\":[\"a,b\",\"\",\"\\n\"],\"extra\":{\"a\":[1,null]},"           \
    "\"price\":{\"amount_minor\":9007199254740993,\"currency\":\"THB\"},"                          \
    "\"images\":[{\"url\":\"/1\",\"width\":7},{\"url\":\"/2\",\"width\":null},{}]}"

static const char *const homes[] = {
    HOME,
    "{}",
    " { } ",
    "{\"title\":null,\"kind\":null,\"rooms\":null,\"area\":null,\"extra\":null}",
    "{\"images\":[],\"tags\":[]}",
    "{\"images\":[ {\"width\" : 1 , \"url\" : \"backwards\"} ] , \"rooms\" : 0}",
    "{\"title\":\"\",\"area\":-0.0,\"furnished\":false}",
};

START_TEST(the_same_is_read_as_by_way_of_a_tree)
{
    for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
        struct home scanned, decoded;
        const struct json *json = NULL;
        ck_assert(is_ok(json_parse(&ctx, homes[i], strlen(homes[i]), &json)));
        ck_assert(is_ok(field_decode(&ctx, home_shape, json, &decoded)));
        ck_assert_msg(is_ok(scan(homes[i], strlen(homes[i]), &scanned)), "%s", ctx.error.text);
        ck_assert_uint_eq(scanned.has.present, decoded.has.present);
        ck_assert_uint_eq(scanned.has.null, decoded.has.null);
        ck_assert_str_eq(encode(&scanned), encode(&decoded));
    }
}
END_TEST

START_TEST(what_is_written_is_read)
{
    struct home home, again;
    ck_assert(is_ok(scan(HOME, strlen(HOME), &home)));
    ck_assert_str_eq(home.title, "Villa \"\u0e1a\u00e9\U0001F3E0\"");
    ck_assert_ptr_eq(home.kind, kinds[0]);
    ck_assert_int_eq(home.rooms, -3);
    ck_assert_double_eq(home.area, 150);
    ck_assert(home.furnished);
    ck_assert_int_eq(home.tags.count, 3);
    ck_assert_str_eq(home.tags.items[0], "a,b");
    ck_assert_str_eq(home.extra, "{\"a\":[1,null]}");
    ck_assert_int_eq(home.price.amount_minor, 9007199254740993);
    const struct image *images = home.images.items;
    ck_assert_int_eq(home.images.count, 3);
    ck_assert_str_eq(images[1].url, "/2");
    ck_assert_uint_eq(images[1].has.null, 2);
    ck_assert_ptr_null(images[2].url);
    const char *text = encode(&home);
    ck_assert(is_ok(scan(text, strlen(text), &again)));
    ck_assert_str_eq(encode(&again), text);
}
END_TEST

START_TEST(other_names_are_passed_over)
{
    static const char text[] = "{\"x\":{\"title\":\"no\"},\"title\":\"yes\",\"y\":[[1],{\"rooms\":"
                               "2}],\"rooms\":4,\"z\":\"\"}";
    struct home home;
    ck_assert(is_ok(scan(text, strlen(text), &home)));
    ck_assert_str_eq(home.title, "yes");
    ck_assert_int_eq(home.rooms, 4);
}
END_TEST

static const char *const faults[] = {"", " ", "null", "[]", "7", "{}x", "{\"title\":7}",
    "{\"title\":[\"a\"]}", "{\"title\":\"longer than it may be, by some characters\"}",
    "{\"kind\":\"house\"}", "{\"rooms\":\"3\"}", "{\"rooms\":1.5}", "{\"rooms\":true}",
    "{\"rooms\":9223372036854775808}", "{\"area\":\"1\"}", "{\"area\":1e999}",
    "{\"furnished\":\"true\"}", "{\"furnished\":1}", "{\"from\":\"yesterday\"}",
    "{\"from\":1700000000}", "{\"day\":\"2026-02-30\"}", "{\"tags\":\"a,b\"}", "{\"tags\":[1]}",
    "{\"tags\":[\"a\",null]}", "{\"price\":[]}", "{\"price\":\"1\"}", "{\"images\":{}}",
    "{\"images\":[1]}", "{\"images\":[{\"url\":1}]}",
    "{\"images\":[{\"width\":1.5,\"url\":\"a\",\"x\":1,\"y\":2}]}", "{\"images\":[{}",
    "{\"title\":nul}", "{\"title\":\"a\" \"rooms\":1}", "{title:1}"};

START_TEST(faults_are_told)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct home home;
        const err read = scan(faults[i], strlen(faults[i]), &home);
        ck_assert_msg(read.code == ERR_INTERNAL, "%s: %s", faults[i], err_name(read.code));
    }
}
END_TEST

START_TEST(a_text_that_was_cut_is_a_fault)
{
    for (size_t len = 0; len < sizeof(HOME) - 1; len++) {
        struct home home;
        ck_assert_int_eq(scan(HOME, len, &home).code, ERR_INTERNAL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field_scan");
    TCase *tcase = tcase_create("field_scan");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_same_is_read_as_by_way_of_a_tree);
    tcase_add_test(tcase, what_is_written_is_read);
    tcase_add_test(tcase, other_names_are_passed_over);
    tcase_add_test(tcase, faults_are_told);
    tcase_add_test(tcase, a_text_that_was_cut_is_a_fault);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
