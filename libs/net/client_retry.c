#include "net/client_retry.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/client.h"

static const double ms_per_s = 1000;
static const double longest_ms = 1e9;

static const char *header_of(CURL *easy, const char *name)
{
    struct curl_header *header = NULL;
    const bool found = curl_easy_header(easy, name, /* index */ 0, CURLH_HEADER,
                           /* request */ -1, &header) == CURLHE_OK;
    return found ? header->value : NULL;
}

/* Digits with at most one point in them; below 0 = something else. */
static double read_number(const char *text)
{
    const size_t len = text == NULL ? 0 : strlen(text);
    const bool plain = len > 0 && len < 20 && strspn(text, "0123456789.") == len;
    char *end = NULL;
    const double value = plain ? strtod(text, &end) : -1;
    return plain && *end == '\0' ? value : -1;
}

static int64_t to_ms(double ms)
{
    return (int64_t)(ms < longest_ms ? ms : longest_ms);
}

void client_retry_read(CURL *easy, struct client_retry *out)
{
    *out = (struct client_retry){0};
    const char *should = header_of(easy, "x-should-retry");
    out->asked_to = should != NULL && strcasecmp(should, "true") == 0;
    out->asked_not = should != NULL && strcasecmp(should, "false") == 0;
    const double ms = read_number(header_of(easy, "retry-after-ms"));
    const double seconds = read_number(header_of(easy, "retry-after"));
    curl_off_t date_s = 0; /* a date, as seconds from now */
    if (ms >= 0) {
        out->after_ms = to_ms(ms);
    } else if (seconds >= 0) {
        out->after_ms = to_ms(seconds * ms_per_s);
    } else if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &date_s) == CURLE_OK && date_s > 0) {
        out->after_ms = to_ms((double)date_s * ms_per_s);
    }
}
