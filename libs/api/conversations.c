/* api/conversations.c - what was said: listed, read, renamed, deleted, voted on; claimed by who signs in. */
#include "chat/conversations.h"

#include <string.h>

#include "api/api.h"
#include "api/chat_input.h"
#include "api/input.h"
#include "core/codes.h"
#include "core/services.h"
#include "http/call.h"

#define LATEST_FIRST "-last_message_at" /* the one order there is */
#define NEWEST_FIRST "-id"

struct conversations_query {
    const char *q;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field conversations_query_fields[] = {
    FIELD_STR(struct conversations_query, q, "Part of the title", .min = 1, .max = 100),
    PAGE_QUERY_FIELDS(struct conversations_query),
};

static err list(struct call *call)
{
    const struct conversations_query *in = call->query;
    struct chat_caller caller;
    struct cursor after = {0};
    struct page *page = &call->page;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    TRY(cursor_read(call, in->cursor, LATEST_FIRST, &after));
    const struct conversation_filter filter = {in->q, after.value, after.id, in->limit + 1};
    struct db *db = call->services->db;
    TRY(conversations_list(call->ctx, db, &caller, &filter, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct conversation *rows = page->items.items;
        const struct conversation *last = &rows[page->items.count - 1];
        const struct cursor next = {last->sort_key, last->id};
        page->next_cursor = cursor_write(call, LATEST_FIRST, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(conversations_count(call->ctx, db, &caller, in->q, &page->total));
    }
    return OK;
}

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    struct chat_caller caller;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    return conversations_get(call->ctx, call->services->db, &caller, params->id, call->out);
}

struct conversation_patch {
    const char *title;
};
static const struct field conversation_patch_fields[] = {
    FIELD_STR(struct conversation_patch, title, "New title", .required = true, .min = 1,
        .max = 120),
};

static err rename_it(struct call *call)
{
    const struct id_params *params = call->params;
    const struct conversation_patch *in = call->in;
    struct chat_caller caller;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    if (input_is_blank(in->title)) {
        return fail_field(call->ctx, "title", CODE_VALIDATION_ERROR, "must not be blank");
    }
    return conversations_rename(call->ctx, call->services->db, &caller, params->id, in->title,
        call->out);
}

static err delete_it(struct call *call)
{
    const struct id_params *params = call->params;
    struct chat_caller caller;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    return conversations_delete(call->ctx, call->services->db, &caller, params->id);
}

static err delete_all(struct call *call)
{
    struct chat_caller caller;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    return conversations_delete_all(call->ctx, call->services->db, &caller);
}

struct messages_query {
    int64_t limit;
    const char *cursor, *count;
};
static const struct field messages_query_fields[] = {PAGE_QUERY_FIELDS(struct messages_query)};

/* The newest page first, each in the order in which it was said. */
static void turn_around(struct list *messages)
{
    struct chat_message_out *rows = messages->items;
    for (int64_t i = 0; i < messages->count / 2; i++) {
        const struct chat_message_out swapped = rows[i];
        rows[i] = rows[messages->count - 1 - i];
        rows[messages->count - 1 - i] = swapped;
    }
}

static err messages(struct call *call)
{
    const struct id_params *params = call->params;
    const struct messages_query *in = call->query;
    struct chat_caller caller;
    struct conversation conversation;
    struct cursor after = {0};
    struct page *page = &call->page;
    struct db *db = call->services->db;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    TRY(cursor_read(call, in->cursor, NEWEST_FIRST, &after));
    TRY(conversations_get(call->ctx, db, &caller, params->id, &conversation));
    TRY(conversations_messages(call->ctx, db, params->id, after.id, in->limit + 1, &page->items));
    if (input_cut_page(page, in->limit)) {
        const struct chat_message_out *rows = page->items.items;
        const struct cursor next = {.id = rows[page->items.count - 1].id};
        page->next_cursor = cursor_write(call, NEWEST_FIRST, &next);
    }
    turn_around(&page->items);
    if (in->count != NULL) {
        page->has_total = true;
        TRY(conversations_messages_count(call->ctx, db, params->id, &page->total));
    }
    return OK;
}

/* ---- votes ---- */

static const char *const ratings[] = {"up", "down", NULL};

struct vote_in {
    const char *rating, *reason, *comment;
};
static const struct field vote_in_fields[] = {
    FIELD_ENUM(struct vote_in, rating, "Whether the answer helped", .required = true,
        .choices = ratings),
    FIELD_ENUM(struct vote_in, reason, "What was wrong with it", .nullable = true,
        .choices = chat_vote_reasons),
    FIELD_STR(struct vote_in, comment, "In words", .nullable = true, .min = 1, .max = 1000),
};

static err vote(struct call *call)
{
    const struct id_params *params = call->params;
    const struct vote_in *in = call->in;
    struct vote_in *out = call->out;
    struct chat_caller caller;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    const struct chat_vote given = {
        params->id, strcmp(in->rating, ratings[0]) == 0, in->reason, in->comment};
    TRY(conversations_vote(call->ctx, call->services->db, &caller, &given));
    *out = *in;
    return OK;
}

static err unvote(struct call *call)
{
    const struct id_params *params = call->params;
    struct chat_caller caller;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    return conversations_unvote(call->ctx, call->services->db, &caller, params->id);
}

/* ---- after signing in ---- */

struct claim_in {
    const char *session_id;
};
static const struct field claim_in_fields[] = {
    FIELD_STR(struct claim_in, session_id, "Session that the guest had", .required = true,
        .max = 64, .check = input_is_session, .check_text = "must be 22 to 64 of A-Z a-z 0-9 _ -"),
};
static const struct field claimed_fields[] = {
    FIELD_I64(struct claimed, conversations, "Conversations that are the user's now"),
    FIELD_I64(struct claimed, inquiries, "Inquiries that are the user's now"),
};

static err claim(struct call *call)
{
    const struct claim_in *in = call->in;
    return conversations_claim(call->ctx, call->services->db, call->principal.user_id,
        in->session_id, call->out);
}

#define CHAT_ROW .tag = "Chat", .feature = FEATURE_CHAT, .auth = AUTH_GUEST, .rate = RATE_DEFAULT

const struct http_route conversations_routes[] = {
    {GET("/llm/conversations"), CHAT_ROW, .summary = "One's own conversations, latest first",
        .query = SHAPE(conversations_query), .page = true, .out = &conversation_shape, .run = list},
    {DELETE("/llm/conversations"), CHAT_ROW, .summary = "Delete all of one's own conversations",
        .run = delete_all},
    {GET("/llm/conversations/{id}"), CHAT_ROW, .summary = "One conversation",
        .params = &id_params_shape, .out = &conversation_shape, .errors = {ERR_NOT_FOUND},
        .run = get},
    {PATCH("/llm/conversations/{id}"), CHAT_ROW, .summary = "Rename a conversation",
        .params = &id_params_shape, .in = SHAPE(conversation_patch), .out = &conversation_shape,
        .errors = {ERR_NOT_FOUND}, .run = rename_it},
    {DELETE("/llm/conversations/{id}"), CHAT_ROW, .summary = "Delete a conversation for good",
        .params = &id_params_shape, .errors = {ERR_NOT_FOUND}, .run = delete_it},
    {GET("/llm/conversations/{id}/messages"), CHAT_ROW,
        .summary = "What was said, the newest page first", .params = &id_params_shape,
        .query = SHAPE(messages_query), .page = true, .out = &chat_message_shape,
        .errors = {ERR_NOT_FOUND}, .run = messages},
    {PUT("/llm/messages/{id}/feedback"), CHAT_ROW, .summary = "Vote on an answer",
        .params = &id_params_shape, .in = SHAPE(vote_in), .out = SHAPE(vote_in),
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = vote},
    {DELETE("/llm/messages/{id}/feedback"), CHAT_ROW, .summary = "Take a vote back",
        .params = &id_params_shape, .errors = {ERR_NOT_FOUND}, .run = unvote},
    {POST("/users/me/claim"), .tag = "Users", .feature = FEATURE_CHAT, .auth = AUTH_USER,
        .rate = RATE_DEFAULT, .summary = "Take over what one began as a guest",
        .description = "The session has no power over it afterwards. Repeated, it is nothing "
                       "more; 404: nobody has used the session.",
        .idempotent = true, .in = SHAPE(claim_in), .out = SHAPE(claimed), .errors = {ERR_NOT_FOUND},
        .run = claim},
    {0},
};
