/* core/json_scan.h - goes through JSON text once, strictly, without keeping any of it. For text that comes in many small
 * pieces; whatever needs a tree is read with core/json.h.
 * Errors: `broken` is set and stays; every call is then harmless. */
#ifndef CORE_JSON_SCAN_H
#define CORE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/json.h"

struct buf;

struct json_scan {
    const char *at, *end;
    int depth;    /* of what is being skipped or read as a member or an item */
    bool fitting; /* set by the caller: a number beyond 64 bits or a double is broken too */
    bool broken;
};

struct json_key {
    const char *text; /* raw: what is escaped in it equals nothing of ours */
    size_t len;
};
bool json_key_is(const struct json_key *key, const char *name);

/* Passes blanks; the byte that comes, '\0' at the end. */
static inline char json_scan_next(struct json_scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t')) {
        scan->at++;
    }
    return scan->at < scan->end ? *scan->at : '\0';
}
/* The next member of an object (the opening brace is passed by the first call): false at its end, which is passed. */
bool json_scan_member(struct json_scan *scan, bool first, struct json_key *out);
/* The same for the items of a list. */
bool json_scan_item(struct json_scan *scan, bool first);
/* Passes a value of any kind; which one it was. JSON_KIND_I64 is a number without fraction and exponent. */
enum json_kind json_scan_skip(struct json_scan *scan);
/* Passes a string; its raw inside. */
const char *json_scan_string(struct json_scan *scan, size_t *out_len);

/* The text that the raw inside stands for: escapes resolved; U+FFFD for lone surrogates and for what is not UTF-8; no NUL.
 * In scratch, whose content is replaced, or raw itself when that is the same. */
const char *json_scan_decode(const char *raw, size_t len, struct buf *scratch, size_t *out_len);
/* Whether that leaves everything as it was meant: no escape in the text stands for NUL or half a surrogate pair. */
bool json_scan_escapes_are_whole(const char *text, size_t len);
/* Appends JSON text so that a strict reader takes it: the same repairs, still escaped. */
void json_scan_clean(struct buf *out, const char *text, size_t len);

#endif
