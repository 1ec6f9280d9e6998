/* http/testing/streaming.h - a server with a few routes that stream, in a loop of its own, and clients of it in the same fiber as
 * the story that a test tells. Every failure ends the test. */
#ifndef HTTP_TESTING_STREAMING_H
#define HTTP_TESTING_STREAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/ctx.h"
#include "core/services.h"
#include "http/server.h"

struct arena;
struct loop;
struct metrics_page;
struct stream;

enum { NS_PER_MS = 1000000, SOURCES = 2, SCRIPT_MAX = 4096, REPLY_MAX = 65536, LOG_MAX = 16384 };
#define NS_PER_S INT64_C(1000000000)

/* What a handler streams: the script, as far as it is written. */
struct source {
    struct stream *stream; /* NULL until it is opened */
    char script[SCRIPT_MAX];
    size_t len, at;
    size_t at_most; /* of one read; 0 = as much as there is room */
    bool ended, endless;
    bool wakes_itself; /* in a read that has nothing, once */
    int reads, closed;
};

struct world {
    struct services services; /* first: how handlers find the rest */
    struct loop *loop;
    struct http_server *server;
    struct http_config config;
    struct http_options options;
    struct metrics_page *metrics;
    struct clock clock;
    int64_t later_ns; /* than it is */
    struct arena *arena;
    struct ctx ctx;
    int port, listener;
    int log_pipe[2];
    char log_text[LOG_MAX];
    size_t log_len;
    struct source sources[SOURCES];
    bool drained;
    bool late; /* a handler of /lateN waits */
    void (*story)(struct world *world);
};

struct client {
    struct world *world;
    int fd;
    char text[REPLY_MAX];
    size_t len;
    bool over;  /* the server has closed */
    bool reset; /* and not in an orderly way */
};

/* /sN streams sources[N]; /lateN does after 1.5 s; /failsN fails then; /wrongN has no .streams; /plain answers "plain". */
extern const struct http_route *const streaming_routes[];

/* Runs the story on a fiber. All streams must be closed at its end. */
void streaming_run(void (*story)(struct world *world));
void streaming_close(struct world *world); /* the server only */
void streaming_rest(struct world *world, int64_t ms);
const char *streaming_log(struct world *world); /* all lines so far */
int count_in(const char *text, const char *what);

void source_say(struct source *source, const char *text);
void source_end(struct source *source);
/* Exactly once. */
void source_expect_closed(struct world *world, const struct source *source, int64_t within_ms);

struct client *client_dial(struct world *world, int receive_bytes); /* 0 = as the host likes */
void client_ask(struct client *client, const char *line);
void client_ask_more(struct client *client, const char *line, const char *headers);
void client_take(struct client *client); /* what is there, after what was */
void client_expect(struct client *client, const char *what, int64_t within_ms);
/* The server closes the connection, in an orderly way. */
void client_expect_over(struct client *client);
void client_expect_plain(struct client *client);
struct client *client_open_stream(struct world *world, const char *line);
const char *client_body(struct client *client); /* its chunks so far, put together */

#endif
