#include "core/field.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/json.h"

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

struct money {
    struct field_set has;
    int64_t amount_minor;
    const char *currency;
};
static const struct field money_fields[] = {
    FIELD_I64(struct money, amount_minor, "", .nullable = true),
    FIELD_STR(struct money, currency, "", .nullable = true, .omit = true, .dflt_text = "THB"),
};

struct row {
    struct field_set has;
    int64_t id;
    const char *name;
    const char *nick;
    double real;
    bool flag;
    int64_t at;
    int64_t seen_at;
    struct strs tags;
    struct strs more;
    const char *extra;
    struct money price;
    struct money fee;
    struct list parts;
    const char *secret;
};
static const struct field row_fields[] = {
    FIELD_I64(struct row, id, "", .dflt = 9),
    FIELD_STR(struct row, name, "", .nullable = true),
    FIELD_STR(struct row, nick, "", .nullable = true, .omit = true),
    FIELD_F64(struct row, real, ""),
    FIELD_BOOL(struct row, flag, "", .dflt = 1),
    FIELD_TIME(struct row, at, ""),
    FIELD_TIME(struct row, seen_at, "", .nullable = true),
    FIELD_STRS(struct row, tags, ""),
    FIELD_STRS(struct row, more, "", .nullable = true),
    FIELD_JSON(struct row, extra, "", .nullable = true),
    FIELD_OBJ(struct row, price, money, "", .shape = SHAPE_SET(money)),
    FIELD_OBJ(struct row, fee, money, "", .shape = SHAPE_SET(money), .nullable = true,
        .omit = true),
    FIELD_LIST(struct row, parts, "", .shape = SHAPE_SET(money)),
    FIELD_SECRET(struct row, secret, ""),
};
enum { ROW_SEEN_AT = 6, ROW_FEE = 11 };
static const struct shape *const row_shape = SHAPE_SET(row);

static const char *encode_with(void (*encoder)(struct buf *, const struct shape *, const void *),
    const struct shape *shape, const void *base)
{
    struct buf buf;
    const char *text = NULL;
    size_t len = 0;
    buf_init(&buf, arena, 0, 100000);
    encoder(&buf, shape, base);
    ck_assert(is_ok(buf_finish(&ctx, &buf, &text, &len)));
    return text;
}

START_TEST(an_empty_struct_is_written_with_nulls_where_allowed)
{
    const struct row row = {0};
    ck_assert_str_eq(encode_with(field_encode, row_shape, &row),
        "{\"id\":0,\"name\":null,\"real\":0,\"flag\":false,\"at\":\"1970-01-01T00:00:00.000Z\","
        "\"seen_at\":null,"
        "\"tags\":[],\"more\":null,\"extra\":null,\"price\":{\"amount_minor\":null},\"parts\":[]}");
}
END_TEST

START_TEST(a_full_struct_is_written_member_by_member)
{
    const char *items[] = {"a", "\"b\""};
    struct money parts[] = {{.has.present = 1, .amount_minor = 1},
        {.has.present = 3, .amount_minor = 2, .currency = "X"}};
    const struct row row = {
        .has.present = 1U << ROW_SEEN_AT | 1U << ROW_FEE,
        .id = -5,
        .name = "n\n",
        .nick = "k",
        .real = 1.25,
        .flag = true,
        .at = 1000,
        .seen_at = 0,
        .tags = {items, 2},
        .more = {items, 0},
        .extra = "{\"raw\":[1]}",
        .price = {.has.present = 1, .amount_minor = 0, .currency = "THB"},
        .parts = {parts, 2},
        .secret = "never",
    };
    ck_assert_str_eq(encode_with(field_encode, row_shape, &row),
        "{\"id\":-5,\"name\":\"n\\n\",\"nick\":\"k\",\"real\":1.25,\"flag\":true,\"at\":\"1970-01-"
        "01T00:00:00.001Z\","
        "\"seen_at\":\"1970-01-01T00:00:00.000Z\",\"tags\":[\"a\",\"\\\"b\\\"\"],\"more\":[],"
        "\"extra\":{\"raw\":[1]},"
        "\"price\":{\"amount_minor\":0,\"currency\":\"THB\"},\"fee\":{\"amount_minor\":null},"
        "\"parts\":[{\"amount_minor\":1},{\"amount_minor\":2,\"currency\":\"X\"}]}");
}
END_TEST

static void decode(const char *text, struct row *out)
{
    const struct json *object = NULL;
    ck_assert(is_ok(json_parse(&ctx, text, strlen(text), &object)));
    ck_assert(is_ok(field_decode(&ctx, row_shape, object, out)));
}

START_TEST(a_patch_keeps_just_what_was_in_it)
{
    const char *const patches[] = {
        "{}",
        "{\"id\":5}",
        "{\"name\":null,\"nick\":null,\"seen_at\":null,\"fee\":null}",
        ("{\"flag\":false,\"tags\":[],\"price\":{\"currency\":null},\"parts\":[{\"amount_minor\":1}"
         "]"
         "}"),
        "{\"price\":{}}",
    };
    for (size_t i = 0; i < sizeof(patches) / sizeof(patches[0]); i++) {
        struct row row;
        decode(patches[i], &row);
        const char *text = encode_with(field_encode_present, row_shape, &row);
        /* Items of a list are whole values: their defaults are written. */
        ck_assert_str_eq(text, i == 3 ? "{\"flag\":false,\"tags\":[],\"price\":{\"currency\":null},"
                                        "\"parts\":[{\"amount_minor\":1,\"currency\":\"THB\"}]}"
                                      : patches[i]);
    }
}
END_TEST

START_TEST(what_is_encoded_decodes_to_the_same)
{
    const char *const bodies[] = {
        "{}",
        ("{\"id\":9223372036854775807,\"name\":\"\\u0001ö\",\"nick\":\"x\",\"real\":0.1,\"flag\":"
         "false}"),
        ("{\"at\":\"2024-02-29T12:34:56.789Z\",\"seen_at\":\"1969-12-31T23:59:59.999Z\",\"more\":["
         "\"\"]}"),
        ("{\"tags\":[\"a,b\",\"[\"],\"extra\":{\"a\":{\"b\":[null]}},\"price\":{\"amount_minor\":3}"
         "}"),
        "{\"fee\":{\"amount_minor\":null,\"currency\":\"X\"},\"parts\":[{\"amount_minor\":1},{}]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct row row;
        decode(bodies[i], &row);
        const char *once = encode_with(field_encode, row_shape, &row);
        decode(once, &row);
        ck_assert_str_eq(encode_with(field_encode, row_shape, &row), once);
    }
}
END_TEST

START_TEST(encoding_stops_at_the_limit_of_the_buf)
{
    struct row row;
    decode("{\"name\":\"n\",\"tags\":[\"a\",\"b\"],\"real\":1.5}", &row);
    const size_t len = strlen(encode_with(field_encode, row_shape, &row));
    for (size_t max = 0; max <= len; max++) {
        struct buf buf;
        buf_init(&buf, arena, 0, max);
        field_encode(&buf, row_shape, &row);
        ck_assert(buf.failed == (max < len));
    }
}
END_TEST

START_TEST(defaults_reach_into_objects)
{
    struct row row = {0};
    field_set_defaults(&ctx, row_shape, &row);
    ck_assert_int_eq(row.id, 9);
    ck_assert(row.flag);
    ck_assert_str_eq(row.price.currency, "THB");
    ck_assert_ptr_null(row.name);
}
END_TEST

START_TEST(rows_are_found_by_name_and_path)
{
    const struct {
        const char *name;
        int row;
        const struct field *member;
    } cases[] = {
        {"id", 0, &row_fields[0]},
        {"secret", 13, &row_fields[13]},
        {"price", 10, &row_fields[10]},
        {"price.currency", 10, &money_fields[1]},
        {"fee.amount_minor", 11, &money_fields[0]},
        {"price.nope", -1, NULL},
        {"price.", -1, NULL},
        {"id.currency", -1, NULL},
        {"parts.currency", -1, NULL},
        {"nope", -1, NULL},
        {"i", -1, NULL},
        {"idx", -1, NULL},
        {"", -1, NULL},
        {".", -1, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct field *member = NULL;
        ck_assert_msg(field_find(row_shape, cases[i].name, &member) == cases[i].row, "%s",
            cases[i].name);
        ck_assert_ptr_eq(member, cases[i].member);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.field");
    TCase *tests = tcase_create("field");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, an_empty_struct_is_written_with_nulls_where_allowed);
    tcase_add_test(tests, a_full_struct_is_written_member_by_member);
    tcase_add_test(tests, a_patch_keeps_just_what_was_in_it);
    tcase_add_test(tests, what_is_encoded_decodes_to_the_same);
    tcase_add_test(tests, encoding_stops_at_the_limit_of_the_buf);
    tcase_add_test(tests, defaults_reach_into_objects);
    tcase_add_test(tests, rows_are_found_by_name_and_path);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
