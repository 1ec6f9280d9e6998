/* api/chat_input.h - what the chat routes need to read: who asks, and how often they may. */
#ifndef API_CHAT_INPUT_H
#define API_CHAT_INPUT_H

#include "chat/chat.h"
#include "core/err.h"

struct call;

/* given: session of the body, NULL = that of X-Session-Id. A caller without any has session NULL. */
err chat_caller_read(struct call *call, const char *given, struct chat_caller *out);
/* A new capability, in the arena. */
const char *chat_session_mint(struct call *call);
/* One more question of this caller. Waits: Redis. */
err chat_rate_take(struct call *call, const struct chat_caller *caller, int64_t *out_remaining);
/* Questions that this caller may still ask today. Waits: Redis. */
int64_t chat_rate_left(struct call *call, const struct chat_caller *caller);

#endif
