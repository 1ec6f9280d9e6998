#include "search/terms.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "search/hash.h"
#include "search/ideas.h"
#include "search/letters.h"
#include "search/stem.h"
#include "search/weights.h"

enum { GRAM_MIN = 3, GRAM_MAX = 5, WORD_MAX = 32, EDGE_START = 2, EDGE_END = 3 };

struct scan {
    term_fn *fn;
    void *arg;
    const struct weights *weights; /* NULL = words are taken as they are */
    bool without_grams;
    enum letter_class in;      /* kind of the word that is open; LETTER_NONE = none */
    uint32_t window[GRAM_MAX]; /* its last code points, newest first */
    int seen;                  /* how many of them are there */
    uint64_t hash;             /* of the whole word */
    char letters[WORD_MAX];    /* the word, when it is of ASCII letters and not longer */
    size_t length;
    bool is_plain;
    uint64_t former;                     /* the word before it in this sentence; 0 = none */
    uint64_t stems[IDEA_WORDS_MAX];      /* keys of the last words, newest first; 0 = none */
    uint32_t tail[2 * IDEA_LETTERS_MAX]; /* last letters of a script without blanks, oldest first */
    int tail_end, tail_seen;
};

/* ---- ideas ---- */

static void report_ideas(const struct scan *scan, uint64_t key)
{
    int at = 0;
    for (uint32_t idea = ideas_of(key, at); idea != 0; idea = ideas_of(key, ++at)) {
        if (idea == IDEA_PART) {
            continue;
        }
        scan->fn(scan->arg, TERM_IDEA, hash_finish(hash_stir(0, idea), TERM_IDEA));
    }
}

/* What the last word, the last two, three and four of them stand for. */
static void report_words(struct scan *scan, uint64_t newest)
{
    memmove(scan->stems + 1, scan->stems, (IDEA_WORDS_MAX - 1) * sizeof(scan->stems[0]));
    scan->stems[0] = newest;
    uint64_t key = 0;
    for (int n = 0; n < IDEA_WORDS_MAX && scan->stems[n] != 0; n++) {
        key = n == 0 ? newest : idea_key_before(key, scan->stems[n]);
        report_ideas(scan, key);
    }
}

/* The longest known word that ends with c. */
static void report_letters(struct scan *scan, uint32_t c)
{
    if (scan->tail_end == 2 * IDEA_LETTERS_MAX) {
        memcpy(scan->tail, scan->tail + IDEA_LETTERS_MAX, IDEA_LETTERS_MAX * sizeof(scan->tail[0]));
        scan->tail_end = IDEA_LETTERS_MAX;
    }
    scan->tail[scan->tail_end++] = c;
    scan->tail_seen += scan->tail_seen < IDEA_LETTERS_MAX;
    uint64_t key = 0, longest = 0;
    for (int n = 0; n < scan->tail_seen; n++) {
        key = idea_key_before(key, scan->tail[scan->tail_end - 1 - n]);
        const uint32_t first = ideas_of(key, 0);
        if (first == 0) {
            break; /* no known word ends like this */
        }
        longest = n > 0 && (first != IDEA_PART || ideas_of(key, 1) != 0) ? key : longest;
    }
    if (longest != 0) {
        report_ideas(scan, longest);
    }
}

/* Key of the word's stem, or of the stem that was meant. */
static uint64_t word_key(const struct scan *scan, bool is_stop_word, uint64_t term)
{
    char stem[WORD_MAX];
    memcpy(stem, scan->letters, scan->length);
    const size_t len = stem_cut(stem, scan->length);
    const uint64_t key = idea_word_key(stem, len);
    if (scan->weights == NULL || is_stop_word || weights_know(scan->weights, term) ||
        ideas_know_stem(stem, len)) {
        return key;
    }
    const char *meant = ideas_correct(stem, len);
    if (meant == NULL) {
        scan->fn(scan->arg, TERM_STRANGE, term);
        return key;
    }
    return idea_word_key(meant, strlen(meant));
}

/* ---- words and grams ---- */

/* The n-grams that end with c: hashed from the newest letter backwards, so that each length continues the shorter one. */
static void push(struct scan *scan, uint32_t c)
{
    if (scan->without_grams) {
        return;
    }
    memmove(scan->window + 1, scan->window, (GRAM_MAX - 1) * sizeof(scan->window[0]));
    scan->window[0] = c;
    scan->seen += scan->seen < GRAM_MAX;
    uint64_t hash = 0;
    for (int n = 1; n <= scan->seen; n++) {
        hash = hash_stir(hash, scan->window[n - 1]);
        if (n >= GRAM_MIN) {
            const enum term_kind kind = (enum term_kind)(TERM_GRAM3 + n - GRAM_MIN);
            scan->fn(scan->arg, kind, hash_finish(hash, kind));
        }
    }
}

static void start_word(struct scan *scan, enum letter_class kind)
{
    scan->in = kind;
    scan->seen = 0;
    scan->hash = 0;
    scan->length = 0;
    scan->is_plain = true;
    if (kind == LETTER_WORD) {
        push(scan, EDGE_START);
    }
}

static void add_letter(struct scan *scan, uint32_t c)
{
    push(scan, c);
    scan->hash = hash_stir(scan->hash, c);
    if (c >= 0x80 || scan->length == WORD_MAX) {
        scan->is_plain = false;
    } else {
        scan->letters[scan->length++] = (char)c;
    }
    const bool is_digit = c >= '0' && c <= '9';
    if (scan->in == LETTER_RUN || (is_digit && scan->tail_seen > 0)) {
        report_letters(scan, c);
    } else {
        scan->tail_seen = 0;
    }
}

static void end_word(struct scan *scan)
{
    if (scan->in == LETTER_WORD) {
        push(scan, EDGE_END);
        const bool is_stop_word = scan->is_plain && stem_is_stop_word(scan->letters, scan->length);
        const uint64_t term = hash_finish(scan->hash, TERM_WORD);
        if (!is_stop_word) {
            scan->fn(scan->arg, TERM_WORD, term);
        }
        if (!is_stop_word && scan->former != 0) {
            scan->fn(scan->arg, TERM_PAIR,
                hash_finish(hash_stir(hash_stir(scan->former, 1), scan->hash), TERM_PAIR));
        }
        scan->former = is_stop_word ? scan->former : scan->hash;
        report_words(scan, scan->is_plain ? word_key(scan, is_stop_word, term) : 0);
    }
    scan->in = LETTER_NONE;
}

static void pass_sign(struct scan *scan, uint32_t c)
{
    const bool joins = c == ' ' || c == '-' || c == '/';
    scan->former = joins ? scan->former : 0;
    scan->tail_seen = c == ' ' || c == '.' ? scan->tail_seen : 0;
}

static void run(struct scan *scan, const char *text)
{
    for (uint32_t c = letter_next(&text); c != 0; c = letter_next(&text)) {
        c = letter_fold(c);
        const enum letter_class kind = letter_class(c);
        if (kind == LETTER_JOIN) {
            continue;
        }
        if (kind != scan->in) {
            end_word(scan);
        }
        if (kind == LETTER_NONE) {
            pass_sign(scan, c);
            continue;
        }
        if (scan->in == LETTER_NONE) {
            start_word(scan, kind);
        }
        add_letter(scan, c);
    }
    end_word(scan);
}

void terms_each_of_query(const char *text, const struct weights *weights, term_fn *fn, void *arg)
{
    run(&(struct scan){.fn = fn, .arg = arg, .weights = weights}, text);
}

void terms_each_word(const char *text, term_fn *fn, void *arg)
{
    run(&(struct scan){.fn = fn, .arg = arg, .without_grams = true}, text);
}

void terms_each(const char *text, term_fn *fn, void *arg)
{
    terms_each_of_query(text, /* weights */ NULL, fn, arg);
}

uint64_t terms_hash(const char *text)
{
    uint64_t hash = 0;
    for (; *text != '\0'; text++) {
        hash = hash_stir(hash, (unsigned char)*text);
    }
    return hash_finish(hash, TERM_KINDS);
}
