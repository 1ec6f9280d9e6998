/* properties/change.h - listings, written: each function is one transaction, audited; the caller reads the result
 * afterwards. Waits: every function (Postgres).
 * Errors: those of db/db.h; ERR_NOT_FOUND for what is not there or not the actor's, ERR_PRECONDITION for another
 *         version than asked for. */
#ifndef PROPERTIES_CHANGE_H
#define PROPERTIES_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct ctx;
struct db;

struct property_actor {
    int64_t user_id;
    bool admin; /* else only what the actor owns (created_by or agent_id) */
    const char *request_id;
};

struct property_draft {
    const char *columns; /* JSON object of table columns */
    const char *locale, *title, *description;
    int64_t price_minor;
    const char *currency, *base_currency;
};
/* ERR_CONFLICT when the slug is taken. */
err properties_create(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    const struct property_draft *draft, int64_t *out_id);

struct property_change {
    int64_t id;
    int64_t if_version;              /* 0 = any; else ERR_PRECONDITION on another */
    const char *columns;             /* merge patch: absent = unchanged, null = no value */
    const char *title, *description; /* in the default locale; NULL = unchanged */
    bool activate;                   /* ERR_INVALID names what a public listing still lacks */
    bool has_price;                  /* price or currency are in columns */
    int64_t price_minor;             /* -1 = unchanged */
    const char *currency;            /* NULL = unchanged */
    const char *base_currency;
};
err properties_change(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    const struct property_change *change);
err properties_archive(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    int64_t id, int64_t if_version);
/* images: JSON array of {url, alt, width, height}, first = cover. */
err properties_put_images(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    int64_t id, int64_t if_version, const char *images);
err properties_put_text(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    int64_t id, const struct property_draft *text);
/* ERR_CONFLICT for the default locale, ERR_NOT_FOUND when there is none. */
err properties_delete_text(struct ctx *ctx, struct db *db, const struct property_actor *actor,
    int64_t id, const char *locale);

#endif
