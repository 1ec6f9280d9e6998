/* net/cache_link.h - a link to Redis that comes back: connects, signs in, and again after every loss, with
 * back-off. hiredis' event hooks are served here. Only for cache_conn.c, which asks and waits.
 * Owns: the hiredis context while there is one; the socket; a name look-up on its way. */
#ifndef NET_CACHE_LINK_H
#define NET_CACHE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <hiredis/async.h>

struct cache_command;
struct cache_link;
struct cache_url;
struct loop;

/* url is borrowed. Connects when the loop runs. */
struct cache_link *cache_link_open(struct loop *loop, const struct cache_url *url);
void cache_link_close(struct cache_link *link);

/* Signed in and not lost since. */
bool cache_link_is_ready(const struct cache_link *link);
/* Wall clock of the last change of that. */
int64_t cache_link_since_us(const struct cache_link *link);

/* Queues a command for the end of the turn. fn is called exactly once: with the reply, or with NULL when the
 * link is lost first. false = not sent, fn is not called. */
bool cache_link_send(struct cache_link *link, const struct cache_command *command,
    redisCallbackFn *fn, void *arg);
/* Gives the connection up: what is on its way is lost, a late answer can reach nobody. */
void cache_link_drop(struct cache_link *link);
/* A command was answered in time: the next loss is a new one and is mended soon. */
void cache_link_proved(struct cache_link *link);

#endif
