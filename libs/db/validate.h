/* db/validate.h - whether two databases hold the same: tables, rows, where sequences stand. Only reads.
 * Blocking: for a sub-command, never on a loop.
 * Errors: ERR_UNAVAILABLE (no connection), ERR_INTERNAL (a table that the role may not read). */
#ifndef DB_VALIDATE_H
#define DB_VALIDATE_H

#include <stdbool.h>

#include "core/err.h"

struct ctx;

/* How one table or sequence of the source compares. Texts are in the ctx's arena. */
struct validate_line {
    const char *kind; /* "table" or "sequence" */
    const char *name; /* with its schema */
    bool differs;
    const char *from, *to; /* "12 rows, <checksum>", "at 12", "none" */
};

struct validate_report {
    void (*tell)(void *arg, const struct validate_line *line);
    void *arg;
    int lines, differences; /* counted while telling */
};

/* Columns that only `to` has, and what generated columns hold, are not compared. Where `to` has more migrations, it may
 * also have tables of its own, and further rows in the tables that migrations write to. */
err validate_databases(struct ctx *ctx, const char *from_url, const char *to_url,
    struct validate_report *report);

#endif
