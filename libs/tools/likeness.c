#include "tools/likeness.h"

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "search/terms.h"

#define TERMS_MAX 128 /* different ones; more say nothing new */

struct term {
    enum term_kind kind;
    uint64_t hash;
};
struct terms {
    struct term items[TERMS_MAX];
    size_t count;
};
struct likeness {
    struct terms question;
    struct terms other; /* room for what is compared: a stack has none */
};

/* Index of the term; -1 = not there. */
static int find(const struct terms *terms, enum term_kind kind, uint64_t hash)
{
    for (size_t i = 0; i < terms->count; i++) {
        if (terms->items[i].hash == hash && terms->items[i].kind == kind) {
            return (int)i;
        }
    }
    return -1;
}

static void add(void *arg, enum term_kind kind, uint64_t hash)
{
    struct terms *terms = arg;
    if ((kind == TERM_WORD || kind == TERM_IDEA) && terms->count < TERMS_MAX &&
        find(terms, kind, hash) < 0) {
        terms->items[terms->count++] = (struct term){kind, hash};
    }
}

struct likeness *likeness_new(struct arena *arena, const char *question)
{
    struct likeness *likeness = ARENA_NEW(arena, struct likeness);
    terms_each_of_query(question, /* weights */ NULL, add, &likeness->question);
    return likeness;
}

double likeness_of(struct likeness *likeness, const char *title)
{
    struct terms *other = &likeness->other;
    other->count = 0;
    terms_each_word(title, add, other);
    size_t both = 0;
    for (size_t i = 0; i < other->count; i++) {
        both += find(&likeness->question, other->items[i].kind, other->items[i].hash) >= 0;
    }
    const size_t all = likeness->question.count + other->count;
    return all == 0 ? 0 : 2 * (double)both / (double)all;
}

struct search {
    const struct terms *question;
    bool seen[TERMS_MAX]; /* ideas of the question */
    size_t ideas;         /* seen, each once */
    bool word;
};

static void look_for_all(void *arg, enum term_kind kind, uint64_t hash)
{
    struct search *search = arg;
    const int at = find(search->question, kind, hash);
    if (at < 0) {
        return;
    }
    search->word = search->word || kind == TERM_WORD;
    if (kind == TERM_IDEA && !search->seen[at]) {
        search->seen[at] = true;
        search->ideas++;
    }
}

/* Ideas do not count in a text: a long one has something of everything. */
static void look_for_words(void *arg, enum term_kind kind, uint64_t hash)
{
    if (kind == TERM_WORD) {
        look_for_all(arg, kind, hash);
    }
}

double likeness_share(const struct likeness *likeness, const char *title, const char *text)
{
    struct search search = {.question = &likeness->question};
    size_t ideas = 0;
    for (size_t i = 0; i < likeness->question.count; i++) {
        ideas += likeness->question.items[i].kind == TERM_IDEA;
    }
    terms_each_word(title, look_for_all, &search);
    terms_each_word(text, look_for_words, &search);
    if (search.word) {
        return 1;
    }
    return ideas == 0 ? 0 : (double)search.ideas / (double)ideas;
}
