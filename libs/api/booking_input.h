/* api/booking_input.h - what the routes about stays share: who acts, and the key that quotes are signed with. */
#ifndef API_BOOKING_INPUT_H
#define API_BOOKING_INPUT_H

#include "bookings/rates.h"
#include "bookings/token.h"

struct call;

struct booking_actor booking_actor_of(const struct call *call);
/* Borrowed from the server. */
struct quote_key booking_quote_key(const struct call *call);

#endif
