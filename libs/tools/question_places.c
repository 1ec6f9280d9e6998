#include "tools/question_places.h"

#include <string.h>

#include "core/arena.h"
#include "properties/finder.h"
#include "tools/question.h"

#define ISLAND_LETTERS 4 /* a shorter name is only meant with "Ko" before it */
#define SLIP_LETTERS 6   /* of a word that may be misspelt */
#define NAMED_MAX 16
#define CITIES_MAX 20

enum level { LEVEL_PROVINCE, LEVEL_CITY, LEVEL_DISTRICT, LEVELS };

struct name {
    const char *key; /* folded, without "ko" and blanks */
    bool needs_ko;
    const char *names[LEVELS]; /* as listings have it; NULL = no such province, city, district */
};
struct names {
    struct name *items;
    size_t count;
};

/* ---- names of the product's listings ---- */

static const char *squeeze(struct arena *arena, const char *text)
{
    char *out = arena_alloc_raw(arena, strlen(text) + 1);
    char *to = out;
    for (; *text != '\0'; text++) {
        if (*text != ' ') {
            *to++ = *text;
        }
    }
    *to = '\0';
    return out;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static struct name make_name(struct arena *arena, const char *text)
{
    const char *folded = question_fold(arena, text);
    const bool island = begins(folded, "ko ") || begins(folded, "koh ");
    const char *key = squeeze(arena, island ? strchr(folded, ' ') : folded);
    return (struct name){.key = key, .needs_ko = island && strlen(key) < ISLAND_LETTERS};
}

static void add_name(struct arena *arena, struct names *names, const char *text, enum level level)
{
    if (text == NULL) {
        return;
    }
    for (size_t i = 0; i < names->count; i++) {
        const char *known = names->items[i].names[level];
        if (known != NULL && strcmp(known, text) == 0) {
            return; /* rows repeat them: no need to fold again */
        }
    }
    const struct name made = make_name(arena, text);
    if (*made.key == '\0') {
        return;
    }
    size_t at = 0;
    while (at < names->count && strcmp(names->items[at].key, made.key) != 0) {
        at++;
    }
    if (at == names->count) {
        names->items[names->count++] = made;
    }
    names->items[at].names[level] = text;
}

static struct names collect(struct arena *arena, const struct list *places)
{
    const struct property_place *rows = places->items;
    struct names names = {
        .items = ARENA_ARRAY(arena, struct name, LEVELS * (size_t)places->count + 1)};
    for (int64_t i = 0; i < places->count; i++) {
        add_name(arena, &names, rows[i].province, LEVEL_PROVINCE);
        add_name(arena, &names, rows[i].city, LEVEL_CITY);
        add_name(arena, &names, rows[i].district, LEVEL_DISTRICT);
    }
    return names;
}

/* ---- names in the question ---- */

static bool is_latin(char c)
{
    return (unsigned char)c < 0x80;
}

/* Blanks of the text do not count. Latin names end where a word does. 0 = does not fit. */
static size_t match_squeezed(const char *text, const char *key)
{
    size_t at = 0;
    const char *last = key;
    for (; *key != '\0'; key++) {
        if (text[at] == ' ' && at > 0) {
            at++;
        }
        if (text[at] != *key) {
            return 0;
        }
        last = key;
        at++;
    }
    return !is_latin(*last) || text[at] == ' ' || text[at] == '\0' ? at : 0;
}

static size_t match_name(const char *text, const struct name *name)
{
    static const char *const prefixes[] = {"koh ", "ko ", "koh", "ko"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        const size_t prefix = strlen(prefixes[i]);
        const size_t len = begins(text, prefixes[i]) ? match_squeezed(text + prefix, name->key) : 0;
        if (len > 0) {
            return prefix + len;
        }
    }
    return name->needs_ko ? 0 : match_squeezed(text, name->key);
}

static const struct name *find_key(const struct names *names, const char *key)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].key, key) == 0) {
            return &names->items[i];
        }
    }
    return NULL;
}

static const struct name *find_name(const struct names *names, const char *text, size_t *out_len)
{
    const struct name *best = NULL;
    *out_len = 0;
    for (size_t i = 0; i < names->count; i++) {
        const size_t len = match_name(text, &names->items[i]);
        if (len > *out_len) {
            *out_len = len;
            best = &names->items[i];
        }
    }
    for (size_t i = 0; i < place_names_count; i++) {
        if (*text != *place_names[i].also) {
            continue;
        }
        const size_t len = match_squeezed(text, place_names[i].also);
        const struct name *known = len > *out_len ? find_key(names, place_names[i].name) : NULL;
        if (known != NULL) {
            *out_len = len;
            best = known;
        }
    }
    return best;
}

/* Whether one letter too many, too few or another, or two swapped, is all the difference. */
static bool is_slip(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t begin = 0, end = 0;
    while (begin < a_len && begin < b_len && a[begin] == b[begin]) {
        begin++;
    }
    while (end < a_len - begin && end < b_len - begin && a[a_len - 1 - end] == b[b_len - 1 - end]) {
        end++;
    }
    const size_t a_left = a_len - begin - end, b_left = b_len - begin - end;
    const bool swapped =
        a_left == 2 && b_left == 2 && a[begin] == b[begin + 1] && a[begin + 1] == b[begin];
    return swapped || (a_left <= 1 && b_left <= 1);
}

/* A long word that is one slip away from a province or city; districts are too like other words. */
static const struct name *find_misspelt(const struct names *names, const char *text,
    size_t *out_len)
{
    const size_t len = strcspn(text, " ");
    for (size_t i = 0; is_latin(*text) && len >= SLIP_LETTERS && i < names->count; i++) {
        const struct name *name = &names->items[i];
        const size_t key = strlen(name->key);
        const bool wide = name->names[LEVEL_PROVINCE] != NULL || name->names[LEVEL_CITY] != NULL;
        if (wide && key >= SLIP_LETTERS && is_slip(text, len, name->key, key)) {
            *out_len = len;
            return name;
        }
    }
    return NULL;
}

struct named {
    const char *items[LEVELS][NAMED_MAX];
    size_t count[LEVELS];
};

static bool is_named(const struct named *named, enum level level, const char *name)
{
    for (size_t i = 0; name != NULL && i < named->count[level]; i++) {
        if (strcmp(named->items[level][i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A name of several levels means the widest. */
static void note(struct named *named, const struct name *name)
{
    enum level level = LEVEL_PROVINCE;
    while (level < LEVEL_DISTRICT && name->names[level] == NULL) {
        level++;
    }
    const char *text = name->names[level];
    if (text != NULL && named->count[level] < NAMED_MAX && !is_named(named, level, text)) {
        named->items[level][named->count[level]++] = text;
    }
}

static bool can_begin(const char *text, size_t at)
{
    if (text[at] == ' ' || ((unsigned char)text[at] & 0xC0) == 0x80) {
        return false; /* in the middle of a letter */
    }
    return !is_latin(text[at]) || at == 0 || text[at - 1] == ' ';
}

static void read_names(const struct names *names, const char *folded, char *rest,
    struct named *named)
{
    for (size_t at = 0; folded[at] != '\0';) {
        size_t len = 0;
        const bool begins_here = can_begin(folded, at);
        const struct name *name = begins_here ? find_name(names, folded + at, &len) : NULL;
        if (begins_here && name == NULL) {
            name = find_misspelt(names, folded + at, &len);
        }
        if (name == NULL) {
            at++;
            continue;
        }
        note(named, name);
        memset(rest + at, ' ', len);
        at += len;
    }
}

/* ---- from names to filters ---- */

static void add_city(struct arena *arena, struct strs *cities, const char *city)
{
    for (int64_t i = 0; i < cities->count; i++) {
        if (strcmp(cities->items[i], city) == 0) {
            return;
        }
    }
    if (cities->count < CITIES_MAX) {
        cities->items[cities->count++] = arena_strdup(arena, city);
    }
}

/* One district, in the province or city if one is named as well. */
static bool choose_district(struct arena *arena, const struct named *named,
    const struct list *places, struct question_place *out)
{
    const struct property_place *rows = places->items;
    const bool alone = named->count[LEVEL_PROVINCE] + named->count[LEVEL_CITY] == 0;
    for (int64_t i = 0; named->count[LEVEL_DISTRICT] == 1 && i < places->count; i++) {
        const bool province = is_named(named, LEVEL_PROVINCE, rows[i].province);
        if (is_named(named, LEVEL_DISTRICT, rows[i].district) &&
            (alone || province || is_named(named, LEVEL_CITY, rows[i].city))) {
            out->district = arena_strdup(arena, rows[i].district);
            out->province = province ? arena_strdup(arena, rows[i].province) : NULL;
            return true;
        }
    }
    return false;
}

/* Whether a province is named beside cities that are not in it: then all its cities count. */
static bool province_stands_alone(const struct named *named, const struct list *places)
{
    const struct property_place *rows = places->items;
    for (int64_t i = 0; i < places->count; i++) {
        if (is_named(named, LEVEL_PROVINCE, rows[i].province) &&
            is_named(named, LEVEL_CITY, rows[i].city)) {
            return false;
        }
    }
    return true;
}

static void choose_cities(struct arena *arena, const struct named *named, const struct list *places,
    struct strs *out)
{
    const struct property_place *rows = places->items;
    const bool whole = province_stands_alone(named, places);
    out->items = ARENA_ARRAY(arena, const char *, CITIES_MAX);
    for (int64_t i = 0; i < places->count; i++) {
        const bool wanted = is_named(named, LEVEL_CITY, rows[i].city) ||
                            (whole && is_named(named, LEVEL_PROVINCE, rows[i].province));
        if (wanted && rows[i].city != NULL) {
            add_city(arena, out, rows[i].city);
        }
    }
}

static void choose(struct arena *arena, const struct named *named, const struct list *places,
    struct question_place *out)
{
    const size_t provinces = named->count[LEVEL_PROVINCE];
    const size_t cities = named->count[LEVEL_CITY];
    if (choose_district(arena, named, places, out)) {
        return;
    }
    if (provinces == 1 && cities == 0) {
        out->province = arena_strdup(arena, named->items[LEVEL_PROVINCE][0]);
    } else if (provinces + cities > 0) {
        choose_cities(arena, named, places, &out->cities);
    } else if (named->count[LEVEL_DISTRICT] > 0) { /* the list takes one district */
        out->district = arena_strdup(arena, named->items[LEVEL_DISTRICT][0]);
    }
}

void question_places(struct arena *arena, const char *folded, const struct list *places,
    struct question_place *out)
{
    *out = (struct question_place){0};
    char *rest = arena_strdup(arena, folded);
    struct named named = {0};
    const struct names names = collect(arena, places);
    read_names(&names, folded, rest, &named);
    choose(arena, &named, places, out);
    out->rest = rest;
}
