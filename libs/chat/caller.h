/* chat/caller.h - who asks, as statements want it: the user, and the hash of the session. Sessions are never stored. */
#ifndef CHAT_CALLER_H
#define CHAT_CALLER_H

#include "chat/chat.h"
#include "db/db.h"

struct db_arg caller_user(const struct chat_caller *caller);
struct db_arg caller_session(struct ctx *ctx, const struct chat_caller *caller);

/* A statement that found no row: the conversation is not the caller's. Other results pass. */
err caller_found(struct ctx *ctx, err found);

#endif
