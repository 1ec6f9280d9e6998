/* auth/members.h - the members of one JSON object, read strictly and without a tree: a new token costs a third of what
 * jansson takes for it. Values inside values are checked and passed. Pure: never waits. */
#ifndef AUTH_MEMBERS_H
#define AUTH_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/json.h"

struct arena;

enum { MEMBERS_MAX = 64 };

struct member {
    const char *name; /* never escaped */
    size_t name_len;
    const char *value; /* of a string the raw inside */
    size_t len;
    enum json_kind kind;
};
struct members {
    struct arena *arena; /* borrowed; texts are made in it */
    size_t count;
    struct member items[MEMBERS_MAX];
};

/* False for anything but one object of at most MEMBERS_MAX different members: what is malformed, followed by more, no
 * UTF-8, holds a NUL, half a surrogate pair or a number beyond our types, or spells a name with escapes, which no issuer does. The result points into text and arena. */
bool members_read(struct arena *arena, const char *text, size_t len, struct members *out);
/* NULL if absent. */
const struct member *members_find(const struct members *members, const char *name);
bool members_equal(const struct members *members, const char *name, const char *wanted);
/* NULL if absent or not a string; out_len may be NULL. */
const char *members_text(const struct members *members, const char *name, size_t *out_len);
/* False if absent, no number or not whole. */
bool members_i64(const struct members *members, const char *name, int64_t *out);
/* False if absent or not a boolean. */
bool members_bool(const struct members *members, const char *name, bool *out);

#endif
