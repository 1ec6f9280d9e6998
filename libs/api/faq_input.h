/* api/faq_input.h - what the admin routes of the FAQ take and give, shared by their files. */
#ifndef API_FAQ_INPUT_H
#define API_FAQ_INPUT_H

#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "faq/admin.h"

struct call;

struct faq_in {
    struct field_set has;
    const char *question, *answer;
    int64_t category_id;
    const char *locale;
    struct strs tags, variants;
    const char *status;
    int64_t position;
};
extern const struct shape faq_create_shape, faq_patch_shape;
#define FAQ_IN_LOCALE_BIT (1U << 3)

extern const struct shape faq_category_create_shape, faq_category_patch_shape;

struct faq_job {
    int64_t job_id;
};
extern const struct shape faq_job_shape;

struct faq_actor faq_input_actor(const struct call *call);

/* Columns for faq_create and faq_change; tidies the question. ERR_INVALID: locale, nothing named. */
err faq_input_columns(struct call *call, const struct shape *shape, struct faq_in *in,
    const char **out);
/* The same for call->in of a category. */
err faq_input_category(struct call *call, const struct shape *shape, const char **out);

/* LIKE pattern for text that contains q literally; arena. */
const char *faq_input_pattern(struct call *call, const char *q);

/* Replies 202 with the job. */
err faq_input_reply_job(struct call *call, int64_t job);
/* Replies with the entry. */
err faq_input_reply(struct call *call, int64_t id);

#endif
