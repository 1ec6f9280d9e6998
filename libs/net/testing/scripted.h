/* net/testing/scripted.h - an HTTP server that follows a script, and a fiber to call it from, for tests of outbound calls.
 * Blocking to start; every failure ends the test. */
#ifndef NET_TESTING_SCRIPTED_H
#define NET_TESTING_SCRIPTED_H

#include <stddef.h>

#include "core/ctx.h"

struct arena;
struct client;
struct loop;

enum { SCRIPTED_SILENT = 0, SCRIPTED_HANG_UP = -1 };
/* The n-th request to a path gets the path's n-th row; the last one repeats. */
struct scripted_reply {
    const char *path;
    int status;          /* or one of the above */
    const char *headers; /* NULL, or lines that end with \r\n */
    const char *body;    /* NULL = empty; Content-Length is added */
};

struct scripted {
    const struct scripted_reply *script;
    size_t count;
    int port;
    int server;                       /* process id */
    struct scripted_record *recorded; /* shared with the server */
    struct loop *loop;
    struct client *client;
    struct arena *arena;
    struct ctx ctx; /* of the fiber that runs the story; 30 s */
    void (*story)(struct scripted *scripted);
};

/* Runs the story on a fiber, with the server beside it. The stack used is checked. */
void scripted_run(const struct scripted_reply *script, size_t count,
    void (*story)(struct scripted *scripted));

/* A listening socket on any free port of the loopback. */
int scripted_listen(int *out_port);
/* "http://127.0.0.1:port" and the path; in the arena. */
const char *scripted_url(struct scripted *scripted, const char *path);
/* Requests to the path so far. */
int scripted_calls(const struct scripted *scripted, const char *path);
/* The newest request as it came, cut at 64 KiB. */
const char *scripted_request(const struct scripted *scripted);

#endif
