/* chat/record.h - a finished answer as chat_finish.sql wants it, or as a reply without a row shows it; for the files of this library only. Pure. */
#ifndef CHAT_RECORD_H
#define CHAT_RECORD_H

#include "chat/chat_internal.h"

/* JSON in the run's arena. */
const char *record_answer(struct chat_run *run);
const char *record_sources(const struct chat_run *run); /* of chat_source_shape */
const char *record_calls(const struct chat_run *run);
const char *record_usage(const struct chat_run *run);

/* One call of a service; version 0 = of none. */
void record_spent(struct buf *json, const struct chat_spent *spent, int64_t prompt_version);

void record_sum(const struct chat_run *run, struct chat_usage_out *out);
/* As chat_reply.sql would show them. */
const char *record_calls_shown(const struct chat_run *run);

#endif
