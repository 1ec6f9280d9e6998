/* Makes the table of ideas.h from thesaurus.txt: ideas_make THESAURUS > TABLE.c. Runs at build time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "search/ideas.h"
#include "search/letters.h"
#include "search/stem.h"

enum { TABLE = 32768, SPELLING = 65536, STEMS_MAX = 8192, LINE_MAX_BYTES = 4096, WORD_MAX = 32 };

static struct idea_slot ideas[TABLE];
static struct spelling_slot spelling[SPELLING];
static char *stems[STEMS_MAX];
static int stem_count, idea_count, spelling_count;

/* The generator looks ideas up in nothing; terms of the library are not linked. */
const struct idea_slot ideas_table[1] = {{0}};
const uint32_t ideas_table_count = 1;
const struct spelling_slot spelling_table[1] = {{0}};
const uint32_t spelling_table_count = 1;
const char *const ideas_stems[1] = {NULL};

static void give_up(const char *why, const char *where)
{
    fprintf(stderr, "thesaurus: %s: %s\n", why, where);
    exit(EXIT_FAILURE);
}

static void put_idea(uint64_t key, uint32_t idea, const char *term)
{
    const uint64_t mixed = hash_finish(key, 0);
    uint32_t slot = (uint32_t)mixed % TABLE;
    while (ideas[slot].idea != 0) {
        if (ideas[slot].tag == (uint32_t)(mixed >> 32) && ideas[slot].idea == idea) {
            return; /* two spellings with one stem */
        }
        slot = (slot + 1) % TABLE;
    }
    if (++idea_count > TABLE / 2) {
        give_up("table is full at", term);
    }
    ideas[slot] = (struct idea_slot){(uint32_t)(mixed >> 32), idea};
}

static void put_spelling(const char *text, size_t len, int stem)
{
    const uint64_t mixed = hash_finish(idea_word_key(text, len), 1);
    uint32_t slot = (uint32_t)mixed % SPELLING;
    while (spelling[slot].stem != 0) {
        slot = (slot + 1) % SPELLING;
    }
    if (++spelling_count > SPELLING / 2) {
        give_up("spelling table is full at", text);
    }
    spelling[slot] = (struct spelling_slot){(uint32_t)(mixed >> 32), (uint16_t)(stem + 1)};
}

static void add_stem(const char *stem, size_t len)
{
    for (int i = 0; i < stem_count; i++) {
        if (strlen(stems[i]) == len && memcmp(stems[i], stem, len) == 0) {
            return;
        }
    }
    if (stem_count == STEMS_MAX) {
        give_up("too many words at", stem);
    }
    static char kept[STEMS_MAX][WORD_MAX + 1];
    memcpy(kept[stem_count], stem, len);
    stems[stem_count] = kept[stem_count];
    put_spelling(stem, len, stem_count);
    for (size_t out = 1; out < len && len >= 4; out++) {
        char shortened[WORD_MAX];
        memcpy(shortened, stem, out);
        memcpy(shortened + out, stem + out + 1, len - out - 1);
        put_spelling(shortened, len - 1, stem_count);
    }
    stem_count++;
}

/* Key of a term in Latin letters: its words, newest first. 0 = it has none. */
static uint64_t key_of_words(const char *term)
{
    uint64_t keys[IDEA_WORDS_MAX];
    int count = 0;
    char word[WORD_MAX];
    size_t len = 0;
    for (const char *at = term;;) {
        const uint32_t c = letter_fold(letter_next(&at));
        const enum letter_class kind = c == 0 ? LETTER_NONE : letter_class(c);
        if (kind == LETTER_WORD && c < 0x80 && len < WORD_MAX) {
            word[len++] = (char)c;
        } else if (kind == LETTER_NONE && len > 0) {
            if (count == IDEA_WORDS_MAX) {
                give_up("too many words in", term);
            }
            len = stem_cut(word, len);
            add_stem(word, len);
            keys[count++] = idea_word_key(word, len);
            len = 0;
        }
        if (c == 0) {
            break;
        }
    }
    uint64_t key = count > 0 ? keys[count - 1] : 0;
    for (int i = count - 2; i >= 0; i--) {
        key = idea_key_before(key, keys[i]);
    }
    return key;
}

/* Of a term with letters of a script without blanks: letters and digits, newest first; anything else is left out. */
static uint64_t key_of_letters(const char *term)
{
    uint32_t letters[IDEA_LETTERS_MAX];
    int count = 0;
    for (uint32_t c = letter_next(&term); c != 0; c = letter_next(&term)) {
        c = letter_fold(c);
        if (letter_class(c) == LETTER_RUN || (c >= '0' && c <= '9')) {
            if (count == IDEA_LETTERS_MAX) {
                give_up("too many letters before", term);
            }
            letters[count++] = c;
        }
    }
    uint64_t key = 0;
    for (int i = count - 1; i >= 0; i--) {
        key = idea_key_before(key, letters[i]);
        put_idea(key, IDEA_PART, term);
    }
    return key;
}

static int has_unspaced(const char *term)
{
    for (uint32_t c = letter_next(&term); c != 0; c = letter_next(&term)) {
        if (letter_class(c) == LETTER_RUN) {
            return 1;
        }
    }
    return 0;
}

static void read_line(char *line)
{
    uint32_t idea = 0;
    char *rest = line;
    while (rest != NULL) {
        char *term = rest;
        rest = strchr(rest, ',');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        term += strspn(term, " ");
        const uint64_t key = has_unspaced(term) ? key_of_letters(term) : key_of_words(term);
        if (key == 0) {
            give_up("no letters in", term);
        }
        idea = idea != 0 ? idea : (uint32_t)(hash_finish(key, 2) >> 32);
        put_idea(key, idea, term);
    }
}

static void write_tables(void)
{
    printf("#include \"search/ideas.h\"\n\nconst uint32_t ideas_table_count = %d;\n", TABLE);
    printf("const struct idea_slot ideas_table[] = {\n");
    for (int i = 0; i < TABLE; i++) {
        printf("{%uU,%uU},%s", ideas[i].tag, ideas[i].idea, i % 8 == 7 ? "\n" : "");
    }
    printf("};\nconst uint32_t spelling_table_count = %d;\n", SPELLING);
    printf("const struct spelling_slot spelling_table[] = {\n");
    for (int i = 0; i < SPELLING; i++) {
        printf("{%uU,%u},%s", spelling[i].tag, spelling[i].stem, i % 8 == 7 ? "\n" : "");
    }
    printf("};\nconst char *const ideas_stems[] = {\n");
    for (int i = 0; i < stem_count; i++) {
        printf("\"%s\",%s", stems[i], i % 8 == 7 ? "\n" : "");
    }
    printf("};\n");
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL) {
        give_up("cannot open", argc == 2 ? argv[1] : "no file named");
    }
    char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#' && line[0] != '\0') {
            read_line(line);
        }
    }
    fclose(file);
    write_tables();
    return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
