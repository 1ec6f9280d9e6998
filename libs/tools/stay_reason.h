/* tools/stay_reason.h - why a stay cannot be had, in words. In the arena. */
#ifndef TOOLS_STAY_REASON_H
#define TOOLS_STAY_REASON_H

struct ctx;
struct offer;

/* reason: one of offer->reasons. */
const char *stay_reason(struct ctx *ctx, const struct offer *offer, const char *reason);

#endif
