#include "http/guard.h"

#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "core/utf8.h"
#include "http/query.h"

#define CONTENT_LENGTH_DIGITS_MAX 18
#define CRLF_LEN 2

static const char *const method_names[] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

enum request_method guard_method(const char *name)
{
    for (size_t i = 0; i < sizeof(method_names) / sizeof(method_names[0]); i++) {
        if (strcmp(name, method_names[i]) == 0) {
            return (enum request_method)i;
        }
    }
    return METHOD_UNKNOWN;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (!is_alnum(c) && c != '-' && (c == '\0' || strchr("!#$%&'*+.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return len > 0;
}

static bool is_field_text(const char *text, size_t len)
{
    if (utf8_is_printable_ascii(text, len)) {
        return true;
    }
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_host(const struct header *host)
{
    for (size_t i = 0; i < host->value_len; i++) {
        const char c = host->value[i];
        if (!is_alnum(c) && c != '.' && c != ':' && (c == '\0' || strchr("-_[]", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool named(const struct header *header, const char *name, size_t name_len)
{
    return header->name_len == name_len && strncasecmp(header->name, name, name_len) == 0;
}
#define NAMED(header, name) named((header), "" name, sizeof(name) - 1)

/* The headers that decide where a request ends and whom it is for. */
struct framing {
    const struct header *length, *encoding, *host, *expect;
    size_t lengths, encodings, hosts;
};

static void collect(struct framing *framing, const struct header *header)
{
    if (NAMED(header, "content-length")) {
        framing->length = header;
        framing->lengths++;
    } else if (NAMED(header, "transfer-encoding")) {
        framing->encoding = header;
        framing->encodings++;
    } else if (NAMED(header, "host")) {
        framing->host = header;
        framing->hosts++;
    } else if (NAMED(header, "expect")) {
        framing->expect = header;
    }
}

static const char *check_headers(const struct headers *headers, struct framing *framing)
{
    for (size_t i = 0; i < headers->count; i++) {
        const struct header *header = &headers->items[i];
        if (!is_token(header->name, header->name_len)) {
            return "header name is not a token";
        }
        if (!is_field_text(header->value, header->value_len)) {
            return "control character in a header value";
        }
        collect(framing, header);
    }
    return NULL;
}

/* A proxy in front could decide by the one and we by the other. */
static const char *check_repeats(const struct headers *headers)
{
    static const char *const single[] = {
        "authorization", "content-type", "idempotency-key", "if-match", "origin"};
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        if (headers_find(headers, single[i]) != NULL &&
            headers_only_value(headers, single[i]) == NULL) {
            return "more than one of a header that can only be there once";
        }
    }
    return NULL;
}

static const char *check_host(const struct framing *framing, bool is_1_0)
{
    if (framing->hosts > 1 || (framing->hosts == 0 && !is_1_0)) {
        return "not exactly one Host";
    }
    return framing->host != NULL && !is_host(framing->host) ? "Host is not a host" : NULL;
}

static const char *read_length(const struct header *length, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length->value_len; i++) {
        const char c = length->value[i];
        if (c < '0' || c > '9') {
            return "Content-Length is not a number";
        }
        value = value * 10 + (uint64_t)(c - '0');
    }
    if (length->value_len == 0 || length->value_len > CONTENT_LENGTH_DIGITS_MAX) {
        return "Content-Length has no or too many digits";
    }
    *out = value;
    return NULL;
}

static const char *check_body(const struct framing *framing, bool is_1_0, struct guard_verdict *out)
{
    if (framing->lengths > 1 || framing->encodings > 1 ||
        (framing->length != NULL && framing->encoding != NULL)) {
        return "more than one length";
    }
    if (framing->encoding != NULL) {
        if (strcasecmp(framing->encoding->value, "chunked") != 0) {
            return "Transfer-Encoding is not chunked";
        }
        out->chunked = true;
    }
    if (framing->length != NULL) {
        const char *why = read_length(framing->length, &out->body_bytes);
        if (why != NULL) {
            return why;
        }
    }
    out->has_body = out->chunked || out->body_bytes > 0;
    return out->has_body && is_1_0 ? "body with HTTP/1.0" : NULL;
}

static bool takes_body(enum request_method method)
{
    return method == METHOD_POST || method == METHOD_PUT || method == METHOD_PATCH;
}

/* The path must be escaped UTF-8; the query is decoded, and complained about, later. */
static bool is_path(const struct guard_input *input)
{
    const char *question = memchr(input->target, '?', input->target_len);
    const size_t len = question == NULL ? input->target_len : (size_t)(question - input->target);
    if (memchr(input->target, '%', len) == NULL) {
        return true;
    }
    const long decoded = query_unescape(input->target, len, /* plus= */ false, input->scratch);
    return decoded >= 0 && utf8_is_valid(input->scratch, (size_t)decoded);
}

static const char *check_target(const struct guard_input *input)
{
    if (input->target_len == 0 || input->target[0] != '/') {
        return "target is not a path";
    }
    const size_t len = input->target_len;
    if (!utf8_is_printable_ascii(input->target, len) || memchr(input->target, ' ', len) != NULL ||
        memchr(input->target, '#', len) != NULL) {
        return "target has a character that must be escaped";
    }
    return is_path(input) ? NULL : "path is not escaped UTF-8";
}

static struct guard_verdict refuse(enum refusal refusal, const char *why)
{
    return (struct guard_verdict){.refusal = refusal, .why = why};
}

static bool is_blank(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t')) {
        from++;
    }
    return from == to;
}

/* libmicrohttpd 0.9 takes a NUL as the end of a value, a bare LF as the end of a line, and joins folded lines; none
 * of that shows in the strings it gives. It shows in where they lie: it parses in place, so in a well-formed request
 * method, target, version and headers lie in one block with exactly ' ', ':' with blanks, or CR LF between them. */
static bool is_tiled(const struct guard_input *input)
{
    const char *at = input->method + strlen(input->method) + 1;
    if (input->target_at != at || input->version != input->target_at + input->target_len + 1) {
        return false;
    }
    at = input->version + strlen(input->version) + CRLF_LEN;
    for (size_t i = 0; i < input->headers->count; i++) {
        const struct header *header = &input->headers->items[i];
        const char *colon = header->name + header->name_len;
        if (header->name != at || header->value <= colon || !is_blank(colon + 1, header->value)) {
            return false;
        }
        at = header->value + header->value_len + CRLF_LEN;
    }
    return at + CRLF_LEN == input->method + input->block_bytes;
}

static const char *check_parts(const struct guard_input *input, struct framing *framing,
    struct guard_verdict *out)
{
    const bool is_1_0 = strcmp(input->version, "HTTP/1.0") == 0;
    if (!is_token(input->method, strlen(input->method))) {
        return "method is not a token";
    }
    if (input->target_at != NULL && !is_tiled(input)) {
        return "hidden bytes between the headers";
    }
    const char *why = check_target(input);
    if (why == NULL) {
        why = check_headers(input->headers, framing);
    }
    if (why == NULL) {
        why = check_repeats(input->headers);
    }
    if (why == NULL) {
        why = check_host(framing, is_1_0);
    }
    if (why == NULL) {
        why = check_body(framing, is_1_0, out);
    }
    if (why == NULL && out->has_body && !takes_body(guard_method(input->method))) {
        why = "body with a method that has none";
    }
    return why;
}

struct guard_verdict guard_check(const struct guard_input *input)
{
    struct guard_verdict verdict = {.refusal = REFUSED_NOT};
    struct framing framing = {.length = NULL};
    if (input->target_len > LIMIT_URL_BYTES) {
        return refuse(REFUSED_TARGET, "target too long");
    }
    if (input->block_bytes > LIMIT_HEADER_BLOCK_BYTES) {
        return refuse(REFUSED_HEADERS, "header block too large");
    }
    const char *why = check_parts(input, &framing, &verdict);
    if (why != NULL) {
        return refuse(REFUSED_REQUEST, why);
    }
    if (framing.expect != NULL && strcasecmp(framing.expect->value, "100-continue") != 0) {
        return refuse(REFUSED_EXPECTATION, "unknown expectation");
    }
    return verdict;
}
