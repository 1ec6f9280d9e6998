#include "faq/import_rows.h"

#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "faq/admin.h"
#include "faq/csv.h"
#include "faq/import.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define QUESTION_MIN 3

static const char *const row_statuses[] = {
    "draft", "published", "declined", NULL}; /* what is archived is not exported */

static const struct field faq_row_fields[] = {
    [FAQ_ROW_LOCALE] = FIELD_STR(struct faq_row, locale, "Locale"),
    [FAQ_ROW_CATEGORY] =
        FIELD_STR(struct faq_row, category, "Slug of the category", .required = true, .min = 1),
    [FAQ_ROW_QUESTION] = FIELD_STR(struct faq_row, question, "Question", .required = true,
        .min = QUESTION_MIN, .max = 500),
    [FAQ_ROW_ANSWER] = FIELD_STR(struct faq_row, answer, "Answer", .required = true, .max = 8000),
    [FAQ_ROW_TAGS] = FIELD_STRS(struct faq_row, tags, "Tags", .min = 0, .max = FAQ_TAGS_MAX,
        .check = faq_is_tag, .check_text = "must be 1 to 50 characters each, without commas"),
    [FAQ_ROW_VARIANTS] =
        FIELD_STRS(struct faq_row, variants, "Other phrasings", .min = 0, .max = FAQ_VARIANTS_MAX,
            .check = faq_is_variant, .check_text = "must be lines of 3 to 500 characters"),
    FIELD_I64(struct faq_row, position, "Place in its category", .min = -1000000, .max = 1000000),
    FIELD_ENUM(struct faq_row, status, "State", .choices = row_statuses),
};
const struct shape faq_row_shape = {
    .name = "FaqRow",
    .size = sizeof(struct faq_row),
    .fields = faq_row_fields,
    .count = COUNT(faq_row_fields),
    .has_set = true,
    .set_offset = offsetof(struct faq_row, has),
};

static const char *because(struct ctx *ctx, const char *name, const char *why)
{
    return arena_printf(ctx->arena, "%s: %s", name, why);
}

/* What the fields alone cannot say. */
static void finish(struct ctx *ctx, const struct faq_source *source, struct faq_parsed *parsed)
{
    struct faq_row *row = &parsed->row;
    row->question = faq_tidy(ctx, row->question);
    if (utf8_length(row->question, strlen(row->question)) < QUESTION_MIN) {
        parsed->error = because(ctx, "question", "must be at least 3 characters");
    }
    if (row->locale == NULL) {
        row->locale = source->default_locale;
        row->has.present |= 1U << FAQ_ROW_LOCALE;
    }
    for (int64_t i = 0; i < source->locales->count; i++) {
        if (strcmp(source->locales->items[i], row->locale) == 0) {
            return;
        }
    }
    parsed->error = because(ctx, "locale", "is not offered by this product");
}

/* ---- JSON ---- */

static void read_object(struct ctx *ctx, const struct faq_source *source, const struct json *object,
    struct faq_parsed *out)
{
    const err decoded = field_decode(ctx, &faq_row_shape, object, &out->row);
    if (is_ok(decoded)) {
        finish(ctx, source, out);
        return;
    }
    const struct err_field *first = &ctx->error.fields[0];
    out->error = because(ctx, first->field, first->message);
    err_clear(ctx); /* told in the report */
}

static err read_json(struct ctx *ctx, const struct faq_source *source, struct faq_rows *out)
{
    const struct json *list = NULL;
    TRY(json_parse_long(ctx, source->text, source->len, LIMIT_JSON_IMPORT_TOKENS, &list));
    if (json_kind(list) != JSON_KIND_ARRAY) {
        return fail_field(ctx, "body", CODE_VALIDATION_ERROR, "must be a list of entries");
    }
    const size_t count = json_count(list);
    if (count > LIMIT_IMPORT_ROWS) {
        return fail_field(ctx, "body", CODE_VALIDATION_ERROR, "must have at most %d entries",
            LIMIT_IMPORT_ROWS);
    }
    out->items = ARENA_ARRAY(ctx->arena, struct faq_parsed, count);
    for (; (size_t)out->count < count; out->count++) {
        read_object(ctx, source, json_at(list, (size_t)out->count), &out->items[out->count]);
    }
    return OK;
}

/* ---- CSV ---- */

/* Which member each cell of a record is. */
struct header {
    int members[CSV_CELLS_MAX];
    size_t count;
};

static int find_member(const char *name)
{
    for (size_t i = 0; i < faq_row_shape.count; i++) {
        if (strcmp(faq_row_fields[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static err read_header(struct ctx *ctx, struct csv *csv, struct header *out)
{
    struct csv_record record = {0};
    uint64_t seen = 0;
    if (!csv_read(csv, &record) || record.error != NULL) {
        return fail_field(ctx, "header", CODE_VALIDATION_ERROR, "%s",
            record.error == NULL ? "is missing" : record.error);
    }
    err result = OK;
    for (; out->count < record.count; out->count++) {
        const int member = find_member(record.cells[out->count]);
        if (member < 0 || (seen >> member & 1U) != 0) {
            return fail_field(ctx, "header", CODE_VALIDATION_ERROR, "column %zu is %s",
                out->count + 1, member < 0 ? "unknown" : "there twice");
        }
        out->members[out->count] = member;
        seen |= 1U << member;
    }
    for (size_t i = 0; i < faq_row_shape.count; i++) {
        if (faq_row_fields[i].required && (seen >> i & 1U) == 0) {
            result = fail_field(ctx, "header", CODE_VALIDATION_ERROR, "misses the column %s",
                faq_row_fields[i].name);
        }
    }
    return result;
}

/* Items of a cell between separators, without the blanks around them; empty ones are left out. */
static const char *split(struct ctx *ctx, const struct field *field, const char *cell,
    char separator, struct strs *out)
{
    out->items = ARENA_ARRAY(ctx->arena, const char *, (size_t)field->max);
    for (const char *at = cell; at != NULL && *at != '\0';) {
        const char *end = strchr(at, separator);
        const char *item =
            faq_tidy(ctx, end == NULL ? at : arena_strndup(ctx->arena, at, (size_t)(end - at)));
        if (*item != '\0' && out->count == field->max) {
            return "must have fewer items";
        }
        if (*item != '\0' && !field->check(item)) {
            return field->check_text;
        }
        if (*item != '\0') {
            out->items[out->count++] = item;
        }
        at = end == NULL ? NULL : end + 1;
    }
    return NULL;
}

static const char *read_cell(struct ctx *ctx, int member, const char *cell, struct faq_row *row)
{
    const struct field *field = &faq_row_fields[member];
    const char *why = NULL;
    if (member == FAQ_ROW_TAGS) {
        why = split(ctx, field, cell, ',', &row->tags);
    } else if (member == FAQ_ROW_VARIANTS) {
        why = split(ctx, field, cell, '\n', &row->variants);
    } else if (*cell == '\0' && !field->required) {
        return NULL; /* as if the column were not there */
    } else if (field_set_text(ctx, field, row, cell, strlen(cell), &why)) {
        why = NULL;
    }
    row->has.present |= 1U << member;
    return why == NULL ? NULL : because(ctx, field->name, why);
}

static void read_record(struct ctx *ctx, const struct faq_source *source,
    const struct header *header, const struct csv_record *record, struct faq_parsed *out)
{
    out->error = record->error;
    if (out->error == NULL && record->count != header->count) {
        out->error = arena_printf(ctx->arena, "has %zu cells, the header has %zu", record->count,
            header->count);
    }
    for (size_t i = 0; out->error == NULL && i < record->count; i++) {
        out->error = read_cell(ctx, header->members[i], record->cells[i], &out->row);
    }
    if (out->error == NULL) {
        finish(ctx, source, out);
    }
}

static err read_csv(struct ctx *ctx, const struct faq_source *source, struct faq_rows *out)
{
    struct csv csv;
    struct header header = {.count = 0};
    struct csv_record record;
    csv_init(&csv, ctx->arena, source->text, source->len);
    TRY(read_header(ctx, &csv, &header));
    int64_t capacity = 0;
    while (csv_read(&csv, &record)) {
        if (out->count == LIMIT_IMPORT_ROWS) {
            return fail_field(ctx, "body", CODE_VALIDATION_ERROR, "must have at most %d entries",
                LIMIT_IMPORT_ROWS);
        }
        if (out->count == capacity) {
            struct faq_parsed *old = out->items;
            capacity = capacity == 0 ? 64 : 2 * capacity;
            out->items = ARENA_ARRAY(ctx->arena, struct faq_parsed, (size_t)capacity);
            if (out->count > 0) {
                memcpy(out->items, old, (size_t)out->count * sizeof(*old));
            }
        }
        read_record(ctx, source, &header, &record, &out->items[out->count++]);
    }
    return OK;
}

err faq_rows_read(struct ctx *ctx, const struct faq_source *source, struct faq_rows *out)
{
    if (!utf8_is_valid(source->text, source->len)) {
        return fail_field(ctx, "body", CODE_VALIDATION_ERROR, "must be valid UTF-8 without NUL");
    }
    return source->csv ? read_csv(ctx, source, out) : read_json(ctx, source, out);
}
