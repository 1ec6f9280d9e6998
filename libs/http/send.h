/* http/send.h - a finished reply is handed to libmicrohttpd, which writes it. Streams write themselves (push.c). */
#ifndef HTTP_SEND_H
#define HTTP_SEND_H

#include <stdbool.h>

struct request;

/* False: it cannot be; the connection is to be closed. */
bool send_reply(struct request *request);

#endif
