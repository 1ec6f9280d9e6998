/* chat/tool.h - what an answer may look up: one const struct a tool, in a file of its own under tools/. It calls the same
 * domain functions as the routes, with the rights of whoever asks; arguments pass the same checks as a request.
 * Tools only read.
 * Waits:  infer, run. */
#ifndef CHAT_TOOL_H
#define CHAT_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct product_settings; /* core/settings.h */
struct services;

/* On whose behalf; set by the route, never by a model. */
struct chat_asker {
    const struct services *services;
    int64_t user_id; /* 0 = a guest */
    bool staff;      /* sees what agents see */
    const char *locale;
    const char *currency; /* NULL = each price in its own */
};

/* Something of the product's own that an answer can rest on. Text in the arena. */
struct chat_source {
    struct field_set has;
    int64_t n;           /* marker [n] in the answer; 0 until the turn numbers it */
    const char *type;    /* constant: "faq", "property", "calculator", "availability" */
    int64_t id;          /* of the entity; has says whether there is one */
    const char *title;   /* question of the FAQ entry, title of the listing */
    const char *url;     /* on the product's own site; NULL = none */
    const char *snippet; /* at most 300 code points */
    double score;        /* 0..1 */
    const char *text;    /* in full, for the answer; not shown as it is */
};
enum { CHAT_SOURCE_ID = 2 };                 /* row of the id in the shape */
extern const struct shape chat_source_shape; /* what clients see */

struct chat_finding {
    const char *
        json; /* what a model is told: an object of ours, strings escaped; at most CHAT_FINDING_BYTES */
    struct list sources; /* of struct chat_source, best first; empty = no evidence */
    int64_t total;       /* how many there are in all; 0 = not counted */
    bool loose; /* the sources fit what was asked in part only, and the answer has to say so */
};
#define CHAT_FINDING_BYTES 4096
#define CHAT_SNIPPET_POINTS 300

/* How surely a question is for a tool: what is asked clearly is answered first. */
enum chat_asked { CHAT_ASKED_NOT, CHAT_ASKED_PERHAPS, CHAT_ASKED_CLEARLY };

/* An amount among the arguments, in minor units, that is not for a model to make up. */
struct chat_told {
    const char *name;
    bool a_month; /* said of a year, it is the twelfth part */
};

struct chat_tool {
    const char *name;              /* "faq_rag" */
    const char *description;       /* for a model: when to use it */
    const struct shape *arguments; /* of `in` below, keeps a set; a model gets it as JSON Schema */
    bool (*is_on)(const struct product_settings
            *settings);           /* NULL = always; else left out when false */
    bool leads_on;                /* a call of another tool may need what it finds: ids, prices */
    const struct chat_told *told; /* up to one without name; NULL = none */
    /* What a question asks of this tool, told without a model. in: a zeroed struct of .arguments with its defaults; what is
     * filled in is marked as present. NULL: words alone do not say it, that takes a model. */
    err (*infer)(struct ctx *ctx, const struct chat_asker *asker, const char *question, void *in,
        enum chat_asked *out_asked);
    /* ERR_INVALID with the field errors for arguments that the route would refuse. */
    err (*run)(struct ctx *ctx, const struct chat_asker *asker, const void *in,
        struct chat_finding *out);
};

/* NULL: there is none of this name. tools ends with NULL. */
static inline const struct chat_tool *chat_tool_named(const struct chat_tool *const *tools,
    const char *name)
{
    while (*tools != NULL && strcmp((*tools)->name, name) != 0) {
        tools++;
    }
    return *tools;
}

/* Of those that a product lists, what is offered. */
static inline bool chat_tool_is_on(const struct chat_tool *tool,
    const struct product_settings *settings)
{
    return tool->is_on == NULL || tool->is_on(settings);
}

#endif
