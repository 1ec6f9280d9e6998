/* net/client_retry.h - what a reply says about asking again; part of the client. */
#ifndef NET_CLIENT_RETRY_H
#define NET_CLIENT_RETRY_H

#include <curl/curl.h>

struct client_retry;

/* Of a finished exchange. */
void client_retry_read(CURL *easy, struct client_retry *out);

#endif
