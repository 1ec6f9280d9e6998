#include "tools/stay_reason.h"

#include <inttypes.h>
#include <string.h>

#include "bookings/offer.h"
#include "core/arena.h"
#include "core/ctx.h"

const char *stay_reason(struct ctx *ctx, const struct offer *offer, const char *reason)
{
    const struct {
        const char *reason, *before;
        int64_t number; /* 0 = none */
        const char *behind;
    } words[] = {
        {"past_date", "the day of arriving is over", 0, ""},
        {"min_nights", "a stay that begins then has at least ", offer->min_nights, " nights"},
        {"max_nights", "a stay that begins then has at most ", offer->max_nights, " nights"},
        {"too_many_guests", "there is room for at most ", offer->listing.max_guests, " guests"},
        {"closed_to_arrival", "nobody can arrive on that day", 0, ""},
        {"closed_to_departure", "nobody can leave on that day", 0, ""},
        {"dates_unavailable", "some of the nights are taken", 0, ""},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].reason, reason) == 0) {
            return words[i].number == 0 ? words[i].before
                                        : arena_printf(ctx->arena, "%s%" PRId64 "%s",
                                              words[i].before, words[i].number, words[i].behind);
        }
    }
    return reason;
}
