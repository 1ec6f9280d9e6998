/* chat/diff.h - what changed between two texts, line by line, as a unified diff with three lines around each change.
 * Pure; texts that differ in more than about a thousand lines are shown as replaced altogether. */
#ifndef CHAT_DIFF_H
#define CHAT_DIFF_H

struct arena;

/* In the arena; "" when both are the same. names: of the two texts, for the head. */
const char *diff_unified(struct arena *arena, const char *a, const char *b,
    const char *const names[2]);

#endif
