#include "tools/question.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "search/letters.h"

#define NUMBER_DIGITS_MAX 12 /* before the point */
#define LETTER_BYTES 4

/* ---- folding ---- */

enum script { SCRIPT_NONE, SCRIPT_DIGIT, SCRIPT_LETTER, SCRIPT_RUN, SCRIPT_SIGN, SCRIPT_JOIN };

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_sign(uint32_t c)
{
    return c == '%' || c == '$' || c == '+' || c == '<' || c == '>' || c == 0x0E3F || /* baht */
           c == 0x20AC || c == 0xA3 || c == 0x2264 || c == 0x2265;
}

static enum script script_of(uint32_t c)
{
    if (is_digit(c)) {
        return SCRIPT_DIGIT;
    }
    if (is_sign(c)) {
        return SCRIPT_SIGN;
    }
    switch (letter_class(c)) {
    case LETTER_WORD:
        return SCRIPT_LETTER;
    case LETTER_RUN:
        return SCRIPT_RUN;
    case LETTER_JOIN:
        return SCRIPT_JOIN;
    case LETTER_NONE:
        break;
    }
    return SCRIPT_NONE;
}

static void put(struct buf *buf, uint32_t c)
{
    if (c < 0x80) {
        buf_char(buf, (char)c);
        return;
    }
    if (c < 0x800) {
        buf_char(buf, (char)(0xC0 | c >> 6));
    } else if (c < 0x10000) {
        buf_char(buf, (char)(0xE0 | c >> 12));
        buf_char(buf, (char)(0x80 | (c >> 6 & 0x3F)));
    } else {
        buf_char(buf, (char)(0xF0 | c >> 18));
        buf_char(buf, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_char(buf, (char)(0x80 | (c >> 6 & 0x3F)));
    }
    buf_char(buf, (char)(0x80 | (c & 0x3F)));
}

static void put_blank(struct buf *buf)
{
    if (buf->len > 0 && buf->data[buf->len - 1] != ' ') {
        buf_char(buf, ' ');
    }
}

/* "1,500" and "2.5" stay together; "2-4" is "2 to 4". */
static bool joins_digits(uint32_t c, enum script before, const char *rest)
{
    const bool between = before == SCRIPT_DIGIT && is_digit(letter_fold(letter_next(&rest)));
    return between && (c == ',' || c == '.');
}

static bool is_dash_of_range(uint32_t c, const struct buf *buf, const char *rest)
{
    uint32_t next = letter_next(&rest);
    next = next == ' ' ? letter_next(&rest) : next;
    return (c == '-' || c == 0x2013 || c == 0x2014 || c == '~') && buf->len > 0 &&
           (is_digit(letter_fold(next)) || next == '$' || next == 0x0E3F);
}

const char *question_fold(struct arena *arena, const char *text)
{
    struct buf buf;
    buf_init(&buf, arena, 256, QUESTION_MAX_BYTES + 16);
    enum script before = SCRIPT_NONE;
    while (*text != '\0' && buf.len < QUESTION_MAX_BYTES) {
        const uint32_t c = letter_fold(letter_next(&text));
        const enum script script = script_of(c);
        if (script == SCRIPT_JOIN || joins_digits(c, before, text)) {
            if (script != SCRIPT_JOIN) {
                put(&buf, c);
            }
            continue;
        }
        if (script != before || script == SCRIPT_SIGN) {
            put_blank(&buf);
        }
        if (script != SCRIPT_NONE) {
            put(&buf, c);
        } else if (is_dash_of_range(c, &buf, text)) {
            buf_str(&buf, "to ");
        }
        before = script;
    }
    if (buf.len > 0 && buf.data[buf.len - 1] == ' ') {
        buf.len--;
    }
    return buf_text(&buf);
}

/* ---- reading ---- */

/* A point or comma in the middle of digits was kept; commas part groups of three. */
static size_t read_number(const char *text, int64_t *out_micro)
{
    int64_t whole = 0, part = 0, unit = QUESTION_MICRO;
    size_t at = 0;
    int digits = 0;
    bool behind_point = false;
    for (; is_digit((unsigned char)text[at]) || text[at] == ',' || text[at] == '.'; at++) {
        if (text[at] == ',') {
            continue;
        }
        if (text[at] == '.') {
            behind_point = true;
        } else if (behind_point) {
            unit /= 10;
            part += unit * (text[at] - '0');
        } else if (++digits <= NUMBER_DIGITS_MAX) {
            whole = whole * 10 + (text[at] - '0');
        }
    }
    *out_micro = digits > NUMBER_DIGITS_MAX ? -1 : whole * QUESTION_MICRO + part;
    return at;
}

/* A Latin term ends where a word does, or before its plural's "s"; a Thai one anywhere. 0 = does not fit. */
static size_t match_one(const char *term, size_t len, const char *text, bool latin)
{
    if (strncmp(text, term, len) != 0) {
        return 0;
    }
    if (!latin || text[len] == ' ' || text[len] == '\0') {
        return len;
    }
    const bool plural = len > 2 && text[len] == 's' && (text[len + 1] == ' ' || !text[len + 1]);
    return plural ? len + 1 : 0;
}

static const char *find_letter(const char *text, const char *letter)
{
    return letter[1] == '\0' ? strchr(text, *letter) : strstr(text, letter);
}

/* Of a row's words only those that begin with the text's first letter are looked at. */
static size_t match_term(const struct question_term *term, const char *text, const char *letter,
    bool latin)
{
    size_t best = 0;
    for (const char *word = find_letter(term->words, letter); word != NULL;
         word = find_letter(word + 1, letter)) {
        if (word == term->words || word[-1] == '|') {
            const size_t fits = match_one(word, strcspn(word, "|"), text, latin);
            best = fits > best ? fits : best;
        }
    }
    return best;
}

static size_t skip_letter(const char *text)
{
    const char *at = text;
    letter_next(&at);
    return (size_t)(at - text);
}

static const struct question_term *find_term(const char *text, bool latin, size_t *out_len)
{
    const struct question_term *terms = latin ? question_terms_en : question_terms_th;
    const size_t count = latin ? question_terms_en_count : question_terms_th_count;
    const struct question_term *best = NULL;
    char letter[LETTER_BYTES + 1] = {0};
    memcpy(letter, text, skip_letter(text));
    *out_len = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t len = match_term(&terms[i], text, letter, latin);
        if (len > *out_len) {
            *out_len = len;
            best = &terms[i];
        }
    }
    return best;
}

/* What no term knows: a Latin word as a whole, of a run of Thai up to where a term begins. */
static size_t skip_unknown(const char *text, bool latin)
{
    if (latin) {
        return strcspn(text, " ");
    }
    size_t at = skip_letter(text), len = 0;
    while (text[at] != ' ' && text[at] != '\0' && find_term(text + at, latin, &len) == NULL) {
        at += skip_letter(text + at);
    }
    return at;
}

static struct question_word read_word(const char *text)
{
    struct question_word word = {.text = text};
    if (is_digit((unsigned char)*text)) {
        word.len = read_number(text, &word.number);
        word.kind = word.number < 0 ? QUESTION_OTHER : QUESTION_NUMBER; /* too long for one */
        return word;
    }
    const char *at = text;
    const bool latin = letter_class(letter_next(&at)) != LETTER_RUN;
    const struct question_term *term = find_term(text, latin, &word.len);
    if (term == NULL) {
        word.len = skip_unknown(text, latin);
        return word;
    }
    word.kind = term->kind;
    word.value = term->value;
    word.number = term->kind == QUESTION_NUMBER ? term->number * QUESTION_MICRO : term->number;
    return word;
}

const struct question *question_read(struct arena *arena, const char *text)
{
    struct question *question = ARENA_NEW(arena, struct question);
    question->folded = question_fold(arena, text);
    question->words = ARENA_ARRAY(arena, struct question_word, QUESTION_MAX_WORDS);
    for (const char *at = question->folded; *at != '\0' && question->count < QUESTION_MAX_WORDS;) {
        const struct question_word word = read_word(at);
        question->words[question->count++] = word;
        at += word.len;
        at += *at == ' ' ? 1 : 0;
    }
    return question;
}
