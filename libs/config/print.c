#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "config/config.h"

static void print_name(FILE *out, const struct field *field)
{
    for (const char *c = field->name; *c != '\0'; c++) {
        fputc(toupper((unsigned char)*c), out);
    }
}

/* A URL in a plain row must not show its password either. */
static void print_text(FILE *out, const char *text)
{
    const char *scheme = strstr(text, "://");
    const char *at = scheme == NULL ? NULL : strrchr(scheme, '@');
    const char *colon = at == NULL ? NULL : memchr(scheme + 3, ':', (size_t)(at - scheme - 3));
    if (colon == NULL) {
        fputs(text, out);
        return;
    }
    fprintf(out, "%.*s:***%s", (int)(colon - text), text, at);
}

static void print_value(FILE *out, const struct field *field, const void *base)
{
    const void *at = (const char *)base + field->offset;
    switch (field->type) {
    case FIELD_TYPE_I64:
        fprintf(out, "%" PRId64, *(const int64_t *)at);
        break;
    case FIELD_TYPE_F64:
        fprintf(out, "%g", *(const double *)at);
        break;
    case FIELD_TYPE_BOOL:
        fputs(*(const bool *)at ? "true" : "false", out);
        break;
    case FIELD_TYPE_STRS: {
        const struct strs *strs = at;
        for (int64_t i = 0; i < strs->count; i++) {
            fprintf(out, "%s%s", i > 0 ? "," : "", strs->items[i]);
        }
        break;
    }
    case FIELD_TYPE_SECRET: {
        const char *secret = *(const char *const *)at;
        fputs(secret != NULL && *secret != '\0' ? "***" : "", out);
        break;
    }
    case FIELD_TYPE_STR:
    case FIELD_TYPE_ENUM:
    case FIELD_TYPE_DATE:
    case FIELD_TYPE_JSON:
    case FIELD_TYPE_TIME:
    case FIELD_TYPE_OBJ:
    case FIELD_TYPE_LIST:
    default: {
        const char *text = *(const char *const *)at;
        print_text(out, text == NULL ? "" : text);
        break;
    }
    }
}

void config_print(FILE *out, const struct config_group *groups, size_t group_count)
{
    for (size_t g = 0; g < group_count; g++) {
        for (size_t f = 0; f < groups[g].count; f++) {
            print_name(out, &groups[g].fields[f]);
            fputc('=', out);
            print_value(out, &groups[g].fields[f], groups[g].out);
            fputc('\n', out);
        }
    }
}

static const char *type_word(const struct field *field)
{
    switch (field->type) {
    case FIELD_TYPE_I64:
        return "integer";
    case FIELD_TYPE_F64:
        return "number";
    case FIELD_TYPE_BOOL:
        return "true or false";
    case FIELD_TYPE_STRS:
        return "comma list";
    case FIELD_TYPE_SECRET:
        return "secret";
    case FIELD_TYPE_ENUM:
        return "one of";
    case FIELD_TYPE_STR:
    case FIELD_TYPE_DATE:
    case FIELD_TYPE_JSON:
    case FIELD_TYPE_TIME:
    case FIELD_TYPE_OBJ:
    case FIELD_TYPE_LIST:
    default:
        return "text";
    }
}

static void print_default(FILE *out, const struct field *field)
{
    if (field->required) {
        fputs("required", out);
    } else if (field->type == FIELD_TYPE_I64) {
        fprintf(out, "%" PRId64, field->dflt);
    } else if (field->type == FIELD_TYPE_F64) {
        fprintf(out, "%g", field->dflt_f64);
    } else if (field->type == FIELD_TYPE_BOOL) {
        fputs(field->dflt != 0 ? "true" : "false", out);
    } else if (field->dflt_text != NULL && *field->dflt_text != '\0') {
        fprintf(out, "`%s`", field->dflt_text);
    }
}

void config_print_markdown(FILE *out, const struct config_group *groups, size_t group_count)
{
    for (size_t g = 0; g < group_count; g++) {
        fprintf(out, "\n## %s\n\n| variable | type | default | meaning |\n|---|---|---|---|\n",
            groups[g].title);
        for (size_t f = 0; f < groups[g].count; f++) {
            const struct field *field = &groups[g].fields[f];
            fputs("| `", out);
            print_name(out, field);
            fprintf(out, "` | %s", type_word(field));
            if (field->min != 0 || field->max != 0) {
                fprintf(out, " %" PRId64 "..%" PRId64, field->min, field->max);
            }
            for (size_t c = 0; field->choices != NULL && field->choices[c] != NULL; c++) {
                fprintf(out, "%s%s", c == 0 ? ": " : ", ", field->choices[c]);
            }
            fputs(" | ", out);
            print_default(out, field);
            fprintf(out, " | %s%s%s |\n", field->doc, field->unit != NULL ? ", in " : "",
                field->unit != NULL ? field->unit : "");
        }
    }
}
