#include "core/field_schema.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"

static const char *const choices[] = {"asc", "desc", NULL};

struct inner {
    int64_t low;
};
static const struct field inner_fields[] = {
    FIELD_I64(struct inner, low, "Least", .min = 1),
};

struct outer {
    const char *query, *order;
    int64_t limit;
    struct inner inner;
    struct strs tags;
};
static const struct field outer_fields[] = {
    FIELD_STR(struct outer, query, "What to look for", .required = true, .min = 1, .max = 200),
    FIELD_ENUM(struct outer, order, "Order", .choices = choices, .dflt_text = "asc"),
    FIELD_I64(struct outer, limit, "How many", .min = 1, .max = 20, .dflt = 5, .unit = "rows"),
    FIELD_OBJ(struct outer, inner, inner, "Bounds", .shape = SHAPE(inner)),
    FIELD_STRS(struct outer, tags, "Tags", .max = 3),
};

static void refer(struct buf *out, const struct shape *shape)
{
    buf_printf(out, "{\"$ref\":\"#%s\"}", shape->name);
}

static const char *schema(struct arena *arena, bool input, field_schema_ref *ref)
{
    struct buf buf;
    buf_init(&buf, arena, 0, LIMIT_BODY_BYTES);
    field_schema_object(&buf, SHAPE(outer), input, ref);
    ck_assert(!buf.failed);
    ck_assert(json_is_valid(buf.data, buf.len));
    return buf_text(&buf);
}

START_TEST(an_input_names_what_must_be_sent)
{
    struct arena *arena = arena_new(NULL);
    ck_assert_str_eq(schema(arena, /* input */ true, /* ref */ NULL),
        "{\"type\":\"object\",\"properties\":{"
        "\"query\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200,\"description\":\"What "
        "to "
        "look for\"},"
        "\"order\":{\"type\":\"string\",\"enum\":[\"asc\",\"desc\"],\"default\":\"asc\","
        "\"description\":\"Order\"},"
        "\"limit\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1,\"maximum\":20,"
        "\"default\":5,\"description\":\"How many, in rows\"},"
        "\"inner\":{\"allOf\":[{\"type\":\"object\",\"properties\":{\"low\":{\"type\":\"integer\","
        "\"format\":\"int64\",\"minimum\":1,\"description\":\"Least\"}},"
        "\"additionalProperties\":false}],\"description\":\"Bounds\"},"
        "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":3,"
        "\"description\":\"Tags\"}},"
        "\"required\":[\"query\"],\"additionalProperties\":false}");
    arena_free(arena);
}
END_TEST

START_TEST(an_output_names_what_is_always_there)
{
    struct arena *arena = arena_new(NULL);
    const char *text = schema(arena, /* input */ false, refer);
    ck_assert_ptr_nonnull(strstr(text, "\"inner\":{\"allOf\":[{\"$ref\":\"#inner\"}],"));
    ck_assert_ptr_nonnull(strstr(text,
        "\"required\":[\"query\",\"order\",\"limit\",\"inner\",\"tags\"]}"));
    ck_assert_ptr_null(strstr(text, "default"));
    ck_assert_ptr_null(strstr(text, "additionalProperties"));
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field_schema");
    TCase *tcase = tcase_create("field_schema");
    tcase_add_test(tcase, an_input_names_what_must_be_sent);
    tcase_add_test(tcase, an_output_names_what_is_always_there);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
