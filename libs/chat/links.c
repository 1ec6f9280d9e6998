#include "chat/links.h"

#include <string.h>

#include "chat/words.h"
#include "core/buf.h"

static const char url_end[] = " \t\r\n<>\"'`()[]{}|^";

/* What ends a name of a host that stands alone. Those that are English words too are told by what follows. */
static const char *const domains[] = {"com", "net", "org", "info", "biz", "co", "io", "ai", "app",
    "dev", "xyz", "site", "online", "shop", "store", "travel", "top", "club", "live", "link",
    "click", "page", "web", "cloud", "tech", "agency", "villas", "homes", "rent", "estate",
    "properties", "house", "holiday", "tours", "world", "vip", "icu", "th", "uk", "us", "de", "fr",
    "ru", "cn", "jp", "sg", "my", "hk", "au", "eu", "nl", "ch", "es", "tk", "ml", "ga", "cf", "gq",
    "ly", "gg", "tv", "cc", "pw", "ws", "su", "ua", "kr", "vn", "ph", "br", "ca", "nz", NULL};
static const char *const word_domains[] = {"in", "it", "is", "at", "be", "no", "so", "am", "me",
    "to", "do", "as", "la", "pro", "one", "id", NULL};

/* Words that are shown only when no URL goes on from them. */
static const char *const beginnings[] = {"http", "https", "www", NULL};

static const char signs_of_links[] = "./:[!@+";
#define HELD_MAX 1000 /* bytes of what may become a link */

struct filter {
    struct buf *out;
    const char *begin; /* of the text */
    const struct strs *own;
};

static size_t host_length(const char *at)
{
    return strcspn(at, "/?#\\ \t\r\n<>\"'`()[]{}|^");
}

static bool equals(const char *a, size_t a_len, const char *b)
{
    if (a_len != strlen(b)) {
        return false;
    }
    for (size_t i = 0; i < a_len; i++) {
        const char lower = (char)(a[i] >= 'A' && a[i] <= 'Z' ? a[i] + ('a' - 'A') : a[i]);
        if (lower != b[i]) {
            return false;
        }
    }
    return true;
}

/* host[:port] as it stands in one of the origins, or with www. before it; a user in front of it makes it another. */
static bool is_own(const struct filter *filter, const char *host, size_t len)
{
    const size_t www = len > 4 && equals(host, 4, "www.") ? 4 : 0;
    for (int64_t i = 0; i < filter->own->count; i++) {
        const char *origin = filter->own->items[i];
        const char *own = strstr(origin, "://");
        own = own == NULL ? origin : own + 3;
        if (equals(host, len, own) || equals(host + www, len - www, own)) {
            return true;
        }
    }
    return false;
}

static bool is_label_char(char c)
{
    return words_is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

static size_t label_length(const char *at)
{
    size_t len = 0;
    while (is_label_char(at[len])) {
        len++;
    }
    return len;
}

/* ---- URLs ---- */

static size_t url_length(const char *at)
{
    size_t len = strcspn(at, url_end);
    while (len > 0 && strchr(".,;:!?", at[len - 1]) != NULL) {
        len--;
    }
    return len;
}

static bool is_scheme_char(char c)
{
    return is_label_char(c) || c == '+' || c == '.';
}

/* Length of "scheme://" or "//" at `at`; 0: no URL begins here. */
static size_t scheme_length(const char *at)
{
    if (at[0] == '/') {
        return at[1] == '/' && words_is_letter(at[2]) ? 2 : 0;
    }
    size_t len = words_is_letter(*at) ? 1 : 0;
    while (len > 0 && is_scheme_char(at[len])) {
        len++;
    }
    const bool url = len > 0 && at[len] == ':' && at[len + 1] == '/' && at[len + 2] == '/';
    return url ? len + 3 : 0;
}

static bool is_web(const char *at, size_t scheme)
{
    return scheme == 2 || equals(at, scheme, "https://") || equals(at, scheme, "http://");
}

/* Relative ones are the product's own; what has another scheme ("javascript:", "data:") is nobody's. */
static bool may_stay(const struct filter *filter, const char *url, size_t len)
{
    const size_t scheme = scheme_length(url);
    if (scheme > 0) {
        return scheme < len && is_web(url, scheme) &&
               is_own(filter, url + scheme, host_length(url + scheme));
    }
    return len > 0 && (*url == '/' || *url == '#') && url[1] != '/' && url[1] != '\\';
}

/* ---- forms ---- */

/* [words](target) at `at`: where words and target are; false: it is none. */
struct markdown {
    const char *words, *target, *end;
    size_t words_len, target_len;
};
static bool read_markdown(const char *at, struct markdown *out)
{
    if (*at != '[') {
        return false;
    }
    const char *words_end = at + 1 + strcspn(at + 1, "[]\n");
    if (words_end[0] != ']' || words_end[1] != '(') {
        return false;
    }
    const char *target = words_end + 2 + strspn(words_end + 2, " <");
    const size_t len = strcspn(target, " <>)\n");
    const char *close = target + len + strcspn(target + len, ")\n");
    if (*close != ')') {
        return false;
    }
    *out = (struct markdown){.words = at + 1,
        .words_len = (size_t)(words_end - at - 1),
        .target = target,
        .target_len = len,
        .end = close + 1};
    return true;
}

/* Blanks in front of what is left out go too, and what it was wrapped in. */
static const char *leave_out(const struct filter *filter, const char *end)
{
    struct buf *out = filter->out;
    const char opening = out->len > 0 && !out->failed ? out->data[out->len - 1] : '\0';
    const bool wrapped = (opening == '<' && *end == '>') || (opening == '(' && *end == ')');
    out->len -= wrapped;
    end += wrapped;
    const bool more = *end != '\0' && strchr(" \t\r\n.,;:!?)", *end) != NULL;
    while ((more || *end == '\0') && !out->failed && out->len > 0 &&
           out->data[out->len - 1] == ' ') {
        out->len--;
    }
    return end;
}

static const char *take_url(const struct filter *filter, const char *at)
{
    const size_t scheme = scheme_length(at);
    const size_t len = scheme == 0 ? 0 : url_length(at);
    if (scheme == 0 || len < scheme) {
        return NULL;
    }
    if (may_stay(filter, at, len)) {
        buf_add(filter->out, at, len);
        return at + len;
    }
    return leave_out(filter, at + len);
}

/* Labels with dots between them; the last one goes to *out_last. */
static size_t host_name(const char *at, const char **out_last)
{
    size_t len = label_length(at);
    *out_last = NULL;
    while (len > 0 && at[len] == '.') {
        const size_t label = label_length(at + len + 1);
        if (label == 0) {
            break;
        }
        *out_last = at + len + 1;
        len += 1 + label;
    }
    return len;
}

static bool is_listed(const char *const *list, const char *label, size_t len)
{
    size_t i = 0;
    while (list[i] != NULL && !equals(label, len, list[i])) {
        i++;
    }
    return list[i] != NULL;
}

/* Whether the name before `end`, with its last label, is one of a host and not words without a blank ("pool.House rules"). */
static bool is_domain(const char *at, const char *last, const char *end)
{
    const size_t len = (size_t)(end - last);
    const bool path = *end == '/';
    const bool sentence = last[0] >= 'A' && last[0] <= 'Z' && last[1] >= 'a' && last[1] <= 'z';
    return words_match(at, "www.") != NULL ||
           (is_listed(domains, last, len) && (path || !sentence)) ||
           (is_listed(word_domains, last, len) && path);
}

/* example.com/path without a scheme. */
static const char *take_domain(const struct filter *filter, const char *at)
{
    const char *last = NULL;
    const size_t name = host_name(at, &last);
    if (last == NULL) {
        return NULL;
    }
    size_t len = name;
    if (at[name] != '@' && is_domain(at, last, at + name)) {
        len = url_length(at);
        const size_t host = host_length(at);
        if (!is_own(filter, at, host < len ? host : len)) {
            return leave_out(filter, at + len);
        }
    }
    buf_add(filter->out, at, len);
    return at + len;
}

/* An address of e-mail is none of a page. */
static bool begins_host(const struct filter *filter, const char *at)
{
    return is_label_char(*at) && (at == filter->begin || (!is_label_char(at[-1]) && at[-1] != '@'));
}

/* Anything but a link of markdown. */
static const char *take_plain(const struct filter *filter, const char *at)
{
    const char *end = NULL;
    if (begins_host(filter, at) || *at == '/') {
        end = take_url(filter, at);
        end = end != NULL || *at == '/' ? end : take_domain(filter, at);
    }
    if (end == NULL) { /* within a label nothing begins */
        const size_t label = label_length(at);
        end = at + (label > 0 ? label : 1);
        buf_add(filter->out, at, (size_t)(end - at));
    }
    return end;
}

static const char *take_markdown(const struct filter *filter, const char *at)
{
    struct markdown link;
    const bool image = *at == '!';
    if (!read_markdown(at + image, &link)) {
        return NULL;
    }
    if (!image && may_stay(filter, link.target, link.target_len)) {
        buf_add(filter->out, at, (size_t)(link.end - at));
        return link.end;
    }
    /* A marker that was made a link stays a marker. */
    const bool marker = link.words_len > 0 && strspn(link.words, "0123456789") >= link.words_len;
    buf_str(filter->out, marker ? "[" : "");
    for (const char *word = link.words; word < link.words + link.words_len;) {
        word = take_plain(filter, word);
    }
    buf_str(filter->out, marker ? "]" : "");
    return link.end;
}

static bool is_marked(const char *at)
{
    return *at == '[' || (*at == '!' && at[1] == '[');
}

static const char *take(const struct filter *filter, const char *at)
{
    const char *end = is_marked(at) ? take_markdown(filter, at) : NULL;
    return end != NULL ? end : take_plain(filter, at);
}

void links_filter(struct buf *out, const char *text, const struct strs *own)
{
    const struct filter filter = {out, text, own};
    while (*text != '\0') {
        text = take(&filter, text);
    }
}

/* ---- a text that grows ---- */

static bool markdown_is_open(const char *at)
{
    const char *words_end = at + 1 + strcspn(at + 1, "[]\n");
    if (*words_end != ']' || words_end[1] != '(') {
        return *words_end == '\0' || (*words_end == ']' && words_end[1] == '\0');
    }
    return words_end[2 + strcspn(words_end + 2, ")\n")] == '\0';
}

/* A word that a scheme or a host may go on from. */
static bool word_is_open(const char *at)
{
    const char *last = NULL;
    size_t len = 0;
    while (is_scheme_char(at[len])) {
        len++;
    }
    const size_t slashes = at[len] == ':' ? strspn(at + len + 1, "/") : 0;
    if (at[len] == '\0' || (at[len] == ':' && slashes < 2 && at[len + 1 + slashes] == '\0')) {
        return true;
    }
    const size_t name = host_name(at, &last);
    const bool host = last != NULL && at[name] != '@' && is_domain(at, last, at + name);
    return (host || scheme_length(at) > 0) && at[strcspn(at, url_end)] == '\0';
}

static bool is_open(const struct filter *filter, const char *at)
{
    if (is_marked(at)) {
        return markdown_is_open(at + (*at == '!'));
    }
    if (*at == '!' || (*at == '/' && scheme_length(at) == 0)) {
        return at[1] == '\0' || strcmp(at, "//") == 0;
    }
    if (*at == '/') {
        return at[strcspn(at, url_end)] == '\0';
    }
    return begins_host(filter, at) && word_is_open(at);
}

/* A word that ends the text, or that a full stop follows, is shown: it is no link yet. */
static size_t shown_of_word(const char *at)
{
    const size_t len = label_length(at);
    const size_t stop = at[len] == '.' ? 1 : 0;
    return at[len + stop] == '\0' && !is_listed(beginnings, at, len) ? len : 0;
}

/* Most of a text has no sign of a link: then all is shown up to its last word, from where one may go on. */
static const char *plain_end(const char *at, const char *end)
{
    const char *last = strpbrk(at, signs_of_links) == NULL ? end : at;
    while (last > at && is_label_char(last[-1])) {
        last--;
    }
    return last;
}

/* What was taken from `at` up to `to` is in *out behind its first `before` bytes; of that `word` bytes are shown already. */
static void skip_shown(struct buf *out, size_t before, struct links_shown *shown, size_t taken)
{
    const size_t made = out->len > before ? out->len - before : 0; /* less: blanks before it went */
    const size_t again = shown->word < made ? shown->word : made;
    shown->left_out = shown->left_out || made != taken;
    if (again > 0) {
        memmove(out->data + before, out->data + before + again, made - again);
        out->len -= again;
    }
    shown->word = 0;
}

void links_show(struct buf *out, struct links_shown *shown, const struct links_growing *growing)
{
    const struct filter filter = {out, growing->text, growing->own};
    const char *at = growing->text + shown->at;
    const char *const end = at + strlen(at);
    const char *plain = plain_end(at, end);
    if (plain > at) {
        buf_add(out, at + shown->word, (size_t)(plain - at) - shown->word);
        shown->word = 0;
        at = plain;
    }
    while (at < end && (growing->ended || end - at > HELD_MAX || !is_open(&filter, at))) {
        const size_t before = out->len;
        const char *next = take(&filter, at);
        skip_shown(out, before, shown, (size_t)(next - at));
        at = next;
    }
    const size_t word = shown_of_word(at);
    if (word > shown->word) {
        buf_add(out, at + shown->word, word - shown->word);
        shown->word = word;
    }
    shown->at = (size_t)(at - growing->text);
}
