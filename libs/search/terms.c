#include "search/terms.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "search/letters.h"

enum { GRAM_MIN = 3, GRAM_MAX = 5, WORD_MAX = 12, EDGE_START = 2, EDGE_END = 3 };

/* One step of the hash: a multiplication spreads upwards, the shift brings it down again. */
static uint64_t stir(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
    return hash ^ hash >> 29;
}

static uint64_t finish(uint64_t hash, enum term_kind kind)
{
    hash = stir(hash, (uint64_t)kind + 1);
    hash *= 0xBF58476D1CE4E5B9U;
    return hash ^ hash >> 32;
}

struct scan {
    term_fn *fn;
    void *arg;
    enum letter_class in;      /* kind of the word that is open; LETTER_NONE = none */
    uint32_t window[GRAM_MAX]; /* its last code points, newest first */
    int seen;                  /* how many of them are there */
    uint64_t hash;             /* of the whole word */
    char letters[WORD_MAX];    /* its beginning, to know stop words; 0 where it is not ASCII */
    size_t length;
    uint64_t former; /* the word before it in this sentence; 0 = none */
};

static int compare_words(const char *a, const char *b, size_t b_len)
{
    const int order = strncmp(a, b, b_len);
    return order != 0 ? order : a[b_len] != '\0';
}

/* Words that say nothing about the subject. Apostrophes are gone by now. */
static bool is_stop_word(const char *word, size_t len)
{
    static const char *const words[] = {"a", "about", "all", "am", "an", "and", "any", "are", "as",
        "at", "be", "been", "but", "by", "can", "cant", "could", "did", "do", "does", "doesnt",
        "dont", "for", "from", "get", "give", "has", "have", "hello", "hey", "hi", "how", "i", "id",
        "if", "ill", "im", "in", "into", "is", "isnt", "it", "its", "ive", "just", "know", "let",
        "like", "may", "me", "might", "my", "need", "no", "not", "of", "on", "or", "our", "please",
        "shall", "should", "so", "some", "tell", "than", "thanks", "that", "the", "their", "them",
        "then", "there", "these", "they", "this", "to", "too", "us", "want", "was", "we", "were",
        "what", "whats", "when", "where", "which", "who", "why", "will", "with", "would", "you",
        "your"};
    size_t first = 0, last = sizeof(words) / sizeof(words[0]);
    while (first < last) {
        const size_t middle = (first + last) / 2;
        const int order = compare_words(words[middle], word, len);
        if (order == 0) {
            return true;
        }
        first = order < 0 ? middle + 1 : first;
        last = order < 0 ? last : middle;
    }
    return false;
}

/* The n-grams that end with c: hashed from the newest letter backwards, so that each length continues the shorter one. */
static void push(struct scan *scan, uint32_t c)
{
    memmove(scan->window + 1, scan->window, (GRAM_MAX - 1) * sizeof(scan->window[0]));
    scan->window[0] = c;
    scan->seen += scan->seen < GRAM_MAX;
    uint64_t hash = 0;
    for (int n = 1; n <= scan->seen; n++) {
        hash = stir(hash, scan->window[n - 1]);
        if (n >= GRAM_MIN) {
            const enum term_kind kind = (enum term_kind)(TERM_GRAM3 + n - GRAM_MIN);
            scan->fn(scan->arg, kind, finish(hash, kind));
        }
    }
}

static void start_word(struct scan *scan, enum letter_class kind)
{
    scan->in = kind;
    scan->seen = 0;
    scan->hash = 0;
    scan->length = 0;
    if (kind == LETTER_WORD) {
        push(scan, EDGE_START);
    }
}

static void add_letter(struct scan *scan, uint32_t c)
{
    push(scan, c);
    scan->hash = stir(scan->hash, c);
    if (scan->length < WORD_MAX) {
        scan->letters[scan->length] = (char)(c < 0x80 ? c : 0);
    }
    scan->length++;
}

static void end_word(struct scan *scan)
{
    if (scan->in == LETTER_WORD) {
        push(scan, EDGE_END);
        if (scan->length > WORD_MAX || !is_stop_word(scan->letters, scan->length)) {
            scan->fn(scan->arg, TERM_WORD, finish(scan->hash, TERM_WORD));
            if (scan->former != 0) {
                scan->fn(scan->arg, TERM_PAIR, finish(stir(scan->former, scan->hash), TERM_PAIR));
            }
            scan->former = scan->hash;
        }
    }
    scan->in = LETTER_NONE;
}

void terms_each(const char *text, term_fn *fn, void *arg)
{
    struct scan scan = {.fn = fn, .arg = arg};
    for (uint32_t c = letter_next(&text); c != 0; c = letter_next(&text)) {
        c = letter_fold(c);
        const enum letter_class kind = letter_class(c);
        if (kind == LETTER_JOIN) {
            continue;
        }
        if (kind != scan.in) {
            end_word(&scan);
        }
        if (kind == LETTER_NONE) {
            scan.former = c == ' ' || c == '-' || c == '/' ? scan.former : 0;
            continue;
        }
        if (scan.in == LETTER_NONE) {
            start_word(&scan, kind);
        }
        add_letter(&scan, c);
    }
    end_word(&scan);
}

uint64_t terms_hash(const char *text)
{
    uint64_t hash = 0;
    for (; *text != '\0'; text++) {
        hash = stir(hash, (unsigned char)*text);
    }
    return finish(hash, TERM_KINDS);
}
