/* config/config.h - settings: environment and env file -> typed, checked, immutable structs, by field rows.
 * Loaded once by the master; every problem is reported at once; workers inherit the result.
 * Owns: all text, in the arena given. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/err.h"
#include "core/field.h"

struct arena;

/* One group = one struct of a library and its rows. The environment name is the upper-cased field name;
 * every SECRET row may also come as NAME_FILE (a path whose content is the value). */
struct config_group {
    const char *title; /* heading in docs/config.md: "Database" */
    const struct field *fields;
    size_t count;
    void *out; /* the struct, filled by config_load */
};

struct config_source {
    const char *const *environ; /* "NAME=value", NULL-terminated; wins over the file */
    const char *env_file;       /* path or NULL */
};

#define CONFIG_PROBLEMS_MAX 128 /* more than there are settings */
struct config_report {
    const char *problems
        [CONFIG_PROBLEMS_MAX]; /* "NAME: what is wrong; how to mend it"; never holds a secret */
    int problem_count;
    const char *warnings[CONFIG_PROBLEMS_MAX]; /* unknown names close to a known one */
    int warning_count;
    const char *unknown; /* names of the file that are like none of ours, "A,B"; NULL = none */
};

/* Reads both sources once, fills every group, applies defaults. Problems are collected, not returned:
 * the caller adds its own cross-checks with config_problem and refuses to start if any is there. Of one name the
 * first problem is reported: what follows from it would only hide it. */
void config_load(struct arena *arena, const struct config_source *source,
    const struct config_group *groups, size_t group_count, struct config_report *report);
void config_problem(struct arena *arena, struct config_report *report, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
bool config_is_reported(const struct config_report *report, const char *name);

/* NAME=value lines of all groups with secrets and URL passwords as ***. */
void config_print(FILE *out, const struct config_group *groups, size_t group_count);
/* docs/config.md: a table per group. */
void config_print_markdown(FILE *out, const struct config_group *groups, size_t group_count);

#endif
