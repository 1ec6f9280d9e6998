#include "search/stem.h"

#include <string.h>

static bool ends_with(const char *word, size_t len, const char *end)
{
    const size_t end_len = strlen(end);
    return len >= end_len && memcmp(word + len - end_len, end, end_len) == 0;
}

static size_t cut_plural(char *word, size_t len)
{
    if (len > 4 && ends_with(word, len, "ies")) {
        word[len - 3] = 'y';
        return len - 2;
    }
    if (len > 4 && ends_with(word, len, "es") && strchr("sxzh", word[len - 3]) != NULL) {
        return len - 2;
    }
    const bool plural = len > 3 && word[len - 1] == 's' && strchr("sui", word[len - 2]) == NULL;
    return plural ? len - 1 : len;
}

static size_t cut_tense(const char *word, size_t len)
{
    if (len > 5 && ends_with(word, len, "ing")) {
        return len - 3;
    }
    return len > 4 && ends_with(word, len, "ed") ? len - 2 : len;
}

size_t stem_cut(char *word, size_t len)
{
    len = cut_plural(word, len);
    len = cut_tense(word, len);
    const size_t doubled_from = word[len - 1] == 'l' ? 6 : 4; /* "call" has two by itself */
    const bool doubled = len >= doubled_from && word[len - 1] == word[len - 2] &&
                         strchr("aeious", word[len - 1]) == NULL;
    len -= doubled;
    return len > 3 && word[len - 1] == 'e' ? len - 1 : len;
}

static int compare_words(const char *a, const char *b, size_t b_len)
{
    const int order = strncmp(a, b, b_len);
    return order != 0 ? order : a[b_len] != '\0';
}

bool stem_is_stop_word(const char *word, size_t len)
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
