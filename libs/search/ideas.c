#include "search/ideas.h"

#include <string.h>

enum { STEM_MAX = 32, SPELL_MIN = 4 };

uint64_t idea_word_key(const char *stem, size_t len)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < len; i++) {
        hash = hash_stir(hash, (unsigned char)stem[i]);
    }
    return hash;
}

uint32_t ideas_of(uint64_t key, int at)
{
    const uint64_t mixed = hash_finish(key, 0);
    const uint32_t mask = ideas_table_count - 1;
    for (uint32_t slot = (uint32_t)mixed & mask; ideas_table[slot].idea != 0;
         slot = (slot + 1) & mask) {
        if (ideas_table[slot].tag == (uint32_t)(mixed >> 32) && at-- == 0) {
            return ideas_table[slot].idea;
        }
    }
    return 0;
}

/* ---- spelling ---- */

static bool is_same(const char *a, const char *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

/* Whether one letter missing, wrong or swapped makes one of the other. */
static bool is_slip(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t same = 0;
    while (same < a_len && same < b_len && a[same] == b[same]) {
        same++;
    }
    const char *rest = a + same, *other = b + same;
    const size_t left = a_len - same;
    if (a_len == b_len) {
        const bool swapped = left >= 2 && rest[0] == other[1] && rest[1] == other[0] &&
                             is_same(rest + 2, other + 2, left - 2);
        return swapped || (left >= 1 && is_same(rest + 1, other + 1, left - 1));
    }
    return a_len > b_len ? is_same(rest + 1, other, left - 1) : is_same(rest, other + 1, left);
}

static bool is_swap(const char *a, const char *b, size_t len)
{
    size_t same = 0;
    while (same < len && a[same] == b[same]) {
        same++;
    }
    return same + 1 < len && a[same] == b[same + 1] && a[same + 1] == b[same];
}

/* Short words are near too many others: there only a letter missing or two swapped is a slip. */
static bool may_be_meant(const char *stem, size_t len, const char *known)
{
    const size_t known_len = strlen(known);
    const size_t difference = len > known_len ? len - known_len : known_len - len;
    if (known[0] != stem[0] || difference > 1 || (len == SPELL_MIN && known_len < len)) {
        return false;
    }
    if (len == SPELL_MIN && known_len == len && !is_swap(stem, known, len)) {
        return false;
    }
    return is_slip(stem, len, known, known_len);
}

/* The better of two: swapped letters first, then by the alphabet. */
static const char *better(const char *stem, size_t len, const char *best, const char *known)
{
    if (best == NULL) {
        return known;
    }
    const bool best_swaps = strlen(best) == len && is_swap(stem, best, len);
    const bool swaps = strlen(known) == len && is_swap(stem, known, len);
    if (swaps != best_swaps) {
        return swaps ? known : best;
    }
    return strcmp(known, best) < 0 ? known : best;
}

static const char *look_up(const char *stem, size_t len, const char *shortened, size_t short_len,
    const char *best)
{
    const uint64_t mixed = hash_finish(idea_word_key(shortened, short_len), 1);
    const uint32_t mask = spelling_table_count - 1;
    for (uint32_t slot = (uint32_t)mixed & mask; spelling_table[slot].stem != 0;
         slot = (slot + 1) & mask) {
        const char *known = ideas_stems[spelling_table[slot].stem - 1];
        if (spelling_table[slot].tag == (uint32_t)(mixed >> 32) && may_be_meant(stem, len, known)) {
            best = better(stem, len, best, known);
        }
    }
    return best;
}

const char *ideas_correct(const char *stem, size_t len)
{
    char shortened[STEM_MAX];
    if (len < SPELL_MIN || len > STEM_MAX) {
        return NULL;
    }
    const char *best = look_up(stem, len, stem, len, NULL);
    for (size_t left_out = 1; left_out < len; left_out++) { /* the first letter is taken as right */
        memcpy(shortened, stem, left_out);
        memcpy(shortened + left_out, stem + left_out + 1, len - left_out - 1);
        best = look_up(stem, len, shortened, len - 1, best);
    }
    return best;
}

bool ideas_know_stem(const char *stem, size_t len)
{
    const uint64_t mixed = hash_finish(idea_word_key(stem, len), 1);
    const uint32_t mask = spelling_table_count - 1;
    for (uint32_t slot = (uint32_t)mixed & mask; spelling_table[slot].stem != 0;
         slot = (slot + 1) & mask) {
        const char *known = ideas_stems[spelling_table[slot].stem - 1];
        if (strlen(known) == len && is_same(known, stem, len)) {
            return true;
        }
    }
    return false;
}
