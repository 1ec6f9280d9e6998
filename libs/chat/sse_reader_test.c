#include "chat/sse_reader.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/limits.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

/* Data of all events, each in <>, when the text comes in pieces of the given length; "!" = too long. */
static const char *read_in_pieces(const char *text, size_t len, size_t piece)
{
    struct sse_reader reader;
    struct buf got;
    const char *data = NULL;
    size_t data_len = 0;
    sse_reader_init(&reader, arena);
    buf_init(&got, arena, 0, 4 * LIMIT_CHAT_EVENT_BYTES);
    enum sse_got last = SSE_READ_MORE;
    for (size_t at = 0; at < len && last != SSE_READ_TOO_LONG; at += piece) {
        const size_t size = len - at < piece ? len - at : piece;
        char *bytes = malloc(size); /* so that no read passes a piece unseen */
        memcpy(bytes, text + at, size);
        const char *from = bytes;
        while ((last = sse_reader_next(&reader, &from, bytes + size, &data, &data_len)) ==
               SSE_READ_EVENT) {
            ck_assert_int_eq(data[data_len], '\0');
            buf_printf(&got, "<%.*s>", (int)data_len, data);
        }
        free(bytes);
    }
    if (last != SSE_READ_TOO_LONG &&
        (last = sse_reader_end(&reader, &data, &data_len)) == SSE_READ_EVENT) {
        buf_printf(&got, "<%.*s>", (int)data_len, data);
    }
    buf_str(&got, last == SSE_READ_TOO_LONG ? "!" : "");
    return buf_text(&got);
}

static const struct {
    const char *text, *events;
} streams[] = {
    {"data: a\n\ndata: b\n\n", "<a><b>"},
    {"data: a\r\n\r\ndata: b\r\n\r\n", "<a><b>"},
    {"data: a\r\rdata: b\r\r", "<a><b>"},
    {"data: a\r\n\ndata: b\n\r\n", "<a><b>"},
    {"data:a\n\ndata:  b\n\n", "<a>< b>"},
    {"data: a\ndata: b\n\n", "<a\nb>"},
    {"data: a\ndata\ndata:\ndata: b\n\n", "<a\n\n\nb>"},
    {"data\n\n", "<>"},
    {": PROCESSING\n\n: more\n\ndata: a\n: inside\n\n", "<a>"},
    {"event: error\nid: 7\nretry: 10\ndata: a\n\n", "<a>"},
    {"\n\n\n\ndata: a\n\n\n\n", "<a>"},
    {"database: x\ndat: y\nDATA: z\n\n", ""},
    {"data: a\n\ndata: b", "<a><b>"},
    {"data: a\n\ndata: b\n", "<a><b>"},
    {"\xEF\xBB\xBF"
     "data: a\n\n\xEF\xBB\xBF"
     "data: b\n\n",
        "<a>"},
    {"<html>\n<body>nothing</body>\n</html>", ""},
    {"{\"error\":{\"message\":\"no\"}}", ""},
    {"data: \xE0\xB8\x81\xE0\xB8\x82\n\n", "<\xE0\xB8\x81\xE0\xB8\x82>"},
    {"", ""},
};

START_TEST(events_do_not_depend_on_how_bytes_come)
{
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        const size_t len = strlen(streams[i].text);
        for (size_t piece = 1; piece <= len + 1; piece++) {
            ck_assert_str_eq(read_in_pieces(streams[i].text, len, piece), streams[i].events);
        }
    }
}
END_TEST

/* An event whose data and framing are `size` bytes long while it is read. */
static const char *long_event(const char *begin, size_t size, const char *end, size_t *out_len)
{
    *out_len = strlen(begin) + size + strlen(end);
    char *text = arena_alloc(arena, *out_len + 1);
    memset(text, 'x', *out_len);
    memcpy(text, begin, strlen(begin));
    memcpy(text + *out_len - strlen(end), end, strlen(end));
    return text;
}

START_TEST(a_line_may_be_so_long_and_no_longer)
{
    size_t len = 0;
    const size_t most = LIMIT_CHAT_EVENT_BYTES - strlen("data: ");
    const char *fits = long_event("data: ", most, "\n\n", &len);
    ck_assert_uint_eq(strlen(read_in_pieces(fits, len, 1000)), most + 2);
    const char *over = long_event("data: ", most + 1, "\n\n", &len);
    ck_assert_str_eq(read_in_pieces(over, len, 1000), "!");
    const char *comment = long_event(": ", LIMIT_CHAT_EVENT_BYTES, "\n\n", &len);
    ck_assert_str_eq(read_in_pieces(comment, len, 4096), "!");
    const char *huge = long_event("data: a\n\ndata: ", 10 << 20, "\n\n", &len);
    ck_assert_str_eq(read_in_pieces(huge, len, 16384), "<a>!");
}
END_TEST

START_TEST(an_event_of_many_lines_is_as_long_as_one_of_one)
{
    struct buf text;
    buf_init(&text, arena, 0, 1 << 20);
    for (int i = 0; i < LIMIT_CHAT_EVENT_BYTES / 64 + 2; i++) {
        buf_printf(&text, "data: %063d\n", i);
    }
    buf_str(&text, "\n");
    ck_assert_str_eq(read_in_pieces(text.data, text.len, 512), "!");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sse_reader");
    TCase *tcase = tcase_create("sse_reader");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, events_do_not_depend_on_how_bytes_come);
    tcase_add_test(tcase, a_line_may_be_so_long_and_no_longer);
    tcase_add_test(tcase, an_event_of_many_lines_is_as_long_as_one_of_one);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
