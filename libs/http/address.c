#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/buf.h"

#define NETWORK_BYTES 8 /* of an IPv6 address: /64 */

void address_format(const struct sockaddr *address, char out[ADDRESS_LEN])
{
    snprintf(out, ADDRESS_LEN, "unknown");
    if (address != NULL && address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        inet_ntop(AF_INET, &v4->sin_addr, out, ADDRESS_LEN);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        const bool is_v4 = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        inet_ntop(is_v4 ? AF_INET : AF_INET6, v6->sin6_addr.s6_addr + (is_v4 ? 12 : 0), out,
            ADDRESS_LEN);
    }
}

bool address_is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* False: text is no address. IPv4 inside IPv6, as a proxy on both families writes it, is IPv4. */
static bool read_address(const char *text, char out[ADDRESS_LEN])
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        address_format((const struct sockaddr *)&v4, out);
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        address_format((const struct sockaddr *)&v6, out);
        return true;
    }
    return false;
}

bool address_is_valid(const char *text)
{
    char unused[ADDRESS_LEN];
    return read_address(text, unused);
}

/* The hop-th element of a comma-separated list from the right (1 = last). False: there are only *out_count. */
static bool take_hop(const char *list, int64_t hop, char out[ADDRESS_LEN], int64_t *out_count)
{
    const char *end = list + strlen(list);
    for (int64_t seen = 1;; seen++) {
        const char *start = end;
        while (start > list && start[-1] != ',') {
            start--;
        }
        if (seen == hop) {
            const char *text = start + strspn(start, " \t");
            size_t len = text < end ? (size_t)(end - text) : 0;
            while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
                len--;
            }
            snprintf(out, ADDRESS_LEN, "%.*s", (int)(len < ADDRESS_LEN ? len : 0), text);
            return true;
        }
        if (start == list) {
            *out_count = seen;
            return false;
        }
        end = start - 1;
    }
}

const char *address_of_client(struct arena *arena, const struct headers *headers, int64_t proxies,
    const char *peer)
{
    char hop[ADDRESS_LEN] = "";
    char address[ADDRESS_LEN];
    for (size_t i = headers->count; proxies > 0 && i-- > 0;) {
        const struct header *header = &headers->items[i];
        int64_t count = 0;
        if (strcasecmp(header->name, "x-forwarded-for") != 0) {
            continue;
        }
        if (take_hop(header->value, proxies, hop, &count)) {
            return read_address(hop, address) ? arena_strdup(arena, address) : peer;
        }
        proxies -= count;
    }
    return peer;
}

void address_group(const char *address, char out[ADDRESS_LEN])
{
    struct in6_addr v6;
    if (strchr(address, ':') == NULL || inet_pton(AF_INET6, address, &v6) != 1) {
        struct buf text = buf_over(out, ADDRESS_LEN);
        buf_str(&text, address);
        buf_text(&text);
        return;
    }
    memset(v6.s6_addr + NETWORK_BYTES, 0, sizeof(v6.s6_addr) - NETWORK_BYTES);
    inet_ntop(AF_INET6, &v6, out, ADDRESS_LEN);
}
