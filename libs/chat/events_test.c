#include "chat/events.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

static struct arena *arena;
static struct events events;
static char out[4096];

static void setup(void)
{
    arena = arena_new(/* pool */ NULL);
    events_init(&events, arena, /* message_id */ 7);
}

static void teardown(void)
{
    arena_free(arena);
}

static size_t add(const char *data)
{
    const size_t before = events.bytes;
    events_add(&events, "note", data, strlen(data));
    return events.bytes - before;
}

START_TEST(what_does_not_fit_whole_comes_next_time)
{
    const size_t first = add("{\"a\":1}");
    const size_t second = add("{\"b\":2}");
    struct events_reader reader = {.events = &events};
    ck_assert_int_eq(events_read_whole(&reader, out, first + second - 1), (ssize_t)first);
    ck_assert(strncmp(out, "id: 7.1\n", 8) == 0);
    ck_assert(strncmp(out + first - 2, "\n\n", 2) == 0);
    ck_assert_int_eq(events_read_whole(&reader, out, sizeof(out)), (ssize_t)second);
    ck_assert(strncmp(out, "id: 7.2\n", 8) == 0);
    ck_assert_int_eq(events_read_whole(&reader, out, sizeof(out)), 0);
    events_end(&events);
    ck_assert_int_eq(events_read_whole(&reader, out, sizeof(out)), -1);
}
END_TEST

START_TEST(what_fits_comes_at_once)
{
    const size_t both = add("{\"a\":1}") + add("{\"b\":2}");
    struct events_reader reader = {.events = &events};
    ck_assert_int_eq(events_read_whole(&reader, out, both), (ssize_t)both);
}
END_TEST

START_TEST(an_event_longer_than_the_room_comes_in_parts)
{
    const size_t all = add("{\"long\":\"0123456789012345678901234567890123456789\"}");
    struct events_reader reader = {.events = &events};
    size_t got = 0;
    for (ssize_t part = 0; (part = events_read_whole(&reader, out + got, 16)) > 0;) {
        got += (size_t)part;
    }
    ck_assert_uint_eq(got, all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events");
    TCase *tcase = tcase_create("events");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_does_not_fit_whole_comes_next_time);
    tcase_add_test(tcase, what_fits_comes_at_once);
    tcase_add_test(tcase, an_event_longer_than_the_room_comes_in_parts);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
