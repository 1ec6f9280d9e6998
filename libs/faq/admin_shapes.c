/* faq/admin_shapes.c - what admins see: one description for rows, replies and the API document. */
#include <stddef.h>
#include <string.h>

#include "core/utf8.h"
#include "faq/admin.h"
#include "faq/admin_shapes.h"
#include "faq/gap_admin.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *const faq_statuses[] = {"draft", "published", "declined", "archived", NULL};
const char *const faq_gap_statuses[] = {"open", "resolved", "dismissed", NULL};
static const char *const embedding_choices[] = {"ready", "pending", "failed", NULL};

static bool is_line(const char *text, size_t min, size_t max)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return false;
        }
    }
    const size_t bytes = strlen(text);
    const size_t len = utf8_length(text, bytes);
    return len >= min && len <= max && text[0] != ' ' && text[bytes - 1] != ' ';
}

bool faq_is_variant(const char *text)
{
    return is_line(text, 3, 500);
}

bool faq_is_tag(const char *text)
{
    return is_line(text, 1, 50) && strchr(text, ',') == NULL;
}

struct faq_admin_category {
    int64_t id;
    const char *slug, *name;
};
static const struct field faq_admin_category_fields[] = {
    FIELD_I64(struct faq_admin_category, id, "Id"),
    FIELD_STR(struct faq_admin_category, slug, "Name in addresses"),
    FIELD_STR(struct faq_admin_category, name, "Name in the locale of the entry"),
};
struct faq_embedding {
    const char *status, *model;
    int64_t updated_at;
};
static const struct field faq_embedding_fields[] = {
    FIELD_ENUM(struct faq_embedding, status,
        "ready, pending (a job will do it) or failed (see the jobs)", .choices = embedding_choices),
    FIELD_STR(struct faq_embedding, model, "Model in use"),
    FIELD_TIME(struct faq_embedding, updated_at, "Newest vector", .nullable = true),
};
struct faq_version {
    int64_t version;
    const char *question, *answer;
    int64_t changed_by, changed_at;
};
static const struct field faq_version_fields[] = {
    FIELD_I64(struct faq_version, version, "Version"),
    FIELD_STR(struct faq_version, question, "Question then"),
    FIELD_STR(struct faq_version, answer, "Answer then"),
    FIELD_I64(struct faq_version, changed_by, "User who wrote it", .nullable = true),
    FIELD_TIME(struct faq_version, changed_at, "When"),
};
struct faq_warning {
    int64_t faq_id;
    const char *question;
    double similarity;
};
static const struct field faq_warning_fields[] = {
    FIELD_I64(struct faq_warning, faq_id, "Entry that says nearly the same"),
    FIELD_STR(struct faq_warning, question, "Its question"),
    FIELD_F64(struct faq_warning, similarity, "Cosine, over 0.93"),
};
const struct shape faq_warning_shape = {
    .name = "FaqWarning",
    .size = sizeof(struct faq_warning),
    .fields = faq_warning_fields,
    .count = COUNT(faq_warning_fields),
};

#define TEXT_FIELDS                                                                                \
    FIELD_I64(struct faq_admin, id, "Id"), FIELD_STR(struct faq_admin, question, "Question"),      \
        FIELD_STR(struct faq_admin, answer, "Answer; may be empty in a draft"),                    \
        FIELD_JSON(struct faq_admin, category, "Category", .shape = SHAPE(faq_admin_category)),    \
        FIELD_STR(struct faq_admin, locale, "Locale"), FIELD_STRS(struct faq_admin, tags, "Tags")
#define STATE_FIELDS                                                                               \
    FIELD_ENUM(struct faq_admin, status, "State", .choices = faq_statuses),                        \
        FIELD_I64(struct faq_admin, position, "Place in its category"),                            \
        FIELD_I64(struct faq_admin, helpful_count, "Votes for it"),                                \
        FIELD_I64(struct faq_admin, not_helpful_count, "Votes against it"),                        \
        FIELD_JSON(struct faq_admin, embedding, "How its vectors are; null when archived",         \
            .nullable = true, .shape = SHAPE(faq_embedding))
#define TIME_FIELDS                                                                                \
    FIELD_I64(struct faq_admin, updated_by, "User who changed it last", .nullable = true),         \
        FIELD_TIME(struct faq_admin, published_at, "First published", .nullable = true),           \
        FIELD_TIME(struct faq_admin, created_at, "Created"),                                       \
        FIELD_TIME(struct faq_admin, updated_at, "Last change"),                                   \
        FIELD_I64(struct faq_admin, version, "Counts on with every change")
#define LONG_FIELDS                                                                                \
    FIELD_STRS(struct faq_admin, variants, "Other phrasings of the question"),                     \
        FIELD_JSON(struct faq_admin, versions, "The last 20 versions, newest first", .list = true, \
            .shape = SHAPE(faq_version))
#define ADMIN_SHAPE(name_, rows)                                                                   \
    {                                                                                              \
        .name = (name_), .size = sizeof(struct faq_admin), .fields = (rows), .count = COUNT(rows), \
        .has_set = true, .set_offset = offsetof(struct faq_admin, has)                             \
    }

static const struct field faq_admin_fields[] = {
    TEXT_FIELDS,
    LONG_FIELDS,
    STATE_FIELDS,
    TIME_FIELDS,
    FIELD_JSON(struct faq_admin, warnings, "Entries that say nearly the same", .list = true,
        .shape = &faq_warning_shape),
};
const struct shape faq_admin_shape = ADMIN_SHAPE("FaqAdmin", faq_admin_fields);

static const struct field faq_admin_row_fields[] = {
    TEXT_FIELDS, LONG_FIELDS, STATE_FIELDS, TIME_FIELDS};
const struct shape faq_admin_row_shape = ADMIN_SHAPE("faq_admin_row", faq_admin_row_fields);

static const struct field faq_admin_list_fields[] = {TEXT_FIELDS, STATE_FIELDS, TIME_FIELDS};
const struct shape faq_admin_list_shape = ADMIN_SHAPE("FaqAdminSummary", faq_admin_list_fields);

static const struct field faq_admin_list_row_fields[] = {
    TEXT_FIELDS,
    STATE_FIELDS,
    TIME_FIELDS,
    FIELD_STR(struct faq_admin, sort_key, "Sort key of the row"),
};
const struct shape faq_admin_list_row_shape =
    ADMIN_SHAPE("faq_admin_list_row", faq_admin_list_row_fields);

static const struct field faq_category_row_fields[] = {
    FIELD_I64(struct faq_category_row, id, "Id"),
    FIELD_STR(struct faq_category_row, slug, "Name in addresses"),
    FIELD_JSON(struct faq_category_row, name, "Name by locale"),
    FIELD_I64(struct faq_category_row, position, "Place in the list"),
    FIELD_TIME(struct faq_category_row, created_at, "Created"),
    FIELD_TIME(struct faq_category_row, updated_at, "Last change"),
    FIELD_I64(struct faq_category_row, version, "Counts on with every change"),
};
const struct shape faq_category_row_shape = {
    .name = "FaqCategoryAdmin",
    .size = sizeof(struct faq_category_row),
    .fields = faq_category_row_fields,
    .count = COUNT(faq_category_row_fields),
};

struct faq_best {
    int64_t id;
    const char *question;
    double score;
};
static const struct field faq_best_fields[] = {
    FIELD_I64(struct faq_best, id, "Entry that came nearest"),
    FIELD_STR(struct faq_best, question, "Its question"),
    FIELD_F64(struct faq_best, score, "How near", .nullable = true),
};
struct faq_example {
    const char *question, *source;
    int64_t at;
};
static const char *const source_choices[] = {"search", "chat", NULL};
static const struct field faq_example_fields[] = {
    FIELD_STR(struct faq_example, question, "As it was asked"),
    FIELD_ENUM(struct faq_example, source, "Where", .choices = source_choices),
    FIELD_TIME(struct faq_example, at, "When"),
};

#define GAP_FIELDS                                                                                 \
    FIELD_I64(struct faq_gap, id, "Id"), FIELD_STR(struct faq_gap, locale, "Locale"),              \
        FIELD_STR(struct faq_gap, sample_question, "One of the questions"),                        \
        FIELD_I64(struct faq_gap, count, "How often it was asked"),                                \
        FIELD_ENUM(struct faq_gap, status, "State", .choices = faq_gap_statuses),                  \
        FIELD_JSON(struct faq_gap, best_faq, "What came nearest", .nullable = true,                \
            .shape = SHAPE(faq_best)),                                                             \
        FIELD_JSON(struct faq_gap, examples, "Up to 20 of the questions, newest first",            \
            .list = true, .shape = SHAPE(faq_example)),                                            \
        FIELD_I64(struct faq_gap, resolved_faq_id, "Entry that answers it", .nullable = true),     \
        FIELD_TIME(struct faq_gap, first_seen_at, "First asked"),                                  \
        FIELD_TIME(struct faq_gap, last_seen_at, "Last asked")
#define GAP_SHAPE(name_, rows)                                                                     \
    {                                                                                              \
        .name = (name_), .size = sizeof(struct faq_gap), .fields = (rows), .count = COUNT(rows),   \
        .has_set = true, .set_offset = offsetof(struct faq_gap, has)                               \
    }
static const struct field faq_gap_fields[] = {GAP_FIELDS};
const struct shape faq_gap_shape = GAP_SHAPE("FaqGap", faq_gap_fields);
static const struct field faq_gap_row_fields[] = {
    GAP_FIELDS, FIELD_STR(struct faq_gap, sort_key, "Sort key of the row")};
const struct shape faq_gap_row_shape = GAP_SHAPE("faq_gap_row", faq_gap_row_fields);

static const struct field faq_replay_fields[] = {
    FIELD_I64(struct faq_replay, answered,
        "Stored questions that a search answers with the entry now"),
    FIELD_I64(struct faq_replay, of, "Stored questions"),
};
const struct shape faq_replay_shape = {
    .name = "FaqReplay",
    .size = sizeof(struct faq_replay),
    .fields = faq_replay_fields,
    .count = COUNT(faq_replay_fields),
};
