/* http/conditions.h - what a request asks for in its headers: preconditions, language, trace. Pure. */
#ifndef HTTP_CONDITIONS_H
#define HTTP_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"

/* If-None-Match against our tag (with quotes): "*" or one of the list, weak comparison. */
bool etag_matches(const char *if_none_match, const char *etag);

/* If-Match: "v3" gives 3, * gives 0 (any version). A list of several is refused, as it cannot be checked in one
 * statement. False if it is not a tag of ours. */
bool etag_read_version(const char *if_match, int64_t *out);

/* Best of ours for Accept-Language ("th-TH, en;q=0.8"); dflt if none fits. A pointer of locales or dflt. */
const char *locale_choose(const struct strs *locales, const char *dflt,
    const char *accept_language);

/* X-Request-Id that may be echoed: 8..64 of A-Z a-z 0-9 . _ - */
bool request_id_is_valid(const char *text);
/* Idempotency-Key: 8..64 visible ASCII characters. */
bool idempotency_key_is_valid(const char *text);

/* Trace id (32 hex digits) of a traceparent of version 00; false if it is none. */
#define TRACE_ID_LEN 32
bool trace_id_read(const char *traceparent, char out[TRACE_ID_LEN + 1]);

#endif
