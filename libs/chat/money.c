#include "chat/money.h"

#include <string.h>

#include "chat/words.h"
#include "search/letters.h"

enum { LINKS_MAX = 4 };

static const struct {
    const char *text, *currency;
} currencies[] = {
    {"฿", "THB"},
    {"THB", "THB"},
    {"baht", "THB"},
    {"bahts", "THB"},
    {"บาท", "THB"},
    {"US$", "USD"},
    {"USD", "USD"},
    {"US dollars", "USD"},
    {"A$", "AUD"},
    {"AUD", "AUD"},
    {"S$", "SGD"},
    {"SGD", "SGD"},
    {"HK$", "HKD"},
    {"HKD", "HKD"},
    {"CAD", "CAD"},
    {"NZD", "NZD"},
    {"$", "$"},
    {"dollar", "$"},
    {"dollars", "$"},
    {"ดอลลาร์", "$"},
    {"เหรียญ", "$"},
    {"€", "EUR"},
    {"EUR", "EUR"},
    {"euro", "EUR"},
    {"euros", "EUR"},
    {"ยูโร", "EUR"},
    {"£", "GBP"},
    {"GBP", "GBP"},
    {"¥", "JPY"},
    {"JPY", "JPY"},
    {"yen", "JPY"},
    {"เยน", "JPY"},
    {"CNY", "CNY"},
    {"RMB", "CNY"},
    {"หยวน", "CNY"},
    {"RUB", "RUB"},
    {"₽", "RUB"},
    {"CHF", "CHF"},
    {"INR", "INR"},
    {"₹", "INR"},
    {"KRW", "KRW"},
    {"₩", "KRW"},
};

const char *money_currency(const char *at, const char **out)
{
    for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++) {
        const char *after = words_match(at, currencies[i].text);
        if (after != NULL) {
            *out = currencies[i].currency;
            return after;
        }
    }
    return NULL;
}

static bool is_dollar(const char *currency)
{
    static const char *const dollars[] = {"$", "USD", "AUD", "SGD", "HKD", "CAD", "NZD", NULL};
    size_t i = 0;
    while (dollars[i] != NULL && strcmp(dollars[i], currency) != 0) {
        i++;
    }
    return dollars[i] != NULL;
}

bool money_same(const char *a, const char *b)
{
    const bool vague = *a == '$' || *b == '$';
    return strcmp(a, b) == 0 || (vague && is_dollar(a) && is_dollar(b));
}

const char *money_percent(const char *at)
{
    static const char *const words[] = {"%", "\uff05", "percent", "per cent", "percentage",
        "เปอร์เซ็นต์", "เปอร์เซนต์", "เปอร์เซ็น", NULL};
    return words_match_any(words_skip_marks(at), words, /* out_index */ NULL);
}

const char *money_percent_before(const char *at)
{
    static const char *const words[] = {"ร้อยละ", NULL};
    const char *after = words_match_any(at, words, /* out_index */ NULL);
    return after == NULL ? NULL : words_skip_marks(after);
}

bool money_is_rate(const char *at)
{
    static const char *const per[] = {"per", "a", "an", "each", "/", NULL};
    static const char *const times[] = {"night", "nights", "nightly", "day", "week", "month", "mo",
        "year", "stay", "person", "guest", "คืน", "เดือน", "วัน", "ปี", "สัปดาห์", "ท่าน", "คน", NULL};
    static const char *const thai[] = {
        "ต่อคืน", "ต่อเดือน", "ต่อวัน", "ต่อปี", "ต่อสัปดาห์", "ต่อท่าน", "ต่อคน", NULL};
    at = words_skip_marks(at);
    if (words_match_any(at, thai, /* out_index */ NULL) != NULL) {
        return true;
    }
    const char *time = words_match_any(at, per, /* out_index */ NULL);
    return time != NULL &&
           words_match_any(words_skip_marks(time), times, /* out_index */ NULL) != NULL;
}

/* Whether the number has no unit: nothing follows, or a word that no unit is. */
static bool stands_alone(const char *after)
{
    static const char *const follow[] = {"per", "a", "an", "each", "for", "and", "or", "to", "with",
        "including", "plus", "net", "only", "while", "but", "in", "on", "ต่อ", "สำหรับ", "และ", "หรือ",
        NULL};
    const char *next = words_skip_marks(after);
    const char *behind = next;
    const bool word = letter_class(letter_next(&behind)) != LETTER_NONE;
    return !word || words_match_any(next, follow, /* out_index */ NULL) != NULL;
}

bool money_is_priced(const char *begin, const char *number, const char *after)
{
    static const char *const links[] = {"is", "was", "are", "of", "from", "at", "about", "only",
        "just", "around", "approximately", "start", "starts", "starting", "now", "be", ":", "-",
        "เริ่มต้นที่", "เริ่มต้น", "ประมาณ", "เพียง", "คือ", "อยู่ที่", "เท่ากับ", "เป็น", NULL};
    static const char *const prices[] = {"cost", "costs", "price", "prices", "priced", "rent",
        "rents", "deposit", "fee", "rate", "ราคา", "ค่าเช่า", "ค่าห้อง", "ค่ามัดจำ", "มัดจำ", "ค่าธรรมเนียม",
        NULL};
    const char *at = words_back_marks(begin, number);
    for (int i = 0; i < LINKS_MAX; i++) {
        const char *link = words_back_any(begin, at, links);
        at = link == NULL ? at : words_back_marks(begin, link);
    }
    return words_back_any(begin, at, prices) != NULL && stands_alone(after);
}
