/* http/guard.h - refuses what two HTTP parsers could read differently, before anything else looks at a request.
 * Pure: works on what the connection collected, so every rule is a row in a test. */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/headers.h"
#include "http/problem.h"

enum request_method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_UNKNOWN, /* a token, but none we know */
};
enum request_method guard_method(const char *name);

struct guard_input {
    const char *method;
    const char *target; /* as sent, before any decoding */
    size_t target_len;
    const char *version;
    const struct headers *headers;
    size_t block_bytes; /* request line and headers, as sent */
    char *scratch;      /* room for target_len bytes */
    /* Where the target stood in the block; NULL: the parser can be trusted with what stands between the parts. */
    const char *target_at;
};

struct guard_verdict {
    enum refusal refusal;
    const char *why; /* constant, for the log */
    bool has_body;
    bool chunked;
    uint64_t body_bytes; /* of Content-Length */
};
struct guard_verdict guard_check(const struct guard_input *input);

#endif
