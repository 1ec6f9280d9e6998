#include "chat/extract.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/utf8.h"
#include "search/terms.h"
#include "search/text.h"

#define SENTENCES_MAX 64
#define TERMS_MAX 256
#define THAI_SENTENCE_BYTES 120 /* shorter pieces between blanks are parts of one */

struct sentence {
    const char *text;
    size_t len, points;
    int score; /* terms of the question in it; 0 = says nothing about it */
    bool taken;
};

/* A full stop with a blank behind it, unless a small letter follows: "7 a.m. every day". */
static bool is_end(const char *text, size_t at)
{
    if (text[at] == '\n') {
        return true;
    }
    const char *next = text + at + 1;
    if (strchr(".!?", text[at]) == NULL || (*next != '\0' && *next != ' ' && *next != '\n')) {
        return false;
    }
    next += strspn(next, " ");
    return *next < 'a' || *next > 'z';
}

/* Thai writes no full stop: a blank after enough letters ends a sentence. */
static size_t sentence_length(const char *text, bool thai)
{
    size_t at = 0;
    while (text[at] != '\0') {
        if (is_end(text, at) || (thai && text[at] == ' ' && at >= THAI_SENTENCE_BYTES)) {
            return at + 1;
        }
        at++;
    }
    return at;
}

/* Blanks go with the sentence before them. */
static size_t split(const char *text, struct sentence *out)
{
    const bool thai = search_has_thai(text);
    size_t count = 0;
    while (*text != '\0' && count < SENTENCES_MAX) {
        size_t len = sentence_length(text, thai);
        len += strspn(text + len, " \n");
        out[count++] =
            (struct sentence){.text = text, .len = len, .points = utf8_length(text, len)};
        text += len;
    }
    return count;
}

struct terms {
    uint64_t hashes[TERMS_MAX];
    size_t count;
    const struct terms *of; /* NULL: collect; else count those that are in it */
    int found;
};

static void take_term(void *arg, enum term_kind kind, uint64_t hash)
{
    struct terms *terms = arg;
    (void)kind;
    if (terms->of == NULL) {
        if (terms->count < TERMS_MAX) {
            terms->hashes[terms->count++] = hash;
        }
        return;
    }
    for (size_t i = 0; i < terms->of->count; i++) {
        if (terms->of->hashes[i] == hash) {
            terms->found++;
            return;
        }
    }
}

/* Thai has no words between blanks, only groups of letters. */
static void each_term(const char *text, struct terms *terms)
{
    (search_has_thai(text) ? terms_each : terms_each_word)(text, take_term, terms);
}

static void score_all(struct arena *arena, const char *question, struct sentence *sentences,
    size_t count)
{
    struct terms *asked = ARENA_NEW(arena, struct terms);
    struct terms *said = ARENA_NEW(arena, struct terms);
    each_term(question, asked);
    said->of = asked;
    for (size_t i = 0; i < count; i++) {
        said->found = 0;
        each_term(arena_strndup(arena, sentences[i].text, sentences[i].len), said);
        sentences[i].score = said->found;
    }
}

/* The best that is left and fits; the earlier of two that are equally good. NULL = none. */
static struct sentence *next_best(struct sentence *sentences, size_t count, size_t room)
{
    struct sentence *best = NULL;
    for (size_t i = 0; i < count; i++) {
        struct sentence *one = &sentences[i];
        if (!one->taken && one->score > 0 && one->points <= room &&
            (best == NULL || one->score > best->score)) {
            best = one;
        }
    }
    return best;
}

const char *extract_sentences(struct arena *arena, const char *text, const char *question,
    size_t points)
{
    if (utf8_length(text, strlen(text)) <= points) {
        return text;
    }
    struct sentence *sentences = ARENA_ARRAY(arena, struct sentence, SENTENCES_MAX);
    const size_t count = split(text, sentences);
    if (count == 0) {
        return text;
    }
    score_all(arena, question, sentences, count);
    struct sentence *one = &sentences[0];
    size_t room = points > one->points ? points : one->points;
    for (; one != NULL; one = next_best(sentences, count, room)) {
        one->taken = true;
        room -= one->points;
    }
    struct buf buf;
    buf_init(&buf, arena, 1024, strlen(text));
    for (size_t i = 0; i < count; i++) {
        if (sentences[i].taken) {
            buf_add(&buf, sentences[i].text, sentences[i].len);
        }
    }
    while (buf.len > 0 && (buf.data[buf.len - 1] == ' ' || buf.data[buf.len - 1] == '\n')) {
        buf.len--;
    }
    return buf_text(&buf);
}
