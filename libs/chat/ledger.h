/* chat/ledger.h - calls of a service that belong to no answer, those for vectors: written into the ledger of the chat's costs
 * while nobody waits for it.
 * Owns:   calls that are not yet written; LEDGER_MAX at most, what comes then is lost with a line in the log. Those of a process
 *         that dies are lost too.
 * Waits:  ledger_settle, ledger_write. */
#ifndef CHAT_LEDGER_H
#define CHAT_LEDGER_H

#include <stdint.h>

#include "core/err.h"

struct ctx;
struct db;
struct embed_spent;
struct ledger;
struct log;
struct loop;

#define LEDGER_MAX 256

/* All borrowed. */
struct ledger *ledger_open(struct db *db, struct loop *loop, struct log *log);
void ledger_close(struct ledger *ledger); /* after its last fiber */

/* As embedder_options.spent; ledger is a struct ledger. */
void ledger_note_vectors(void *ledger, const struct embed_spent *spent);

/* Writes them at once: a JSON array of record_spent, for a user (0 = nobody), in place of a reservation (0 = none). Waits. */
err ledger_write(struct ctx *ctx, struct db *db, const char *calls, int64_t user_id,
    int64_t reservation_id);

/* Until all is written, at most until the ctx deadline. */
err ledger_settle(struct ctx *ctx, struct ledger *ledger);

#endif
