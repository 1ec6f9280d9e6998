/* http/address.h - who is at the other end: the peer of the socket, or what trusted proxies say about it. */
#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/headers.h"

struct arena;
struct sockaddr;

#define ADDRESS_LEN 46 /* with its NUL */

/* "192.0.2.1", "2001:db8::1"; IPv4 inside IPv6 as IPv4; "unknown" for other families. */
void address_format(const struct sockaddr *address, char out[ADDRESS_LEN]);
bool address_is_loopback(const char *address);
/* An IPv4 or IPv6 address as text, nothing else. */
bool address_is_valid(const char *text);

/* The proxies-th hop of X-Forwarded-For from the right; peer when there are fewer, it is no address, or proxies
 * is 0. In the arena or peer itself; IPv4 inside IPv6 as IPv4. */
const char *address_of_client(struct arena *arena, const struct headers *headers, int64_t proxies,
    const char *peer);

/* What one client cannot change at will: an IPv4 address, the /64 of an IPv6 one. */
void address_group(const char *address, char out[ADDRESS_LEN]);

#endif
