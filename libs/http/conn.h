/* http/conn.h - the connection table: what each client is doing and since when, against absolute deadlines that no
 * trickle of bytes moves.
 * Owns: the entries, recycled in the arena the table was made in; descriptors that a stream took over. Borrows the others. */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/address.h"

struct arena;
struct request;

enum conn_phase {
    CONN_NEW,     /* accepted, no request line yet */
    CONN_HEADERS, /* request line is there */
    CONN_BODY,
    CONN_RUNNING, /* a handler works; it has its own deadline */
    CONN_WRITING,
    CONN_STREAMING, /* since: when the client last took something; bytes: what it took */
    CONN_IDLE,      /* between two requests */
};

struct conn {
    struct conn *prev, *next;
    int fd;   /* borrowed from the library, until a stream takes it over */
    bool own; /* a stream's: it closes fd */
    enum conn_phase phase;
    bool cut;         /* the socket was shut down; the library will notice */
    bool is_open;     /* while streaming: neither side has closed, as far as conn_look saw */
    int64_t since_ns; /* start of the phase */
    uint64_t bytes;   /* of the phase: body received, or reply to be written */
    uint64_t requests;
    struct request *request; /* NULL between requests */
    char peer[ADDRESS_LEN];
};

struct conn_table {
    struct arena *arena; /* borrowed */
    struct conn *open;
    struct conn *spare;
    size_t count;
};

struct conn *conn_open(struct conn_table *table, int fd, int64_t now_ns);
void conn_close(struct conn_table *table, struct conn *conn);
void conn_enter(struct conn *conn, enum conn_phase phase, int64_t now_ns);

/* What the sweep has to do about a connection. */
enum conn_verdict {
    CONN_KEEP,
    CONN_CUT_LATE, /* the request is late: tell the client, then cut */
    CONN_CUT,      /* nobody to tell */
    CONN_PROBE,    /* a handler takes long, or a stream: is the client still there? */
};
enum conn_verdict conn_judge(const struct conn *conn, int64_t now_ns, bool draining);

/* While streaming, before it is judged: has the client taken something, or is there nothing to take? Has it closed its side? */
void conn_look(struct conn *conn, int64_t now_ns);
/* True if the client closed its side and sent nothing more. */
bool conn_is_gone(const struct conn *conn);
/* Both directions; unread bytes of the client are lost. */
void conn_shut(struct conn *conn);
/* Closes an own fd; what was written still goes out. */
void conn_hang_up(struct conn *conn);

#endif
