/* chat/mend.h - the last look at an answer before it is stored; for the files of this library only.
 * Waits: mend_answer, when a model is asked to put its answer right. */
#ifndef CHAT_MEND_H
#define CHAT_MEND_H

#include "chat/chat_internal.h"

/* Fills run->content with the text as it may stay; tells listeners when that is another than they have read. */
err mend_answer(struct chat_run *run);
/* The same for an answer that was ended early, by its reader or by a failure: nobody is asked to put it right. Never waits. */
void mend_ended(struct chat_run *run);
/* The event that puts a text in place of all that listeners have read. */
void mend_tell(struct chat_run *run, const char *content);

#endif
