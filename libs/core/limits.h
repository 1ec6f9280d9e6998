/* core/limits.h - every maximum that a client or an upstream can run into, in one place; docs/limits.md is
 * generated from it. Units are in the names. */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

/* HTTP in */
#define LIMIT_URL_BYTES 4096              /* path and query, as sent */
#define LIMIT_HEADER_BLOCK_BYTES 8192     /* request line and headers together */
#define LIMIT_CONNECTION_POOL_BYTES 11520 /* headers of one connection; cookies count twice */
#define LIMIT_BODY_BYTES 65536            /* default of a route */
#define LIMIT_BODY_WEBHOOK_BYTES 262144
#define LIMIT_BODY_UNREAD_BYTES 1024 /* of a route that takes none */
#define LIMIT_BODY_DISCARD_BYTES                                                                   \
    4194304 /* read and dropped after a refusal; with more to come the connection is closed */
#define LIMIT_BODY_IMPORT_BYTES 2097152
#define LIMIT_IMPORT_ROWS 10000
#define LIMIT_QUERY_PARAMETERS 64
#define LIMIT_PATH_PARAMETERS 4
#define LIMIT_CONNECTIONS_PER_WORKER 10000
#define LIMIT_REQUESTS_PER_CONNECTION 1000000
#define LIMIT_HEADER_SECONDS 10           /* first byte of a request to its last header */
#define LIMIT_BODY_SECONDS 30             /* last header to last byte of the body */
#define LIMIT_IDLE_SECONDS 75             /* between two requests of one connection */
#define LIMIT_WRITE_BYTES_PER_SECOND 1024 /* slower readers are cut */
#define LIMIT_REQUEST_MS 10000            /* a whole request, waits included */
#define LIMIT_STREAM_PING_SECONDS 10      /* a stream that is silent for this long gets a comment */
#define LIMIT_STREAM_STALL_SECONDS 30     /* a client that takes nothing of a stream is cut */

/* JSON in */
#define LIMIT_JSON_DEPTH 16
#define LIMIT_JSON_TOKENS 4000
#define LIMIT_JSON_IMPORT_TOKENS 400000 /* a list of LIMIT_IMPORT_ROWS objects */

/* Replies */
#define LIMIT_REPLY_BYTES 4194304
#define LIMIT_PAGE_ROWS 100
#define LIMIT_PAGE_ROWS_DEFAULT 20
#define LIMIT_CURSOR_BYTES 512
#define LIMIT_EXPORT_ROWS 2000 /* of each kind that somebody takes along, the newest */

/* Sign-in */
#define LIMIT_TOKEN_BYTES 4096
#define LIMIT_JWKS_BYTES 262144
#define LIMIT_JWKS_KEYS 16
#define LIMIT_TOKEN_CACHE_ENTRIES 4096 /* per worker */
#define LIMIT_PRINCIPAL_CACHE_MS 5000  /* role and status are at most this old */

/* Waiting for others */
#define LIMIT_DB_QUERY_MS 2000
#define LIMIT_DB_REPLICA_MS 500 /* one statement on a read replica; then the primary is asked */
#define LIMIT_DB_CONNECT_MS 2000
#define LIMIT_DB_LEASE_MS 250    /* waiting for a slow-lane connection */
#define LIMIT_DB_START_MS 1000   /* waiting for the first connection of a worker */
#define LIMIT_DB_SURPLUS_MS 5000 /* until a connection that was opened for a peak is closed */
#define LIMIT_DB_FAST_QUEUE 1024 /* queries in flight on one fast-lane connection */
#define LIMIT_DB_ROWS 1000       /* rows of one result that a list takes */
#define LIMIT_REDIS_MS 20
#define LIMIT_REDIS_VALUE_BYTES 1048576
#define LIMIT_CLIENT_CONNECT_MS 3000
#define LIMIT_CLIENT_REPLY_BYTES 1048576
#define LIMIT_CLIENT_STREAM_BYTES 65536 /* of a reply read bit by bit: arrived, not yet read */
#define LIMIT_EMBED_QUERY_MS 1500       /* the vector of one query, second tries included */
#define LIMIT_EMBED_DOCUMENTS_MS 20000  /* the vectors of one batch of texts */
#define LIMIT_EMBED_BATCH_TEXTS 128     /* texts of one call to an embeddings service */

/* Bookings */
#define LIMIT_QUOTE_TOKEN_BYTES 32768 /* a price with a line for every rule, signed */
#define LIMIT_FEED_EVENTS 1000        /* stays and blocks of one calendar for other programs */

/* FAQ */
#define LIMIT_FAQ_CACHE_BYTES 8388608 /* finished replies, per worker */
#define LIMIT_FAQ_GAPS_WAITING                                                                     \
    64 /* questions without an answer that wait to be written, per worker */

/* Chat */
#define LIMIT_CHAT_RUNS 2000            /* answers being written, per worker */
#define LIMIT_CHAT_FIRST_TEXT_MS 15000  /* question to the first word of its answer */
#define LIMIT_CHAT_ANSWER_MS 25000      /* question to the last one */
#define LIMIT_CHAT_SETTLE_MS 5000       /* storing an answer */
#define LIMIT_CHAT_REQUEST_MS 32000     /* a request that waits for all that */
#define LIMIT_CHAT_EVENTS_BYTES 1048576 /* kept of one answer for those who come back */
/* Chat: what a model's service sends and gets */
#define LIMIT_CHAT_REQUEST_BYTES 524288
#define LIMIT_CHAT_HISTORY_BYTES 16384   /* former messages of one request; the newest stay */
#define LIMIT_CHAT_STREAM_BYTES 8388608  /* a whole reply on the wire */
#define LIMIT_CHAT_EVENT_BYTES 65536     /* one event of it */
#define LIMIT_CHAT_TEXT_BYTES 65536      /* the text of an answer; cut there */
#define LIMIT_CHAT_ARGUMENTS_BYTES 16384 /* of one call of a tool */
#define LIMIT_CHAT_IDLE_MS 10000         /* between two bytes of a text */

/* Fibers */
#define LIMIT_FIBER_STACK_BYTES 65536 /* painted-stack test: no route uses more than half */
#define LIMIT_FIBERS_PER_WORKER 10000

#endif
