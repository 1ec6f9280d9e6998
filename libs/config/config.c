#include "config/config.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "config/env_file.h"
#include "core/arena.h"
#include "core/ctx.h"

#define NAME_MAX_BYTES 64
#define TYPO_DISTANCE 2

static void env_name(const struct field *field, char out[NAME_MAX_BYTES])
{
    size_t i = 0;
    for (; field->name[i] != '\0' && i < NAME_MAX_BYTES - 1; i++) {
        out[i] = (char)toupper((unsigned char)field->name[i]);
    }
    out[i] = '\0';
}

bool config_is_reported(const struct config_report *report, const char *name)
{
    const size_t len = strlen(name);
    for (int i = 0; i < report->problem_count; i++) {
        if (strncmp(report->problems[i], name, len) == 0 && report->problems[i][len] == ':') {
            return true;
        }
    }
    return false;
}

void config_problem(struct arena *arena, struct config_report *report, const char *name,
    const char *fmt, ...)
{
    char text[512];
    if (report->problem_count == CONFIG_PROBLEMS_MAX || config_is_reported(report, name)) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    report->problems[report->problem_count++] = arena_printf(arena, "%s: %s", name, text);
}

/* The value of NAME: environment first, then file; for secrets also the content of the file NAME_FILE, which an empty
 * NAME does not hide. */
static const char *find_value(struct arena *arena, const struct env_vars *vars,
    const struct field *field, struct config_report *report)
{
    char name[NAME_MAX_BYTES];
    env_name(field, name);
    const char *value = env_vars_get(vars, name);
    if ((value != NULL && *value != '\0') || field->type != FIELD_TYPE_SECRET) {
        return value;
    }
    const char *path = env_vars_get(vars, arena_printf(arena, "%s_FILE", name));
    if (path == NULL || *path == '\0') {
        return value;
    }
    value = env_read_file(arena, path);
    if (value == NULL) {
        config_problem(arena, report, name, "%s_FILE names a file that cannot be read", name);
    }
    return value;
}

/* "a, b" is how people write lists. */
static const char *trim_items(struct arena *arena, const char *list)
{
    char *out = arena_alloc(arena, strlen(list) + 1);
    size_t len = 0;
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, " \t");
        const size_t item = strcspn(at, ",");
        memcpy(out + len, at, item);
        len += item;
        while (len > 0 && (out[len - 1] == ' ' || out[len - 1] == '\t')) {
            len--;
        }
        at += item;
        if (*at == ',') {
            out[len++] = *at++;
        }
    }
    out[len] = '\0';
    return out;
}

static void load_field(struct ctx *ctx, const struct env_vars *vars, const struct field *field,
    void *out, struct config_report *report)
{
    char name[NAME_MAX_BYTES];
    env_name(field, name);
    const char *value = find_value(ctx->arena, vars, field, report);
    const bool is_text = field->type == FIELD_TYPE_STR || field->type == FIELD_TYPE_SECRET;
    if (value == NULL || (*value == '\0' && (field->required || !is_text))) {
        if (field->required) {
            config_problem(ctx->arena, report, name,
                "is required; set it in the environment or the env file (%s)", field->doc);
        }
        return; /* the default stays */
    }
    const char *why = NULL;
    value = field->type == FIELD_TYPE_STRS ? trim_items(ctx->arena, value) : value;
    if (!field_set_text(ctx, field, out, value, strlen(value), &why)) {
        config_problem(ctx->arena, report, name, "%s (%s)", why, field->doc);
    }
}

/* Levenshtein distance, capped: anything over the limit is "far". */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_BYTES + 1];
    const size_t len_b = strlen(b);
    if (strlen(a) >= NAME_MAX_BYTES || len_b >= NAME_MAX_BYTES) {
        return NAME_MAX_BYTES;
    }
    for (size_t j = 0; j <= len_b; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            const size_t shifted = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = replaced < shifted ? replaced : shifted;
        }
    }
    return row[len_b];
}

/* NULL: the name is known. "": unknown and like no other. Else the known name that was probably meant. */
static const char *probably_meant(struct arena *arena, const struct config_group *groups,
    size_t group_count, const char *given)
{
    const char *near = "";
    for (size_t g = 0; g < group_count; g++) {
        for (size_t f = 0; f < groups[g].count; f++) {
            char name[NAME_MAX_BYTES];
            env_name(&groups[g].fields[f], name);
            const size_t len = strlen(name);
            const bool as_file =
                strncmp(given, name, len) == 0 && strcmp(given + len, "_FILE") == 0;
            if (strcmp(given, name) == 0 || as_file) {
                return NULL;
            }
            if (len > 5 && edit_distance(given, name) <= TYPO_DISTANCE) {
                near = arena_strdup(arena, name);
            }
        }
    }
    return near;
}

static void warn_of_typos(struct arena *arena, const struct env_vars *vars,
    const struct config_group *groups, size_t group_count, struct config_report *report)
{
    for (size_t i = 0; i < vars->count && report->warning_count < CONFIG_PROBLEMS_MAX; i++) {
        const char *name = vars->items[i].name;
        const char *meant = probably_meant(arena, groups, group_count, name);
        if (meant != NULL && *meant == '\0' && i >= vars->file_start) {
            report->unknown = report->unknown == NULL
                                  ? name
                                  : arena_printf(arena, "%s,%s", report->unknown, name);
        } else if (meant != NULL && *meant != '\0') {
            report->warnings[report->warning_count++] =
                arena_printf(arena, "%s: unknown; did you mean %s?", vars->items[i].name, meant);
        }
    }
}

void config_load(struct arena *arena, const struct config_source *source,
    const struct config_group *groups, size_t group_count, struct config_report *report)
{
    struct ctx ctx;
    ctx_init(&ctx, arena, /* clock */ NULL, /* log */ NULL, /* timeout_ms */ 0);
    struct env_vars vars = {0};
    const char *why = env_vars_read(arena, source->environ, source->env_file, &vars);
    if (why != NULL) {
        config_problem(arena, report, source->env_file, "%s", why);
    }
    for (size_t g = 0; g < group_count; g++) {
        const struct shape shape = {.fields = groups[g].fields, .count = groups[g].count};
        field_set_defaults(&ctx, &shape, groups[g].out);
        for (size_t f = 0; f < groups[g].count; f++) {
            load_field(&ctx, &vars, &groups[g].fields[f], groups[g].out, report);
        }
    }
    warn_of_typos(arena, &vars, groups, group_count, report);
}
