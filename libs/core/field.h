/* core/field.h - describe a struct once: a field table drives request decoding, reply encoding, settings,
 * database rows, tool arguments and the OpenAPI document. Twelve types, one level of nesting.
 * One name serves as JSON key, struct member, query parameter and SQL column; the columns of an embedded
 * object are called "object.member". Decoded text lives in the ctx's arena. */
#ifndef CORE_FIELD_H
#define CORE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct buf;
struct json;

enum field_type {
    FIELD_TYPE_STR,  /* const char *: valid UTF-8, no NUL; NULL = null */
    FIELD_TYPE_I64,  /* int64_t */
    FIELD_TYPE_F64,  /* double, always finite */
    FIELD_TYPE_BOOL, /* bool */
    FIELD_TYPE_ENUM, /* const char *, one of .choices (the pointer of the table itself) */
    FIELD_TYPE_TIME, /* int64_t: microseconds since 1970 UTC; JSON: RFC 3339 with milliseconds */
    FIELD_TYPE_DATE, /* const char * "YYYY-MM-DD" */
    FIELD_TYPE_STRS, /* struct strs: JSON array of strings; in a query: comma separated */
    FIELD_TYPE_JSON, /* const char *: JSON text, checked on input, copied on output; NULL = null */
    FIELD_TYPE_OBJ,  /* struct embedded by value, described by .shape */
    FIELD_TYPE_LIST, /* struct list of items described by .shape */
    FIELD_TYPE_SECRET, /* const char *, settings only: never printed, never logged */
};

struct strs {
    const char **items; /* arena */
    int64_t count;
};

struct list {
    void *items; /* arena: count structs of the row's .shape */
    int64_t count;
};

/* Which rows of a table had a value (bit = index of the row). Needed where absent, null and 0 differ:
 * the struct then has a member `struct field_set has` and is named with SHAPE_SET. */
struct field_set {
    uint64_t present; /* the key was there, null or not; for database rows: not NULL */
    uint64_t null;    /* the key was there and null */
};

#define FIELD_ROWS_MAX 64

struct shape;

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    const char *doc; /* one sentence for OpenAPI and docs/config.md */
    bool required;   /* input: must be there and not null */
    bool nullable; /* input: null is allowed; output: null when not set (needs `has` for numbers) */
    bool omit;     /* output: leave the key out instead of null */
    bool list;     /* FIELD_TYPE_JSON: an array (of .shape) instead of an object */
    int64_t min, max; /* numbers: range; text: code points; lists: items. Both 0 = unlimited */
    int64_t dflt;     /* I64, BOOL when absent */
    double dflt_f64;
    const char *dflt_text;      /* STR, ENUM, DATE, SECRET when absent; STRS: comma separated */
    const char *const *choices; /* ENUM: NULL-terminated */
    const struct shape *shape;  /* OBJ, LIST; for JSON only documentation */
    bool (*check)(const char *text); /* STR: further rule; each item of STRS */
    const char *check_text;          /* "must be ..." shown when check fails */
    const char *unit;                /* docs: "ms", "minor units" */
};

struct shape {
    const char *name; /* schema name in OpenAPI */
    size_t size;
    const struct field *fields;
    size_t count;
    bool has_set;
    size_t set_offset;
};

#define FIELD_COUNT_(a) (sizeof(a) / sizeof((a)[0]))
#define SHAPE(x)                                                                                   \
    &(const struct shape)                                                                          \
    {                                                                                              \
        .name = #x, .size = sizeof(struct x), .fields = x##_fields,                                \
        .count = FIELD_COUNT_(x##_fields)                                                          \
    }
#define SHAPE_SET(x)                                                                               \
    &(const struct shape)                                                                          \
    {                                                                                              \
        .name = #x, .size = sizeof(struct x), .fields = x##_fields,                                \
        .count = FIELD_COUNT_(x##_fields), .has_set = true, .set_offset = offsetof(struct x, has)  \
    }

/* A row whose C type does not fit its member does not compile. */
#define FIELD_OFFSET_(s, m, type_)                                                                 \
    (offsetof(s, m) + 0 * sizeof(char[_Generic(&((s *)0)->m, type_ * : 1, default : -1)]))
#define FIELD_ROW_(s, m, t, ctype, doc_, ...)                                                      \
    {                                                                                              \
        .name = #m, .type = (t), .offset = FIELD_OFFSET_(s, m, ctype), .doc = (doc_), __VA_ARGS__  \
    }
#define FIELD_STR(s, m, doc_, ...) FIELD_ROW_(s, m, FIELD_TYPE_STR, const char *, doc_, __VA_ARGS__)
#define FIELD_I64(s, m, doc_, ...) FIELD_ROW_(s, m, FIELD_TYPE_I64, int64_t, doc_, __VA_ARGS__)
#define FIELD_F64(s, m, doc_, ...) FIELD_ROW_(s, m, FIELD_TYPE_F64, double, doc_, __VA_ARGS__)
#define FIELD_BOOL(s, m, doc_, ...) FIELD_ROW_(s, m, FIELD_TYPE_BOOL, bool, doc_, __VA_ARGS__)
#define FIELD_ENUM(s, m, doc_, ...)                                                                \
    FIELD_ROW_(s, m, FIELD_TYPE_ENUM, const char *, doc_, __VA_ARGS__)
#define FIELD_TIME(s, m, doc_, ...) FIELD_ROW_(s, m, FIELD_TYPE_TIME, int64_t, doc_, __VA_ARGS__)
#define FIELD_DATE(s, m, doc_, ...)                                                                \
    FIELD_ROW_(s, m, FIELD_TYPE_DATE, const char *, doc_, __VA_ARGS__)
#define FIELD_STRS(s, m, doc_, ...)                                                                \
    FIELD_ROW_(s, m, FIELD_TYPE_STRS, struct strs, doc_, __VA_ARGS__)
#define FIELD_JSON(s, m, doc_, ...)                                                                \
    FIELD_ROW_(s, m, FIELD_TYPE_JSON, const char *, doc_, __VA_ARGS__)
#define FIELD_SECRET(s, m, doc_, ...)                                                              \
    FIELD_ROW_(s, m, FIELD_TYPE_SECRET, const char *, doc_, __VA_ARGS__)
#define FIELD_LIST(s, m, doc_, ...)                                                                \
    FIELD_ROW_(s, m, FIELD_TYPE_LIST, struct list, doc_, __VA_ARGS__)
/* o is the struct tag of the member's type. */
#define FIELD_OBJ(s, m, o, doc_, ...) FIELD_ROW_(s, m, FIELD_TYPE_OBJ, struct o, doc_, __VA_ARGS__)

/* Decodes a JSON object; unknown keys, wrong types and ranges are all collected as field errors.
 * out (shape->size bytes) is filled from zero; meaningless on failure.
 * Errors: ERR_INVALID (VALIDATION_ERROR or UNKNOWN_FIELD). */
err field_decode(struct ctx *ctx, const struct shape *shape, const struct json *object, void *out);

/* The same from text that we wrote ourselves (field_encode, Postgres), in one pass and without a tree: names that are not in the
 * table are passed over, rows that are not in the text stay zero, and the first fault ends it.
 * Errors: ERR_INTERNAL. */
err field_scan(struct ctx *ctx, const struct shape *shape, const char *text, size_t len, void *out);

/* Decodes query parameters (already percent-decoded); each at most once, unknown ones are errors.
 * Errors: ERR_INVALID (VALIDATION_ERROR or UNKNOWN_PARAMETER). */
struct field_param {
    const char *name;
    const char *value;
    size_t value_len;
};
err field_decode_query(struct ctx *ctx, const struct shape *shape, const struct field_param *params,
    size_t count, void *out);

/* One value from text, as it comes from the environment, a query string or a database column (Postgres
 * text format). text is borrowed: strings keep pointing into it. false = does not fit type or range; why
 * is then a constant or arena phrase like "must be at most 50". */
bool field_set_text(struct ctx *ctx, const struct field *field, void *base, const char *text,
    size_t len, const char **out_why);
/* The defaults of every row. */
void field_set_defaults(struct ctx *ctx, const struct shape *shape, void *out);

/* Appends base as a JSON object. present_only: just the keys whose bit is set in `has` (merge patches). */
void field_encode(struct buf *buf, const struct shape *shape, const void *base);
void field_encode_present(struct buf *buf, const struct shape *shape, const void *base);

/* Row index by name, "object.member" included (then *out_member is the row inside); -1 = none. */
int field_find(const struct shape *shape, const char *name, const struct field **out_member);

static inline bool field_is_present(const struct field_set *set, size_t row)
{
    return (set->present >> row & 1U) != 0;
}

#endif
