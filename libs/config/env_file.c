#include "config/env_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"

#define FILE_MAX_BYTES 65536
#define VARS_FIRST_CAP 64

static void add_var(struct arena *arena, struct env_vars *vars, const char *name, size_t name_len,
    const char *value)
{
    if (vars->count == vars->cap) {
        const size_t cap = vars->cap == 0 ? VARS_FIRST_CAP : vars->cap * 2;
        struct env_var *items = ARENA_ARRAY(arena, struct env_var, cap);
        if (vars->count > 0) {
            memcpy(items, vars->items, vars->count * sizeof(*items));
        }
        vars->items = items;
        vars->cap = cap;
    }
    char *upper = arena_strndup(arena, name, name_len);
    for (char *c = upper; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    vars->items[vars->count++] = (struct env_var){upper, value};
}

const char *env_vars_get(const struct env_vars *vars, const char *name)
{
    for (size_t i = 0; i < vars->count; i++) {
        if (strcmp(vars->items[i].name, name) == 0) {
            return vars->items[i].value;
        }
    }
    return NULL;
}

const char *env_read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    char *text = arena_alloc(arena, FILE_MAX_BYTES + 2);
    size_t len = fread(text, 1, FILE_MAX_BYTES + 1, file);
    const bool bad = ferror(file) != 0 || len > FILE_MAX_BYTES || strlen(text) != len;
    fclose(file);
    if (bad) {
        return NULL;
    }
    if (len > 0 && text[len - 1] == '\n') {
        text[--len] = '\0';
        text[len - (len > 0 && text[len - 1] == '\r')] = '\0';
    }
    return text;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r') {
        at++;
    }
    return at;
}

/* at stands behind the opening quote; returns the place behind the closing one, NULL if there is none. */
static const char *read_quoted(struct arena *arena, const char *at, char quote, const char **out)
{
    char *value = arena_alloc(arena, strlen(at) + 1);
    char *end = value;
    for (; *at != quote; at++) {
        if (*at == '\0') {
            return NULL;
        }
        if (*at == '\\' && quote == '"' && at[1] != '\0') {
            at++;
            *end++ = *at == 'n' ? '\n' : *at;
        } else {
            *end++ = *at;
        }
    }
    *out = value;
    return at + 1;
}

/* An unquoted value ends at the line's end or at " #". */
static const char *read_bare(struct arena *arena, const char *at, const char **out)
{
    const char *end = at;
    while (*end != '\0' && *end != '\n' &&
           !(*end == '#' && end > at && isblank((unsigned char)end[-1]))) {
        end++;
    }
    size_t len = (size_t)(end - at);
    while (len > 0 && isspace((unsigned char)at[len - 1])) {
        len--;
    }
    *out = arena_strndup(arena, at, len);
    return end;
}

/* One NAME=value at the start of a line; returns the place behind the value, NULL if it is malformed. */
static const char *read_assignment(struct arena *arena, const char *at, struct env_vars *vars)
{
    if (strncmp(at, "export", 6) == 0 && isblank((unsigned char)at[6])) {
        at = skip_blanks(at + 6);
    }
    const char *name = at;
    while (isalnum((unsigned char)*at) || *at == '_') {
        at++;
    }
    const size_t name_len = (size_t)(at - name);
    at = skip_blanks(at);
    if (name_len == 0 || *at != '=') {
        return NULL;
    }
    at = skip_blanks(at + 1);
    const char *value = "";
    const char *end = *at == '"' || *at == '\'' ? read_quoted(arena, at + 1, *at, &value)
                                                : read_bare(arena, at, &value);
    if (end != NULL) {
        add_var(arena, vars, name, name_len, value);
    }
    return end;
}

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++) {
        line += *text == '\n';
    }
    return line;
}

static const char *read_text(struct arena *arena, const char *text, struct env_vars *vars)
{
    const char *at = text;
    while (*(at = skip_blanks(at)) != '\0') {
        if (*at != '\n' && *at != '#') {
            const char *end = read_assignment(arena, at, vars);
            if (end == NULL) {
                return arena_printf(arena, "line %d is not NAME=value", line_of(text, at));
            }
            at = skip_blanks(end);
            if (*at != '\0' && *at != '\n' && *at != '#') {
                return arena_printf(arena, "line %d has text behind the value", line_of(text, at));
            }
        }
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return NULL;
}

const char *env_vars_read(struct arena *arena, const char *const *environ, const char *path,
    struct env_vars *out)
{
    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++) {
        const char *equals = strchr(environ[i], '=');
        if (equals != NULL) {
            add_var(arena, out, environ[i], (size_t)(equals - environ[i]), equals + 1);
        }
    }
    out->file_start = out->count;
    if (path == NULL) {
        return NULL;
    }
    const char *text = env_read_file(arena, path);
    return text == NULL ? "cannot be read (missing, larger than 64 KiB, or not text)"
                        : read_text(arena, text, out);
}
