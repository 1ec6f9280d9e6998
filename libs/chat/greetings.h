/* chat/greetings.h - whether somebody only says hello or thanks: nothing is looked up for that. */
#ifndef CHAT_GREETINGS_H
#define CHAT_GREETINGS_H

enum greeting { GREETING_NONE, GREETING_HELLO, GREETING_THANKS };

/* Of the whole message, in any of the languages: one more word, and it is a question. */
enum greeting greeting_of(const char *text);

#endif
