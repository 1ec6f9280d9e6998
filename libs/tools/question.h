/* tools/question.h - a question as words that the tools understand: numbers, kinds of property, bounds and so on, in English
 * and Thai. No dictionary of either language: what no table knows is QUESTION_OTHER. Text in the arena. */
#ifndef TOOLS_QUESTION_H
#define TOOLS_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define QUESTION_MAX_BYTES 2048 /* folded; what comes after them is not read */
#define QUESTION_MAX_WORDS 512

enum question_kind {
    QUESTION_OTHER,
    QUESTION_STOP, /* says nothing by itself: "the", "with" */
    QUESTION_NUMBER,
    QUESTION_SCALE,    /* "k", "million"; number: what it multiplies by */
    QUESTION_CURRENCY, /* value: ISO 4217 code */
    QUESTION_PERCENT,
    QUESTION_PERIOD, /* value: "night", "month" */
    QUESTION_UNIT,   /* makes a number no price: "km", "minutes" */
    QUESTION_BELOW,  /* before a number */
    QUESTION_ABOVE,
    QUESTION_BETWEEN,
    QUESTION_TO,      /* between two numbers */
    QUESTION_OR_LESS, /* after a number */
    QUESTION_OR_MORE,
    QUESTION_BEDROOM,
    QUESTION_BATHROOM,
    QUESTION_GUEST,
    QUESTION_TYPE,        /* value: property types, comma separated; "" = any property */
    QUESTION_AMENITY,     /* value: amenities, comma separated: all of them */
    QUESTION_ANY_AMENITY, /* any of them */
    QUESTION_OFFER,       /* value: "rent", "sale", "short_stay", "lease" */
    QUESTION_TENURE,      /* value: "freehold", "leasehold" */
    QUESTION_YIELD,       /* a percentage beside it is a capitalisation rate */
    QUESTION_SORT,        /* value: "price", "-price" */
    QUESTION_NOT,         /* the amenity behind it is not wanted */
    QUESTION_IN,          /* a place follows */
    QUESTION_OF,          /* what follows belongs to what stands before */
    QUESTION_SHOW,        /* "show me", "looking for" */
    QUESTION_THERE, /* "is there", "do you have": a search if a property follows; value "ask": else a question */
    QUESTION_WHICH, /* "which": a search if a property follows */
    QUESTION_ASK,   /* "what", "how much" */
    QUESTION_RULE,  /* "can", "refund", "tax": about rules and procedures */
};

struct question_word {
    enum question_kind kind;
    const char *value; /* of a term; NULL = none */
    int64_t number;    /* NUMBER: millionths; SCALE: factor */
    const char *text;  /* in folded */
    size_t len;
};
struct question {
    const char *folded; /* small letters and 0-9, no accents, single blanks, also between scripts */
    struct question_word *words;
    size_t count;
};
const struct question *question_read(struct arena *arena, const char *text);
/* As in question.folded; at most QUESTION_MAX_BYTES. */
const char *question_fold(struct arena *arena, const char *text);

/* One row of a table of terms. The longest that fits counts. */
struct question_term {
    const char *words; /* folded, "|" between those that mean the same */
    enum question_kind kind;
    const char *value;
    int64_t number;
};
extern const struct question_term question_terms_en[], question_terms_th[];
extern const size_t question_terms_en_count, question_terms_th_count;

#define QUESTION_MICRO INT64_C(1000000)

static inline bool question_is(const struct question *question, size_t at, enum question_kind kind)
{
    return at < question->count && question->words[at].kind == kind;
}

#endif
