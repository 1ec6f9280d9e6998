#define _GNU_SOURCE /* getaddrinfo_a */
#include "db/lookup.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "net/loop.h"

#define POLL_MS 2 /* glibc can only be asked, or send a signal, or start one more thread */
#define ADDRESSES_MAX 4
#define ADDRESS_BYTES 46 /* of an IPv6 address as text */
#define HOST_BYTES 256

struct db_lookup {
    struct loop_timer *timer;
    void (*done)(void *arg);
    void *arg;
    bool asking; /* `request` belongs to the helper thread */
    struct addrinfo hints;
    struct gaicb request;
    char addresses[ADDRESSES_MAX * ADDRESS_BYTES];
    char hosts[ADDRESSES_MAX * HOST_BYTES];
};

/* item is left out when it does not fit. */
static void append(char *list, size_t cap, const char *item)
{
    const size_t len = strlen(list);
    if (len + strlen(item) + 2 <= cap) {
        snprintf(list + len, cap - len, "%s%s", len == 0 ? "" : ",", item);
    }
}

static void take_answer(struct db_lookup *lookup)
{
    const bool found = lookup->asking && gai_error(&lookup->request) == 0;
    struct addrinfo *list = found ? lookup->request.ar_result : NULL;
    lookup->asking = false;
    lookup->addresses[0] = '\0';
    lookup->hosts[0] = '\0';
    int count = 0;
    for (const struct addrinfo *info = list; info != NULL && count < ADDRESSES_MAX;
         info = info->ai_next, count++) {
        char address[ADDRESS_BYTES];
        if (getnameinfo(info->ai_addr, info->ai_addrlen, address, sizeof(address),
                /* service= */ NULL, 0, NI_NUMERICHOST) == 0) {
            append(lookup->addresses, sizeof(lookup->addresses), address);
            append(lookup->hosts, sizeof(lookup->hosts), lookup->request.ar_name);
        }
    }
    if (list != NULL) {
        freeaddrinfo(list);
    }
}

static void on_timer(void *arg)
{
    struct db_lookup *lookup = arg;
    if (lookup->asking && gai_error(&lookup->request) == EAI_INPROGRESS) {
        return;
    }
    loop_timer_stop(lookup->timer);
    take_answer(lookup);
    lookup->done(lookup->arg);
}

struct db_lookup *db_lookup_new(struct arena *arena, struct loop *loop, void (*done)(void *arg),
    void *arg)
{
    struct db_lookup *lookup = ARENA_NEW(arena, struct db_lookup);
    lookup->timer = loop_timer_new(loop, on_timer, lookup);
    lookup->done = done;
    lookup->arg = arg;
    return lookup;
}

void db_lookup_free(struct db_lookup *lookup)
{
    const struct gaicb *const list[] = {&lookup->request};
    while (lookup->asking && gai_cancel(&lookup->request) == EAI_NOTCANCELED) {
        gai_suspend(list, 1, /* timeout= */ NULL);
    }
    take_answer(lookup); /* to release it */
    loop_timer_free(lookup->timer);
}

void db_lookup_start(struct db_lookup *lookup, const char *host)
{
    if (!lookup->asking) {
        lookup->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM};
        lookup->request = (struct gaicb){.ar_name = host, .ar_request = &lookup->hints};
        struct gaicb *list[] = {&lookup->request};
        lookup->asking = getaddrinfo_a(GAI_NOWAIT, list, 1, /* sevp= */ NULL) == 0;
    }
    loop_timer_start(lookup->timer, POLL_MS, POLL_MS);
}

void db_lookup_stop(struct db_lookup *lookup)
{
    loop_timer_stop(lookup->timer);
}

const char *db_lookup_addresses(const struct db_lookup *lookup)
{
    return lookup->addresses;
}

const char *db_lookup_hosts(const struct db_lookup *lookup)
{
    return lookup->hosts;
}
