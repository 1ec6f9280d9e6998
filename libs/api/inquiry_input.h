/* api/inquiry_input.h - what the routes that make an inquiry share: who sends it, how often they may, where its transcript is. */
#ifndef API_INQUIRY_INPUT_H
#define API_INQUIRY_INPUT_H

#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "inquiries/inquiries.h"

struct call;

/* Rows of everybody who wants an answer; members name, email, phone. */
#define INQUIRY_CONTACT_FIELDS(s)                                                                  \
    FIELD_STR(s, name, "Whom to answer", .required = true, .max = 120, .check = input_is_said,     \
        .check_text = "must not be blank"),                                                        \
        FIELD_STR(s, email, "Where to answer", .required = true, .max = 254,                       \
            .check = input_is_email, .check_text = "must be an e-mail address"),                   \
        FIELD_STR(s, phone, "Where to call, like +66 2 123 4567", .nullable = true, .max = 32,     \
            .check = input_is_phone, .check_text = "must be a phone number with country code")

/* Makes an inquiry of the caller, if they have not made too many; draft is complete. Waits: Redis, Postgres. */
err inquiry_send(struct call *call, const struct inquiry_draft *draft, int64_t *out_id);

/* Path of this API, in the arena. */
const char *inquiry_link(struct call *call, const char *before, int64_t id, const char *behind);

#endif
