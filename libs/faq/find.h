/* faq/find.h - from a query to a reply: kept in this worker, kept in Redis, or computed, once a worker however many ask.
 * For the files of this library only.
 * Waits: find_reply, find_compute. */
#ifndef FAQ_FIND_H
#define FAQ_FIND_H

#include "faq/faq_internal.h"
#include "faq/kept.h"

struct search {
    struct faq *faq;
    struct faq_query query; /* with its limit */
    const char *text;       /* normalised */
    const char *key;        /* in the worker; begins with the version */
    int64_t version;
    bool refresh; /* nobody waits: what is kept is not good enough */
    bool locked;  /* others wait for what we make */
    bool done;    /* out is filled */
    struct faq_result *out;
    struct faq_ranked ranked; /* only when it was computed here */
    char digest[KEPT_DIGEST_LEN + 1];
};

err find_reply(struct ctx *ctx, struct search *search);
/* Without looking for one that is kept, and without keeping it. */
err find_compute(struct ctx *ctx, struct search *search);
err find_print(struct ctx *ctx, const struct faq_ranked *ranked, bool cached, int64_t took_ms,
    struct faq_result *out);
/* What stands for the query in the log. */
void find_digest(struct search *search);

#endif
