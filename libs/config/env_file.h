/* config/env_file.h - names and values of the environment and of an env file, before anybody knows their meaning.
 * Owns: text and arrays, in the arena given. */
#ifndef CONFIG_ENV_FILE_H
#define CONFIG_ENV_FILE_H

#include <stddef.h>

struct arena;

struct env_var {
    const char *name; /* upper case */
    const char *value;
};
struct env_vars {
    struct env_var *items; /* of one name the first counts: the environment comes before the file */
    size_t count;
    size_t cap;
    size_t file_start; /* items before come from the environment */
};

/* File syntax: NAME=value, `export`, # comments, 'raw' and "escaped" values that may span lines.
 * path may be NULL. Returns NULL, or what is wrong with the file (with its line). */
const char *env_vars_read(struct arena *arena, const char *const *environ, const char *path,
    struct env_vars *out);
const char *env_vars_get(const struct env_vars *vars, const char *name); /* NULL if absent */

/* Whole file without its last newline (LF or CR LF), at most 64 KiB; NULL if it cannot be read or is larger. */
const char *env_read_file(struct arena *arena, const char *path);

#endif
