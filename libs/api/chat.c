/* api/chat.c - questions and their answers, at once or as they are written. */
#include "chat/chat.h"

#include <inttypes.h>
#include <string.h>

#include "api/api.h"
#include "api/chat_input.h"
#include "api/input.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/services.h"
#include "core/settings.h"
#include "http/call.h"
#include "http/stream.h"

struct chat_context {
    int64_t property_id;
};
static const struct field chat_context_fields[] = {
    FIELD_I64(struct chat_context, property_id, "The listing that is being looked at", .min = 0,
        .max = INT64_MAX),
};

struct chat_in {
    const char *content, *session_id;
    int64_t conversation_id;
    bool new_conversation, stream;
    const char *locale;
    struct chat_context context;
};
static const struct field chat_in_fields[] = {
    FIELD_STR(struct chat_in, content, "The question", .required = true, .min = 1, .max = 4000),
    FIELD_STR(struct chat_in, session_id,
        "Session of a guest, as a reply gave it; may also come as X-Session-Id", .nullable = true,
        .max = 64, .check = input_is_session, .check_text = "must be 22 to 64 of A-Z a-z 0-9 _ -"),
    FIELD_I64(struct chat_in, conversation_id, "Where to go on; by default the latest conversation",
        .nullable = true, .min = 1, .max = INT64_MAX),
    FIELD_BOOL(struct chat_in, new_conversation, "Begin a new conversation"),
    FIELD_BOOL(struct chat_in, stream,
        "Reply with server-sent events; `Accept: text/event-stream` does the same"),
    FIELD_STR(struct chat_in, locale,
        "Language of the answer; by default that of the question, as far as its letters tell",
        .nullable = true, .max = 8),
    FIELD_OBJ(struct chat_in, context, chat_context, "Where the question was asked",
        .nullable = true, .shape = SHAPE(chat_context)),
};

/* ---- streams ---- */

struct listening {
    struct stream *stream;
    struct chat_listener *listener;
};

static ssize_t read_events(void *arg, char *out, size_t room)
{
    const struct listening *listening = arg;
    return chat_listener_read(listening->listener, out, room);
}

static void stop_listening(void *arg)
{
    const struct listening *listening = arg;
    chat_listener_close(listening->listener);
}

static void wake(void *arg)
{
    const struct listening *listening = arg;
    stream_wake(listening->stream);
}

/* The run is held by its listener from here on. */
static err stream_run(struct call *call, struct chat_run *run, const char *after)
{
    struct arena *arena = call->ctx->arena;
    struct listening *listening = ARENA_NEW(arena, struct listening);
    const struct stream_source source = {read_events, stop_listening, listening};
    listening->listener = chat_listen(arena, run, after, wake, listening);
    listening->stream = stream_open(call, &source);
    chat_release(run);
    return OK;
}

static void release_run(void *run)
{
    chat_release(run);
}

/* The reply's texts live in the run: it stays as long as the request. */
static err reply_with(struct call *call, struct chat_run *run)
{
    arena_defer(call->ctx->arena, release_run, run);
    return chat_wait(call->ctx, run, call->out);
}

static bool wants_stream(const struct call *call, bool asked)
{
    const char *accept = call_header(call, "accept");
    return asked || (accept != NULL && strstr(accept, "text/event-stream") != NULL);
}

/* ---- who asks ---- */

static err read_asker(struct call *call, const char *locale, struct chat_asker *out)
{
    const struct product_settings *settings = call->services->settings;
    TRY(settings_one_of(call->ctx, "locale", locale, &settings->locales));
    *out = (struct chat_asker){
        .services = call->services,
        .user_id = call->principal.user_id,
        .staff = role_includes(call->principal.role, ROLE_AGENT),
        .locale = locale,
    };
    return OK;
}

/* ---- a repeat of a stream ---- */

/* What is kept of one, for the same Idempotency-Key. */
struct place {
    int64_t conversation_id, message_id;
    const char *session_id;
};
static const struct field place_fields[] = {
    FIELD_I64(struct place, conversation_id, "Conversation"),
    FIELD_I64(struct place, message_id, "Answer"),
    FIELD_STR(struct place, session_id, "Session that it was asked in", .nullable = true),
};

static void keep_place(struct call *call, const struct chat_run *run, const char *session_id)
{
    struct place place = {.session_id = session_id};
    struct buf text;
    chat_run_place(run, &place.conversation_id, &place.message_id);
    buf_init(&text, call->ctx->arena, 256, LIMIT_BODY_BYTES);
    field_encode(&text, SHAPE(place), &place);
    call->keep = buf_text(&text);
}

/* Heard as it is written, or its end. */
static err repeat(struct call *call)
{
    struct place place;
    struct chat_question question = {0};
    struct chat_run *run = NULL;
    TRY(field_scan(call->ctx, SHAPE(place), call->repeated, strlen(call->repeated), &place));
    TRY(read_asker(call, call->locale, &question.asker));
    TRY(chat_caller_read(call, place.session_id, &question.caller));
    question.conversation_id = place.conversation_id;
    question.session_id = place.session_id == NULL ? "" : place.session_id;
    question.remaining_today = chat_rate_left(call, &question.caller);
    const char *after = arena_printf(call->ctx->arena, "%" PRId64 ".0", place.message_id);
    TRY(chat_follow(call->ctx, call->services->chat, &question, after, &run));
    return run != NULL ? stream_run(call, run, after)
                       : fail(call->ctx, ERR_NOT_FOUND, "the answer was deleted");
}

static err answer_with(struct call *call, struct chat_run *run, const char *session_id, bool stream)
{
    if (!wants_stream(call, stream)) {
        return reply_with(call, run);
    }
    keep_place(call, run, session_id);
    return stream_run(call, run, NULL);
}

/* ---- questions ---- */

/* Who asks is known: what is told back with the answer, and whether one more is allowed. */
static err admit(struct call *call, const char *session_id, struct chat_question *question)
{
    TRY(chat_caller_read(call, session_id, &question->caller));
    TRY(chat_rate_take(call, &question->caller, &question->remaining_today));
    if (question->caller.session == NULL) {
        question->caller.session = chat_session_mint(call);
    }
    question->session_id = question->caller.session;
    return OK;
}

static err ask(struct call *call)
{
    const struct chat_in *in = call->in;
    struct chat_question question = {
        .content = in->content,
        .conversation_id = in->conversation_id,
        .new_conversation = in->new_conversation,
        .property_id = in->context.property_id,
    };
    if (call->repeated != NULL) {
        return repeat(call);
    }
    if (input_is_blank(in->content)) {
        return fail_field(call->ctx, "content", CODE_VALIDATION_ERROR, "must not be blank");
    }
    TRY(read_asker(call, in->locale, &question.asker));
    if (in->locale == NULL) {
        question.asker.locale = input_guess_locale(call, in->content);
    }
    TRY(admit(call, in->session_id, &question));
    struct chat_run *run = NULL;
    TRY(chat_ask(call->ctx, call->services->chat, &question, &run));
    return answer_with(call, run, question.session_id, in->stream);
}

struct regenerate_in {
    const char *session_id;
    bool stream;
};
static const struct field regenerate_in_fields[] = {
    FIELD_STR(struct regenerate_in, session_id, "Session of a guest; may also come as X-Session-Id",
        .nullable = true, .max = 64, .check = input_is_session,
        .check_text = "must be 22 to 64 of A-Z a-z 0-9 _ -"),
    FIELD_BOOL(struct regenerate_in, stream, "Reply with server-sent events"),
};

static err regenerate(struct call *call)
{
    const struct id_params *params = call->params;
    const struct regenerate_in *in = call->in;
    struct chat_question question = {0};
    struct chat_run *run = NULL;
    if (call->repeated != NULL) {
        return repeat(call);
    }
    TRY(read_asker(call, call->locale, &question.asker));
    TRY(admit(call, in->session_id, &question));
    TRY(chat_ask_again(call->ctx, call->services->chat, &question, params->id, &run));
    return answer_with(call, run, question.session_id, in->stream);
}

/* ---- while an answer is written ---- */

static err stop(struct call *call)
{
    const struct id_params *params = call->params;
    struct chat_caller caller;
    TRY(chat_caller_read(call, /* given */ NULL, &caller));
    TRY(chat_stop(call->ctx, call->services->chat, &caller, params->id));
    call->status = 202;
    return OK;
}

static err follow(struct call *call)
{
    const struct id_params *params = call->params;
    struct chat_question question = {.conversation_id = params->id};
    const char *after = call_header(call, "last-event-id");
    struct chat_run *run = NULL;
    TRY(read_asker(call, call->locale, &question.asker));
    TRY(chat_caller_read(call, /* given */ NULL, &question.caller));
    question.session_id = question.caller.session == NULL ? "" : question.caller.session;
    question.remaining_today = chat_rate_left(call, &question.caller);
    TRY(chat_follow(call->ctx, call->services->chat, &question, after, &run));
    if (run == NULL) {
        call->status = 204;
        return OK;
    }
    return stream_run(call, run, after);
}

#define CHAT_ROW .tag = "Chat", .feature = FEATURE_CHAT, .auth = AUTH_GUEST, .rate = RATE_DEFAULT

const struct http_route chat_routes[] = {
    {POST("/llm/chat"), CHAT_ROW, .summary = "Ask a question",
        .description =
            "Answered from the product's own FAQ and listings, with their sources; "
            "`no_evidence` says that they do not tell. An answer is finished and stored also when "
            "the client leaves. Events of a stream: start, tool, sources, delta, replace, usage, "
            "done, error.",
        .in = SHAPE(chat_in), .out = &chat_response_shape, .streams = true, .idempotent = true,
        .timeout_ms = LIMIT_CHAT_REQUEST_MS,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_UPSTREAM, ERR_TIMEOUT}, .run = ask},
    {POST("/llm/messages/{id}/regenerate"), CHAT_ROW, .summary = "Answer the last question again",
        .description = "The answer before is kept, but no longer part of the conversation.",
        .params = &id_params_shape, .in = SHAPE(regenerate_in), .out = &chat_response_shape,
        .streams = true, .idempotent = true, .timeout_ms = LIMIT_CHAT_REQUEST_MS,
        .errors = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_UPSTREAM, ERR_TIMEOUT}, .run = regenerate},
    {POST("/llm/conversations/{id}/stop"), CHAT_ROW, .summary = "Stop the running answer",
        .description = "What there is of it is kept.", .params = &id_params_shape, .status = 202,
        .idempotent = true, .errors = {ERR_NOT_FOUND, ERR_CONFLICT}, .run = stop},
    {GET("/llm/conversations/{id}/stream"), CHAT_ROW, .summary = "Hear the running answer",
        .description = "From its beginning, or after `Last-Event-ID`; 204 when none is written.",
        .params = &id_params_shape, .streams = true, .errors = {ERR_NOT_FOUND}, .run = follow},
    {0},
};
