#include "net/client_internal.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/assert.h"
#include "core/limits.h"

static bool is_loopback(const char *host)
{
    struct in_addr address;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

bool client_may_ask(const char *text)
{
    CURLU *url = curl_url();
    ASSERT(url != NULL);
    char *scheme = NULL;
    char *host = NULL;
    const bool parsed = curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
                        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    const bool encrypted = parsed && strcmp(scheme, "https") == 0;
    const bool local = parsed && strcmp(scheme, "http") == 0 && is_loopback(host);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return encrypted || local;
}

static bool add_header(struct transfer *transfer, const char *header)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, header);
    if (longer == NULL || strpbrk(header, "\r\n") != NULL) {
        return false;
    }
    transfer->headers = longer;
    return true;
}

static bool add_headers(struct transfer *transfer, const struct client_request *request)
{
    bool added = add_header(transfer, "Expect:"); /* never waits for permission to send a body */
    for (int i = 0; added && i < CLIENT_HEADERS_MAX && request->headers[i] != NULL; i++) {
        added = add_header(transfer, request->headers[i]);
    }
    return added &&
           curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

/* curl copies all but the body, which the transfer holds: the caller may leave before it is sent. */
static bool set_request(struct transfer *transfer, const struct client_request *request)
{
    CURL *easy = transfer->easy;
    bool set = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
               add_headers(transfer, request);
    struct client_body *body = request->body;
    if (set && (body != NULL || strcmp(request->method, "GET") != 0)) {
        const curl_off_t len = body == NULL ? 0 : (curl_off_t)body->len;
        const char *bytes = body == NULL ? "" : body->bytes;
        if (body != NULL) {
            body->holders++;
            transfer->sent = body;
        }
        set = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, len) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bytes) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
    }
    return set;
}

static bool set_rules(CURL *easy, int64_t timeout_ms)
{
    const bool short_one = timeout_ms < LIMIT_CLIENT_CONNECT_MS;
    const long connect_ms = short_one ? (long)timeout_ms : LIMIT_CLIENT_CONNECT_MS;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK && /* nor the environment's */
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* A cancelled name look-up is left to its thread: waiting for it would stop the loop. */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
}

bool client_set_up(struct transfer *transfer, const struct client_request *request)
{
    return set_rules(transfer->easy, request->timeout_ms) && set_request(transfer, request);
}
