/* chat/spelled.h - numbers in words, English and Thai: "five hundred thousand", "ยี่สิบห้า". */
#ifndef CHAT_SPELLED_H
#define CHAT_SPELLED_H

#include "chat/numbers.h"

/* Where the number that begins at `at` ends; NULL: none does. "Millions" alone is none. */
const char *spelled_read(const char *at, struct number *out);

#endif
