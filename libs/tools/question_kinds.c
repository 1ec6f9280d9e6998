#include "tools/question_kinds.h"

#include <string.h>

#include "core/arena.h"

#define LIST_MAX 20

static bool has(const struct strs *list, const char *text, size_t len)
{
    for (int64_t i = 0; i < list->count; i++) {
        if (strncmp(list->items[i], text, len) == 0 && list->items[i][len] == '\0') {
            return true;
        }
    }
    return false;
}

/* Each once. */
static void add_values(struct arena *arena, struct strs *list, const char *values)
{
    if (list->items == NULL) {
        list->items = ARENA_ARRAY(arena, const char *, LIST_MAX);
    }
    while (*values != '\0') {
        const size_t len = strcspn(values, ",");
        if (list->count < LIST_MAX && !has(list, values, len)) {
            list->items[list->count++] = arena_strndup(arena, values, len);
        }
        values += len;
        values += *values == ',' ? 1 : 0;
    }
}

static size_t before_stops(const struct question *question, size_t at)
{
    while (at > 0 && question_is(question, at - 1, QUESTION_STOP)) {
        at--;
    }
    return at;
}

/* "At the property" is where somebody is, not what is looked for. */
static void add_type(struct arena *arena, const struct question *question, size_t at,
    struct question_kinds *out)
{
    const char *value = question->words[at].value;
    const size_t before = before_stops(question, at);
    const bool is_there = before > 0 && question_is(question, before - 1, QUESTION_IN);
    if (*value == '\0' && is_there) {
        return;
    }
    out->names_property = true;
    if (strcmp(value, "studio") == 0) {
        out->studio = true;
    } else {
        add_values(arena, &out->types, value);
    }
}

/* "buy" and "rent" say less than "monthly" or "holiday". */
static void set_offer(struct question_kinds *out, const char *value)
{
    if (out->offer == NULL || strcmp(out->offer, "rent") == 0) {
        out->offer = value;
    }
}

/* "without a pool" */
static bool is_refused(const struct question *question, size_t at)
{
    const size_t before = before_stops(question, at);
    return before > 0 && question_is(question, before - 1, QUESTION_NOT);
}

static void take(struct arena *arena, const struct question *question, size_t at,
    struct question_kinds *out)
{
    const struct question_word *word = &question->words[at];
    const bool refused = is_refused(question, at);
    if (word->kind == QUESTION_TYPE) {
        add_type(arena, question, at, out);
    } else if (word->kind == QUESTION_AMENITY && !refused) {
        add_values(arena, &out->amenities, word->value);
    } else if (word->kind == QUESTION_ANY_AMENITY && !refused) {
        add_values(arena, &out->any_amenities, word->value);
    } else if (word->kind == QUESTION_OFFER) {
        set_offer(out, word->value);
    } else if (word->kind == QUESTION_TENURE) {
        out->tenure = word->value;
    } else if (word->kind == QUESTION_SORT) {
        out->sort = word->value;
    } else if (word->kind == QUESTION_YIELD) {
        out->names_yield = true;
    }
}

/* A private pool is a pool: who names both wants the private one. */
static void drop_implied(struct question_kinds *out)
{
    for (int64_t i = 0; i < out->any_amenities.count; i++) {
        const char *one = out->any_amenities.items[i];
        if (has(&out->amenities, one, strlen(one))) {
            out->any_amenities.count = 0;
        }
    }
}

void question_kinds(struct arena *arena, const struct question *question,
    struct question_kinds *out)
{
    *out = (struct question_kinds){0};
    for (size_t at = 0; at < question->count; at++) {
        take(arena, question, at, out);
    }
    drop_implied(out);
}
