#include "chat/greetings.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/buf.h"
#include "search/letters.h"

#define TEXT_MAX 160 /* bytes of the longest message that is looked at */

struct expression {
    const char *text;    /* small letters, one blank between words */
    enum greeting means; /* GREETING_NONE: may stand beside another, but says nothing alone */
};

/* Where one begins like another, the longer stands first. */
static const struct expression expressions[] = {
    {"hello", GREETING_HELLO},
    {"hallo", GREETING_HELLO},
    {"hiya", GREETING_HELLO},
    {"hi", GREETING_HELLO},
    {"hey", GREETING_HELLO},
    {"howdy", GREETING_HELLO},
    {"greetings", GREETING_HELLO},
    {"good morning", GREETING_HELLO},
    {"good afternoon", GREETING_HELLO},
    {"good evening", GREETING_HELLO},
    {"good day", GREETING_HELLO},
    {"sawasdee", GREETING_HELLO},
    {"sawatdee", GREETING_HELLO},
    {"thanks", GREETING_THANKS},
    {"thank you", GREETING_THANKS},
    {"thankyou", GREETING_THANKS},
    {"thx", GREETING_THANKS},
    {"cheers", GREETING_THANKS},
    {"there", GREETING_NONE},
    {"everyone", GREETING_NONE},
    {"team", GREETING_NONE},
    {"again", GREETING_NONE},
    {"a lot", GREETING_NONE},
    {"so much", GREETING_NONE},
    {"very much", GREETING_NONE},
    {"ka", GREETING_NONE},
    {"krub", GREETING_NONE},
    {"krap", GREETING_NONE},
    {"สวัสดีตอนเช้า", GREETING_HELLO},
    {"สวัสดีตอนบ่าย", GREETING_HELLO},
    {"สวัสดีตอนเย็น", GREETING_HELLO},
    {"สวัสดี", GREETING_HELLO},
    {"หวัดดี", GREETING_HELLO},
    {"ดีจ้า", GREETING_HELLO},
    {"อรุณสวัสดิ์", GREETING_HELLO},
    {"ฮัลโหล", GREETING_HELLO},
    {"เฮลโล", GREETING_HELLO},
    {"ขอบคุณ", GREETING_THANKS},
    {"ขอบใจ", GREETING_THANKS},
    {"มากๆ", GREETING_NONE},
    {"มาก", GREETING_NONE},
    {"นะ", GREETING_NONE},
    {"ครับผม", GREETING_NONE},
    {"ครับ", GREETING_NONE},
    {"คับ", GREETING_NONE},
    {"ค่ะ", GREETING_NONE},
    {"คะ", GREETING_NONE},
    {"จ้า", GREETING_NONE},
};

/* Small letters of words, one blank between them; signs and pictures are blanks too. */
static void write_words(struct buf *out, const char *text)
{
    bool blank = false;
    const char *next = text;
    for (uint32_t c = letter_next(&next); c != 0; c = letter_next(&next)) {
        const enum letter_class class = letter_class(c);
        if (class == LETTER_NONE) {
            blank = out->len > 0;
        } else if (class != LETTER_JOIN) {
            const char small = (char)letter_lower(c);
            buf_str(out, blank ? " " : "");
            buf_add(out, c < 0x80 ? &small : text, (size_t)(next - text));
            blank = false;
        }
        text = next;
    }
}

/* Thai writes no blanks: there a word may follow at once. */
static const char *match(const char *at, const char *text)
{
    const size_t len = strlen(text);
    if (strncmp(at, text, len) != 0) {
        return NULL;
    }
    at += len;
    return *at == '\0' || *at == ' ' || (unsigned char)text[0] >= 0x80 ? at : NULL;
}

/* NULL: what stands there belongs to no greeting. */
static const struct expression *find(const char **at)
{
    for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
        const char *behind = match(*at, expressions[i].text);
        if (behind != NULL) {
            *at = behind;
            return &expressions[i];
        }
    }
    return NULL;
}

enum greeting greeting_of(const char *text)
{
    char room[TEXT_MAX + 1];
    enum greeting means = GREETING_NONE;
    if (strlen(text) > TEXT_MAX) {
        return GREETING_NONE;
    }
    struct buf words = buf_over(room, sizeof(room));
    write_words(&words, text);
    for (const char *at = words.failed ? "" : buf_text(&words); *at != '\0';) {
        const struct expression *found = find(&at);
        if (found == NULL) {
            return GREETING_NONE;
        }
        means = found->means != GREETING_NONE ? found->means : means;
        at += *at == ' ';
    }
    return means;
}
