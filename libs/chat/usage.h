/* chat/usage.h - what a service says a call took: the `usage` object of OpenAI, with what others add to it. */
#ifndef CHAT_USAGE_H
#define CHAT_USAGE_H

#include <stdbool.h>
#include <stdint.h>

struct chat_usage;
struct json;

/* What is not there, or is no sensible number, is left as it was. */
void usage_read(const struct json *usage, struct chat_usage *out);
/* Dollars as the nearest whole millionth; false: below zero, not finite, or more than anybody pays. */
bool usage_microusd(double dollars, int64_t *out);

#endif
