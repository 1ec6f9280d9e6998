/* chat/look_up.h - the first half of an answer: tools chosen and run; for the files of this library only.
 * Waits: look_up. */
#ifndef CHAT_LOOK_UP_H
#define CHAT_LOOK_UP_H

#include "chat/chat_internal.h"

/* Fills results and sources of the run. Fails only when the answer is to end: ERR_CANCELLED. */
err look_up(struct chat_run *run);

#endif
