/* api/faq.c - questions and answers, for everybody. */
#include "faq/faq.h"

#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "faq/read.h"
#include "http/call.h"

/* ---- search ---- */

struct faq_search_query {
    const char *query, *q;
    int64_t limit;
    const char *category, *locale, *mode;
    bool explain;
};
static const struct field faq_search_query_fields[] = {
    FIELD_STR(struct faq_search_query, query, "What to look for; required, here or as q", .min = 1,
        .max = 500),
    FIELD_STR(struct faq_search_query, q, "Short for query", .min = 1, .max = 500),
    FIELD_I64(struct faq_search_query, limit, "Answers at most; 5 unless configured otherwise",
        .min = 1, .max = 20),
    FIELD_STR(struct faq_search_query, category, "Only this category, by slug", .min = 1,
        .max = 60),
    FIELD_STR(struct faq_search_query, locale,
        "Language of the answers; by default that of the query, as far as its letters tell",
        .max = 8),
    FIELD_ENUM(struct faq_search_query, mode, "What to search with", .choices = faq_modes,
        .dflt_text = "hybrid"),
    FIELD_BOOL(struct faq_search_query, explain,
        "Administrators only: all candidates and their scores, computed afresh"),
};

static err read_text(struct call *call, const struct faq_search_query *in, const char **out)
{
    const char *text = in->query != NULL ? in->query : in->q;
    if (text == NULL) {
        return fail_field(call->ctx, "query", CODE_VALIDATION_ERROR, "is required");
    }
    if (in->query != NULL && in->q != NULL) {
        return fail_field(call->ctx, "q", CODE_VALIDATION_ERROR, "is query again; give one");
    }
    if (input_is_blank(text)) {
        return fail_field(call->ctx, "query", CODE_VALIDATION_ERROR, "must not be blank");
    }
    *out = text;
    return OK;
}

static err search(struct call *call)
{
    const struct faq_search_query *in = call->query;
    struct faq_query query = {.mode = in->mode,
        .category = in->category,
        .limit = in->limit,
        .explain = in->explain,
        .locale = in->locale};
    TRY(read_text(call, in, &query.text));
    TRY(settings_one_of(call->ctx, "locale", in->locale, &call->services->settings->locales));
    if (in->explain && !role_includes(call->principal.role, ROLE_ADMIN)) {
        return fail_public(call->ctx, ERR_FORBIDDEN, /* name= */ NULL, "Admin access required");
    }
    if (query.locale == NULL) {
        query.locale = input_guess_locale(call, query.text);
    }
    struct faq_result result = {0};
    TRY(faq_search(call->ctx, call->services->faq, &query, &result));
    call->raw = result.json;
    call->raw_len = result.len;
    call->raw_type = "application/json";
    return OK;
}

/* ---- browsing ---- */

#define FAQ_SORT "position" /* the one order there is */

struct faq_list_query {
    const char *locale, *category, *tag;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field faq_list_query_fields[] = {
    FIELD_STR(struct faq_list_query, locale, "Language; by default that of Accept-Language",
        .max = 8),
    FIELD_STR(struct faq_list_query, category, "Only this category, by slug", .min = 1, .max = 60),
    FIELD_STR(struct faq_list_query, tag, "Only with this tag", .min = 1, .max = 60),
    PAGE_QUERY_FIELDS(struct faq_list_query),
};

static err read_locale(struct call *call, const char *given, const char **out)
{
    TRY(settings_one_of(call->ctx, "locale", given, &call->services->settings->locales));
    *out = given != NULL ? given : call->locale;
    return OK;
}

static err list(struct call *call)
{
    const struct faq_list_query *in = call->query;
    struct cursor after = {0};
    struct faq_filter filter = {.category = in->category, .tag = in->tag, .limit = in->limit + 1};
    TRY(read_locale(call, in->locale, &filter.locale));
    TRY(cursor_read(call, in->cursor, FAQ_SORT, &after));
    filter.after_key = after.value;
    filter.after_id = after.id;
    struct page *page = &call->page;
    TRY(faq_list(call->ctx, call->services->db, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct faq_item *rows = page->items.items;
        const struct faq_item *last = &rows[page->items.count - 1];
        const struct cursor next = {last->sort_key, last->id};
        page->next_cursor = cursor_write(call, FAQ_SORT, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(faq_count(call->ctx, call->services->db, &filter, &page->total));
    }
    return OK;
}

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    struct faq_item *out = call->out;
    TRY(faq_get(call->ctx, call->services->db, params->id, out));
    call->version = out->version;
    return OK;
}

struct faq_categories_query {
    const char *locale;
};
static const struct field faq_categories_query_fields[] = {
    FIELD_STR(struct faq_categories_query, locale, "Language; by default that of Accept-Language",
        .max = 8),
};

static err categories(struct call *call)
{
    const struct faq_categories_query *in = call->query;
    const char *locale = NULL;
    TRY(read_locale(call, in == NULL ? NULL : in->locale, &locale));
    return faq_categories(call->ctx, call->services->db, locale, &call->page.items);
}

/* ---- votes ---- */

struct faq_feedback_in {
    bool helpful;
    const char *comment, *session_id;
};
static const struct field faq_feedback_in_fields[] = {
    FIELD_BOOL(struct faq_feedback_in, helpful, "Whether the answer helped", .required = true),
    FIELD_STR(struct faq_feedback_in, comment, "What was missing", .nullable = true, .min = 1,
        .max = 1000),
    FIELD_STR(struct faq_feedback_in, session_id,
        "Session of a guest; may also come as X-Session-Id", .nullable = true, .max = 64,
        .check = input_is_session, .check_text = "must be 22 to 64 of A-Z a-z 0-9 _ -"),
};

static err read_session(struct call *call, const char *given, const char **out)
{
    const char *session = given != NULL ? given : call_header(call, "x-session-id");
    if (session == NULL) {
        return fail_field(call->ctx, "session_id", CODE_VALIDATION_ERROR,
            "is required of guests, here or as X-Session-Id");
    }
    if (!input_is_session(session)) {
        return fail_field(call->ctx, "X-Session-Id", CODE_VALIDATION_ERROR,
            "must be 22 to 64 of A-Z a-z 0-9 _ -");
    }
    *out = session;
    return OK;
}

static err feedback(struct call *call)
{
    const struct id_params *params = call->params;
    const struct faq_feedback_in *in = call->in;
    struct faq_vote vote = {.faq_id = params->id,
        .user_id = call->principal.user_id,
        .helpful = in->helpful,
        .comment = in->comment};
    if (vote.user_id == 0) {
        TRY(read_session(call, in->session_id, &vote.session));
    }
    return faq_give_feedback(call->ctx, call->services->db, &vote);
}

#define FAQ_ROW .tag = "FAQ", .feature = FEATURE_FAQ

const struct http_route faq_routes[] = {
    {GET("/faq/search"), FAQ_ROW, .auth = AUTH_PUBLIC, .rate = RATE_FAQ_SEARCH,
        .summary = "Find answers by meaning and by words",
        .description = "An empty list says that the FAQ does not answer the question; it is then "
                       "recorded for the editors.",
        .query = SHAPE(faq_search_query), .out = &faq_reply_shape,
        .errors = {ERR_FORBIDDEN, ERR_TIMEOUT}, .run = search},
    {GET("/faq"), FAQ_ROW, .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT,
        .summary = "Published entries, category by category", .query = SHAPE(faq_list_query),
        .page = true, .out = &faq_item_shape, .run = list},
    {GET("/faq/categories"), FAQ_ROW, .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT,
        .summary = "Categories and how much is in them", .query = SHAPE(faq_categories_query),
        .page = true, .out = &faq_category_shape, .run = categories},
    {GET("/faq/{id}"), FAQ_ROW, .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT,
        .summary = "One published entry", .params = &id_params_shape, .versioned = true,
        .out = &faq_item_shape, .errors = {ERR_NOT_FOUND}, .run = get},
    {POST("/faq/{id}/feedback"), FAQ_ROW, .auth = AUTH_GUEST, .rate = RATE_DEFAULT,
        .summary = "Say whether an answer helped",
        .description =
            "One vote a user or session; another one replaces it. Guests send a session id.",
        .idempotent = true, .params = &id_params_shape, .in = SHAPE(faq_feedback_in),
        .errors = {ERR_NOT_FOUND}, .run = feedback},
    {0},
};
