/* chat/care.h - what other workers learn of our answers, and we of their wishes; for the files of this library only. */
#ifndef CHAT_CARE_H
#define CHAT_CARE_H

#include "chat/chat_internal.h"

void care_open(struct chat *chat);
void care_close(struct chat *chat);
/* An answer has begun. */
void care_start(struct chat *chat);
/* Ends the waits of whoever works on the answer. */
void care_end_run(struct chat_run *run);

/* Key of part 0, 1, ... of what a run has said: events, whole or broken; a broken one goes on in the next part. */
const char *care_part_key(struct arena *arena, int64_t message_id, int64_t part);

#endif
