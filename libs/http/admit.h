/* http/admit.h - who may come in: rate, authentication, role, idempotency; in the order of dispatch.c.
 * Waits: all of them. */
#ifndef HTTP_ADMIT_H
#define HTTP_ADMIT_H

#include "core/err.h"

struct request;

/* Guests are counted by address before anything else is done for them. */
err admit_rate_of_guests(struct request *request);
/* Reads Authorization as the row's class says; users are counted here, and bad tokens by address. */
err admit_authenticate(struct request *request);
err admit_authorise(struct request *request);
/* Takes the Idempotency-Key, or fills the reply from the one stored (request->replayed). */
err admit_idempotency(struct request *request);
/* Stores the reply, or gives the key back. */
void admit_idempotency_done(struct request *request);

#endif
