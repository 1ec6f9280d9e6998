#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "chat/model.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/utf8.h"

/* ---- tools of the test's own: what they infer stands in the question ---- */

struct echo_in {
    struct field_set has;
    const char *query;
    int64_t limit;
};
static const struct field echo_in_fields[] = {
    FIELD_STR(struct echo_in, query, "Query", .required = true),
    FIELD_I64(struct echo_in, limit, "Limit", .dflt = 3),
};
static const struct shape echo_shape = {
    .name = "echo",
    .size = sizeof(struct echo_in),
    .fields = echo_in_fields,
    .count = 2,
    .has_set = true,
    .set_offset = offsetof(struct echo_in, has),
};

static enum chat_asked asked_if(const char *question, const char *clearly, const char *perhaps)
{
    return strstr(question, clearly) != NULL   ? CHAT_ASKED_CLEARLY
           : strstr(question, perhaps) != NULL ? CHAT_ASKED_PERHAPS
                                               : CHAT_ASKED_NOT;
}

static err infer_faq(struct ctx *ctx, const struct chat_asker *asker, const char *question,
    void *in, enum chat_asked *out_asked)
{
    struct echo_in *to = in;
    (void)asker;
    if (strstr(question, "faq-fails") != NULL) {
        return fail(ctx, ERR_UNAVAILABLE, "down");
    }
    if (strstr(question, "faq-cancelled") != NULL) {
        return fail(ctx, ERR_CANCELLED, "gone");
    }
    to->query = question;
    to->has.present |= 1;
    *out_asked = asked_if(question, "faq!", "faq?");
    return OK;
}

static err infer_listings(struct ctx *ctx, const struct chat_asker *asker, const char *question,
    void *in, enum chat_asked *out_asked)
{
    (void)ctx;
    (void)asker;
    (void)in;
    *out_asked = asked_if(question, "list!", "list?");
    return OK;
}

static const struct chat_tool faq_tool = {
    .name = "faq_rag", .arguments = &echo_shape, .infer = infer_faq};
static const struct chat_tool listing_tool = {
    .name = "property_search", .arguments = &echo_shape, .infer = infer_listings};
static const struct chat_tool *const tools[] = {&faq_tool, &listing_tool, NULL};

/* ---- a turn ---- */

static struct arena *arena;
static struct ctx ctx;
static struct chat_asker asker;
static struct chat_turn turn;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, &clock_system, NULL, 1000);
    asker = (struct chat_asker){.locale = "en"};
    turn = (struct chat_turn){.asker = &asker, .tools = tools, .question = ""};
}

static void teardown(void)
{
    arena_free(arena);
}

static struct chat_chosen choose(const char *question)
{
    struct chat_chosen chosen;
    turn.question = question;
    ck_assert(is_ok(chat_provider_local.choose(&ctx, NULL, &turn, &chosen)));
    return chosen;
}

START_TEST(tools_are_asked_what_the_question_says)
{
    const struct chat_chosen chosen = choose("faq? \"quoted\"");
    ck_assert_uint_eq(chosen.count, 1);
    ck_assert_str_eq(chosen.calls[0].name, "faq_rag");
    ck_assert_str_eq(chosen.calls[0].arguments, "{\"query\":\"faq? \\\"quoted\\\"\"}");
    ck_assert_str_eq(chosen.usage.model, "local");
    ck_assert(chosen.usage.known);
    ck_assert(chosen.usage.priced);
    ck_assert_int_eq(chosen.usage.cost_microusd, 0);
    ck_assert_int_eq(chosen.usage.first_text_ms, -1);
    ck_assert_uint_eq(choose("nothing").count, 0);
}
END_TEST

START_TEST(what_is_asked_clearly_comes_first)
{
    struct chat_chosen chosen = choose("faq? list?");
    ck_assert_uint_eq(chosen.count, 2);
    ck_assert_str_eq(chosen.calls[0].name, "faq_rag");
    chosen = choose("faq? list!");
    ck_assert_uint_eq(chosen.count, 2);
    ck_assert_str_eq(chosen.calls[0].name, "property_search");
    ck_assert_str_ne(chosen.calls[0].id, chosen.calls[1].id);
}
END_TEST

START_TEST(a_tool_is_run_once)
{
    const struct chat_result results[] = {{.call = {"1", "faq_rag", "{}"}, .status = "empty"}};
    turn.results = results;
    turn.result_count = 1;
    const struct chat_chosen chosen = choose("faq? list?");
    ck_assert_uint_eq(chosen.count, 1);
    ck_assert_str_eq(chosen.calls[0].name, "property_search");
}
END_TEST

START_TEST(a_tool_that_cannot_tell_is_left_out)
{
    const struct chat_chosen chosen = choose("faq-fails list?");
    ck_assert_uint_eq(chosen.count, 1);
    ck_assert_str_eq(chosen.calls[0].name, "property_search");
    struct chat_chosen none;
    turn.question = "faq-cancelled list?";
    ck_assert_int_eq(chat_provider_local.choose(&ctx, NULL, &turn, &none).code, ERR_CANCELLED);
    ck_assert_str_eq(none.usage.model, "local");
}
END_TEST

/* ---- answers ---- */

struct heard {
    struct buf text;
    size_t pieces;
    size_t stop_after; /* 0 = never */
};

static err hear(struct ctx *with, void *arg, const char *text, size_t len)
{
    struct heard *heard = arg;
    ck_assert(utf8_is_valid(text, len));
    buf_add(&heard->text, text, len);
    heard->pieces++;
    return heard->pieces == heard->stop_after ? fail(with, ERR_CANCELLED, "gone") : OK;
}

static const char *answer_pieces(size_t *out_pieces)
{
    struct heard heard = {0};
    buf_init(&heard.text, arena, 1024, 100000);
    const struct chat_sink sink = {hear, &heard};
    struct chat_answered answered;
    ck_assert(is_ok(chat_provider_local.answer(&ctx, NULL, &turn, &sink, &answered)));
    ck_assert_str_eq(answered.finish, "stop");
    ck_assert_str_eq(answered.usage.model, "local");
    ck_assert_int_ge(answered.usage.first_text_ms, 0);
    *out_pieces = heard.pieces;
    return buf_text(&heard.text);
}

static const char *answer(void)
{
    size_t pieces = 0;
    return answer_pieces(&pieces);
}

#define FAQ(number, said)                                                                          \
    {                                                                                              \
        .n = (number), .type = "faq", .id = 7, .title = "Q", .text = (said)                        \
    }
#define LISTING(number, line, address)                                                             \
    {                                                                                              \
        .n = (number), .type = "property", .id = (number), .text = (line), .url = (address)        \
    }

static void set_sources(const struct chat_source *sources, size_t count)
{
    turn.sources = sources;
    turn.source_count = count;
}

START_TEST(the_faq_is_quoted_with_its_source)
{
    const struct chat_source sources[] = {FAQ(1, "Full refund."), FAQ(2, "Something else.")};
    set_sources(sources, 2);
    ck_assert_str_eq(answer(), "Full refund. [1]");
}
END_TEST

START_TEST(listings_have_a_line_each_and_at_most_five)
{
    static struct chat_source sources[] = {LISTING(1, "A - THB 1", "https://s/a"),
        LISTING(2, "B", NULL), LISTING(3, "C", NULL), LISTING(4, "D", NULL), LISTING(5, "E", NULL),
        LISTING(6, "F", NULL)};
    struct chat_result result = {.call = {"1", "property_search", "{}"},
        .status = "ok",
        .finding = {.sources = {sources, 6}, .total = 12}};
    turn.results = &result;
    turn.result_count = 1;
    set_sources(sources, 6);
    ck_assert_str_eq(answer(), "12 listings fit, here are the first:\n- A - THB 1 - https://s/a [1]"
                               "\n- B [2]\n- C [3]\n- D [4]\n- E [5]");
    result.finding.total = 2;
    set_sources(sources, 2);
    ck_assert_str_eq(answer(), "2 listings fit:\n- A - THB 1 - https://s/a [1]\n- B [2]");
    result.finding.total = 1;
    set_sources(sources, 1);
    ck_assert_str_eq(answer(), "One listing fits:\n- A - THB 1 - https://s/a [1]");
    result.finding.loose = true;
    ck_assert_str_eq(answer(),
        "Nothing fits all of that, but these come close:\n- A - THB 1 - https://s/a [1]");
    result.finding = (struct chat_finding){.sources = {sources, 1}};
    ck_assert_str_eq(answer(), "These listings fit:\n- A - THB 1 - https://s/a [1]");
}
END_TEST

START_TEST(what_was_asked_first_leads)
{
    const struct chat_source faq_first[] = {FAQ(1, "Yes."), LISTING(2, "A", NULL)};
    set_sources(faq_first, 2);
    ck_assert_str_eq(answer(), "Yes. [1]\n\nThese listings fit:\n- A [2]");
    const struct chat_source listing_first[] = {LISTING(1, "A", NULL), FAQ(2, "Yes.")};
    set_sources(listing_first, 2);
    ck_assert_str_eq(answer(), "These listings fit:\n- A [1]\n\nYes. [2]");
}
END_TEST

START_TEST(without_sources_it_does_not_know_and_offers_a_hand_off)
{
    ck_assert_ptr_nonnull(strstr(answer(), "I do not know"));
    ck_assert_ptr_nonnull(strstr(answer(), "our team"));
    ck_assert_ptr_null(strchr(answer(), '['));
    const struct chat_result result = {.call = {"1", "property_search", "{}"}, .status = "empty"};
    turn.results = &result;
    turn.result_count = 1;
    ck_assert_ptr_nonnull(strstr(answer(), "any listing"));
    asker.locale = "th";
    ck_assert_ptr_nonnull(strstr(answer(), "ทีมงาน"));
}
END_TEST

START_TEST(text_goes_out_in_pieces_and_always_the_same)
{
    const struct chat_source sources[] = {
        FAQ(1, "Full refund if cancelled 30+ days before check-in. Between 29 and 14 days before "
               "check-in we return 50% of the total.")};
    set_sources(sources, 1);
    size_t pieces = 0, again = 0;
    const char *first = answer_pieces(&pieces);
    ck_assert_uint_gt(pieces, 3);
    ck_assert_str_eq(answer_pieces(&again), first);
    ck_assert_uint_eq(again, pieces);
}
END_TEST

START_TEST(a_listener_who_leaves_ends_the_answer)
{
    const struct chat_source sources[] = {
        FAQ(1, "A sentence that is long enough to be sent in more than one piece.")};
    set_sources(sources, 1);
    struct heard heard = {.stop_after = 1};
    buf_init(&heard.text, arena, 1024, 100000);
    const struct chat_sink sink = {hear, &heard};
    struct chat_answered answered;
    const err sent = chat_provider_local.answer(&ctx, NULL, &turn, &sink, &answered);
    ck_assert_int_eq(sent.code, ERR_CANCELLED);
    ck_assert_uint_eq(heard.pieces, 1);
    ck_assert_str_eq(answered.usage.model, "local");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_local");
    TCase *tests = tcase_create("model_local");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, tools_are_asked_what_the_question_says);
    tcase_add_test(tests, what_is_asked_clearly_comes_first);
    tcase_add_test(tests, a_tool_is_run_once);
    tcase_add_test(tests, a_tool_that_cannot_tell_is_left_out);
    tcase_add_test(tests, the_faq_is_quoted_with_its_source);
    tcase_add_test(tests, listings_have_a_line_each_and_at_most_five);
    tcase_add_test(tests, what_was_asked_first_leads);
    tcase_add_test(tests, without_sources_it_does_not_know_and_offers_a_hand_off);
    tcase_add_test(tests, text_goes_out_in_pieces_and_always_the_same);
    tcase_add_test(tests, a_listener_who_leaves_ends_the_answer);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
