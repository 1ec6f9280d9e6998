/* api/inquiries.c - what visitors want a person to answer: sent by anybody, worked on by staff. */
#include "inquiries/inquiries.h"

#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "api/inquiry_input.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/utf8.h"
#include "http/call.h"

#define NEWEST_FIRST "-id" /* the one order there is */
#define TIME_MAX 100

/* ---- sent ---- */

struct inquiry_in {
    struct field_set has;
    int64_t property_id, conversation_id;
    const char *kind, *name, *email, *phone, *message;
    struct strs preferred_times;
    bool consent;
    const char *website;
};

static bool is_time(const char *text)
{
    return !input_is_blank(text) && utf8_length(text, strlen(text)) <= TIME_MAX;
}

static const struct field inquiry_in_fields[] = {
    FIELD_I64(struct inquiry_in, property_id, "Listing it is about", .nullable = true, .min = 1,
        .max = INT64_MAX),
    FIELD_I64(struct inquiry_in, conversation_id, "Conversation of one's own it came from",
        .nullable = true, .min = 1, .max = INT64_MAX),
    FIELD_ENUM(struct inquiry_in, kind, "What is wanted", .required = true,
        .choices = inquiry_kinds),
    INQUIRY_CONTACT_FIELDS(struct inquiry_in),
    FIELD_STR(struct inquiry_in, message, "In words", .required = true, .max = 4000,
        .check = input_is_said, .check_text = "must not be blank"),
    FIELD_STRS(struct inquiry_in, preferred_times, "When it would suit, in words", .max = 10,
        .check = is_time, .check_text = "must be 1 to 100 characters"),
    FIELD_BOOL(struct inquiry_in, consent, "That one may be answered: true", .required = true),
    FIELD_STR(struct inquiry_in, website, "Leave it empty", .nullable = true),
};

struct inquiry_receipt {
    int64_t id;
    const char *status;
};
static const struct field inquiry_receipt_fields[] = {
    FIELD_I64(struct inquiry_receipt, id, "Id"),
    FIELD_ENUM(struct inquiry_receipt, status, "How far it is", .choices = inquiry_statuses),
};

static err send_it(struct call *call)
{
    const struct inquiry_in *in = call->in;
    struct inquiry_receipt *out = call->out;
    struct inquiry_draft draft = {
        .property_id = in->property_id,
        .conversation_id = in->conversation_id,
        /* People do not see that field: programs fill it in, and learn nothing from the reply. */
        .spam = in->website != NULL && in->website[0] != '\0',
    };
    if (!in->consent) {
        return fail_field(call->ctx, "consent", CODE_VALIDATION_ERROR, "must be true");
    }
    TRY(input_patch(call->ctx, SHAPE_SET(inquiry_in), in, &draft.columns));
    TRY(inquiry_send(call, &draft, &out->id));
    out->status = inquiry_statuses[0];
    return OK;
}

/* ---- handed over by the chat ---- */

struct handoff_in {
    struct field_set has;
    const char *name, *email, *phone, *message, *kind;
    int64_t conversation_id;
};
static const struct field handoff_in_fields[] = {
    INQUIRY_CONTACT_FIELDS(struct handoff_in),
    FIELD_STR(struct handoff_in, message, "What to add to what was said", .nullable = true,
        .max = 4000),
    FIELD_STR(struct handoff_in, kind, "Always handoff"),
    FIELD_I64(struct handoff_in, conversation_id, "That of the path"),
};
enum { HANDOFF_SENT = 4 }; /* rows that a client may send */
static const struct shape handoff_in_shape = {
    .name = "handoff_in",
    .size = sizeof(struct handoff_in),
    .fields = handoff_in_fields,
    .count = HANDOFF_SENT,
    .has_set = true,
    .set_offset = offsetof(struct handoff_in, has),
};

struct handoff_receipt {
    int64_t id;
    const char *status, *kind;
    int64_t conversation_id;
    const char *transcript_url;
};
static const struct field handoff_receipt_fields[] = {
    FIELD_I64(struct handoff_receipt, id, "Id of the inquiry"),
    FIELD_ENUM(struct handoff_receipt, status, "How far it is", .choices = inquiry_statuses),
    FIELD_ENUM(struct handoff_receipt, kind, "What is wanted", .choices = inquiry_kinds),
    FIELD_I64(struct handoff_receipt, conversation_id, "Conversation it came from"),
    FIELD_STR(struct handoff_receipt, transcript_url, "What was said, for the one who said it"),
};

static err hand_off(struct call *call)
{
    const struct id_params *params = call->params;
    struct handoff_in in = *(const struct handoff_in *)call->in;
    struct inquiry_draft draft = {.conversation_id = params->id};
    int64_t id = 0;
    in.kind = "handoff";
    in.conversation_id = params->id;
    in.has.present |= 3ULL << HANDOFF_SENT;
    TRY(input_patch(call->ctx, SHAPE_SET(handoff_in), &in, &draft.columns));
    TRY(inquiry_send(call, &draft, &id));
    *(struct handoff_receipt *)call->out = (struct handoff_receipt){
        .id = id,
        .status = inquiry_statuses[0],
        .kind = in.kind,
        .conversation_id = params->id,
        .transcript_url = inquiry_link(call, "/llm/conversations/", params->id, "/messages"),
    };
    return OK;
}

/* ---- worked on ---- */

static struct inquiry_actor actor_of(const struct call *call)
{
    return (struct inquiry_actor){
        .user_id = call->principal.user_id,
        .admin = call->principal.role == ROLE_ADMIN,
        .request_id = call->ctx->request_id,
    };
}

/* Agents may not read conversations. */
static void link_transcript(struct call *call, struct inquiry *inquiry)
{
    if (call->principal.role == ROLE_ADMIN && inquiry->conversation_id != 0) {
        inquiry->transcript_url =
            inquiry_link(call, "/admin/conversations/", inquiry->conversation_id, "");
    }
}

struct inquiries_query {
    const char *status, *kind;
    int64_t property_id, assigned_to;
    int64_t limit;
    const char *cursor, *count;
};
static const struct field inquiries_query_fields[] = {
    FIELD_ENUM(struct inquiries_query, status, "Only these; by default all but spam",
        .choices = inquiry_statuses),
    FIELD_ENUM(struct inquiries_query, kind, "Only these", .choices = inquiry_kinds),
    FIELD_I64(struct inquiries_query, property_id, "Only about this listing", .min = 1,
        .max = INT64_MAX),
    FIELD_I64(struct inquiries_query, assigned_to, "Only those of this agent", .min = 1,
        .max = INT64_MAX),
    PAGE_QUERY_FIELDS(struct inquiries_query),
};

static err list(struct call *call)
{
    const struct inquiries_query *in = call->query;
    const struct inquiry_actor actor = actor_of(call);
    struct cursor after = {0};
    struct page *page = &call->page;
    TRY(cursor_read(call, in->cursor, NEWEST_FIRST, &after));
    const struct inquiry_filter filter = {
        .status = in->status,
        .kind = in->kind,
        .property_id = in->property_id,
        .assigned_to = in->assigned_to,
        .after_id = after.id,
        .limit = in->limit + 1,
    };
    TRY(inquiries_list(call->ctx, call->services->db, &actor, &filter, &page->items));
    const bool more = input_cut_page(page, in->limit);
    struct inquiry *rows = page->items.items;
    for (int64_t i = 0; i < page->items.count; i++) {
        link_transcript(call, &rows[i]);
    }
    if (more) {
        const struct cursor next = {.id = rows[page->items.count - 1].id};
        page->next_cursor = cursor_write(call, NEWEST_FIRST, &next);
    }
    if (in->count != NULL) {
        page->has_total = true;
        TRY(inquiries_count(call->ctx, call->services->db, &actor, &filter, &page->total));
    }
    return OK;
}

static err get(struct call *call)
{
    const struct id_params *params = call->params;
    const struct inquiry_actor actor = actor_of(call);
    struct inquiry *out = call->out;
    TRY(inquiries_get(call->ctx, call->services->db, &actor, params->id, out));
    link_transcript(call, out);
    call->version = out->version;
    return OK;
}

struct inquiry_patch {
    struct field_set has;
    const char *status;
    int64_t assigned_to;
    const char *note;
};
static const struct field inquiry_patch_fields[] = {
    FIELD_ENUM(struct inquiry_patch, status, "How far it is", .choices = inquiry_statuses),
    FIELD_I64(struct inquiry_patch, assigned_to, "An agent or admin; null = nobody",
        .nullable = true, .min = 1, .max = INT64_MAX),
    FIELD_STR(struct inquiry_patch, note, "Of the staff, for the staff", .nullable = true,
        .max = 4000),
};

static err update(struct call *call)
{
    const struct id_params *params = call->params;
    const struct inquiry_patch *in = call->in;
    const struct inquiry_actor actor = actor_of(call);
    struct inquiry *out = call->out;
    struct inquiry_change change = {
        .id = params->id, .if_version = call->if_match, .assigned_to = in->assigned_to};
    TRY(input_patch(call->ctx, SHAPE_SET(inquiry_patch), in, &change.patch));
    TRY(inquiries_change(call->ctx, call->services->db, &actor, &change, out));
    link_transcript(call, out);
    call->version = out->version;
    return OK;
}

#define STAFF_ROW .tag = "Inquiries", .auth = AUTH_USER, .role = ROLE_AGENT, .rate = RATE_DEFAULT

const struct http_route inquiries_routes[] = {
    {POST("/inquiries"), .tag = "Inquiries", .auth = AUTH_PUBLIC, .rate = RATE_DEFAULT,
        .summary = "Ask for a person's answer",
        .description = "An address may do so a few times an hour. Guests of the chat name their "
                       "session as X-Session-Id.",
        .idempotent = true, .in = SHAPE_SET(inquiry_in), .out = SHAPE(inquiry_receipt),
        .status = 201, .errors = {ERR_NOT_FOUND}, .run = send_it},
    {GET("/inquiries"), STAFF_ROW, .summary = "Inquiries, newest first",
        .description = "Admins see all; agents those about their own listings and those given to "
                       "them.",
        .query = SHAPE(inquiries_query), .page = true, .out = &inquiry_shape, .run = list},
    {GET("/inquiries/{id}"), STAFF_ROW, .summary = "One inquiry", .params = &id_params_shape,
        .versioned = true, .out = &inquiry_shape, .errors = {ERR_NOT_FOUND}, .run = get},
    {PATCH("/inquiries/{id}"), STAFF_ROW, .summary = "Work on an inquiry",
        .params = &id_params_shape, .versioned = true, .in = SHAPE_SET(inquiry_patch),
        .out = &inquiry_shape, .errors = {ERR_NOT_FOUND, ERR_PRECONDITION}, .run = update},
    {POST("/llm/conversations/{id}/handoff"), .tag = "Chat", .feature = FEATURE_CHAT,
        .auth = AUTH_GUEST, .rate = RATE_DEFAULT, .summary = "Hand a conversation over to a person",
        .description = "Sending it is the consent to be answered.", .idempotent = true,
        .params = &id_params_shape, .in = &handoff_in_shape, .out = SHAPE(handoff_receipt),
        .status = 201, .errors = {ERR_NOT_FOUND}, .run = hand_off},
    {0},
};
