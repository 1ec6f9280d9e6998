#include "net/loop.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

/* What callbacks saw, in order, as text. */
struct notes {
    struct loop *loop;
    struct loop_watch *watch;
    struct loop_timer *timer;
    int fd;
    char text[64];
    size_t len;
    int count;
    unsigned events;
};

static void note(struct notes *notes, char letter)
{
    ck_assert_uint_lt(notes->len + 1, sizeof(notes->text));
    notes->text[notes->len++] = letter;
}

static void stop_timer_fn(void *arg)
{
    loop_stop(arg);
}

static void run_for(struct loop *loop, int64_t ms)
{
    struct loop_timer *timer = loop_timer_new(loop, stop_timer_fn, loop);
    loop_timer_start(timer, ms, /* repeat_ms: */ 0);
    loop_run(loop);
    loop_timer_free(timer);
}

static void count_timer(void *arg)
{
    struct notes *notes = arg;
    notes->count++;
}

START_TEST(one_shot_timer_fires_once_and_never_early)
{
    struct loop *loop = loop_new();
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    run_for(loop, 20);
    ck_assert_int_ge(clock_monotonic_ns(&clock_system) - begin_ns, 20 * 1000000);

    struct notes notes = {0};
    struct loop_timer *timer = loop_timer_new(loop, count_timer, &notes);
    loop_timer_start(timer, 1, /* repeat_ms: */ 0);
    run_for(loop, 30);
    ck_assert_int_eq(notes.count, 1);
    loop_timer_start(timer, 0, /* repeat_ms: */ 0);
    run_for(loop, 10);
    ck_assert_int_eq(notes.count, 2);
    loop_free(loop);
}
END_TEST

START_TEST(repeating_timer_repeats_until_it_is_stopped)
{
    struct loop *loop = loop_new();
    struct notes notes = {0};
    struct loop_timer *timer = loop_timer_new(loop, count_timer, &notes);
    loop_timer_start(timer, 1, /* repeat_ms: */ 2);
    run_for(loop, 50);
    ck_assert_int_ge(notes.count, 5);
    loop_timer_stop(timer);
    const int before = notes.count;
    run_for(loop, 20);
    ck_assert_int_eq(notes.count, before);
    loop_timer_free(timer);
    loop_timer_free(/* timer: */ NULL);
    loop_free(loop);
}
END_TEST

static void note_events(void *arg, unsigned events)
{
    struct notes *notes = arg;
    notes->events |= events;
    notes->count++;
    if (notes->count == 3) {
        loop_stop(notes->loop);
    }
}

START_TEST(watch_is_level_triggered_and_can_pause)
{
    struct loop *loop = loop_new();
    int fds[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    struct notes notes = {.loop = loop};
    struct loop_watch *watch = loop_watch_open(loop, fds[0], LOOP_READ, note_events, &notes);
    ck_assert_ptr_nonnull(watch);
    ck_assert_int_eq(write(fds[1], "x", 1), 1);
    loop_run(loop); /* nobody reads: reported three times */
    ck_assert_int_eq(notes.count, 3);
    ck_assert_uint_eq(notes.events, LOOP_READ);

    loop_watch_set(watch, 0);
    run_for(loop, 10);
    ck_assert_int_eq(notes.count, 3);

    notes = (struct notes){.loop = loop};
    loop_watch_set(watch, LOOP_READ | LOOP_WRITE);
    loop_run(loop);
    ck_assert_uint_eq(notes.events, LOOP_READ | LOOP_WRITE);

    loop_watch_close(watch);
    notes.count = 0;
    run_for(loop, 10);
    ck_assert_int_eq(notes.count, 0);
    loop_watch_close(/* watch: */ NULL);
    loop_free(loop);
    close(fds[0]);
    close(fds[1]);
}
END_TEST

START_TEST(hang_up_reports_every_event_again_and_again)
{
    struct loop *loop = loop_new();
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    close(fds[0]); /* writing to the other end is an error now */
    struct notes notes = {.loop = loop};
    ck_assert_ptr_nonnull(loop_watch_open(loop, fds[1], LOOP_READ | LOOP_WRITE, note_events,
        &notes));
    loop_run(loop);
    ck_assert_int_eq(notes.count, 3);
    ck_assert_uint_eq(notes.events, LOOP_READ | LOOP_WRITE);
    loop_free(loop);
    close(fds[1]);
}
END_TEST

static void close_own_watch(void *arg, unsigned events)
{
    struct notes *notes = arg;
    (void)events;
    notes->count++;
    loop_watch_close(notes->watch);
}

START_TEST(watch_may_close_itself_on_an_error)
{
    struct loop *loop = loop_new();
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    close(fds[0]);
    struct notes notes = {0};
    notes.watch = loop_watch_open(loop, fds[1], LOOP_WRITE, close_own_watch, &notes);
    run_for(loop, 10);
    ck_assert_int_eq(notes.count, 1);
    loop_free(loop);
    close(fds[1]);
}
END_TEST

START_TEST(regular_file_cannot_be_watched)
{
    struct loop *loop = loop_new();
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    struct notes notes = {0};
    ck_assert_ptr_null(loop_watch_open(loop, fileno(file), LOOP_READ, note_events, &notes));
    fclose(file);
    loop_free(loop);
}
END_TEST

static bool hook_a(void *arg)
{
    note(arg, 'a');
    return false;
}

static bool hook_b(void *arg)
{
    struct notes *notes = arg;
    note(notes, 'b');
    notes->count++;
    return notes->count < 3; /* asks for two more passes */
}

static bool hook_c(void *arg)
{
    struct notes *notes = arg;
    note(notes, 'c');
    if (notes->count >= 3) {
        loop_stop(notes->loop);
    }
    return false;
}

START_TEST(hooks_run_in_order_until_none_was_busy)
{
    struct loop *loop = loop_new();
    struct notes notes = {.loop = loop};
    loop_on_turn(loop, hook_a, &notes);
    loop_on_turn(loop, hook_b, &notes);
    loop_on_turn(loop, hook_c, &notes);
    loop_run(loop);
    /* The last pass is the one that loop_run adds when it leaves. */
    ck_assert_str_eq(notes.text, "abcabcabcabc");
    loop_free(loop);
}
END_TEST

static bool always_busy(void *arg)
{
    struct notes *notes = arg;
    notes->count++;
    return true;
}

START_TEST(busy_hooks_do_not_starve_descriptors)
{
    struct loop *loop = loop_new();
    struct notes busy = {0};
    loop_on_turn(loop, always_busy, &busy);
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    run_for(loop, 20);
    ck_assert_int_gt(busy.count, 16);
    ck_assert_int_lt(clock_monotonic_ns(&clock_system) - begin_ns, 1000 * 1000000L);
    loop_free(loop);
}
END_TEST

static bool bounded_sleep(void *arg)
{
    struct notes *notes = arg;
    notes->count++;
    loop_sleep_at_most(notes->loop, 50);
    loop_sleep_at_most(notes->loop, 5); /* the shorter one counts */
    loop_sleep_at_most(notes->loop, 80);
    return false;
}

START_TEST(sleep_bound_holds_for_the_present_turn)
{
    struct loop *loop = loop_new();
    struct notes notes = {.loop = loop};
    loop_on_turn(loop, bounded_sleep, &notes);
    run_for(loop, 100);
    ck_assert_int_ge(notes.count, 4);
    ck_assert_int_le(notes.count, 50);
    loop_free(loop);
}
END_TEST

static void on_signal(void *arg, int signal)
{
    struct notes *notes = arg;
    notes->count = signal;
    loop_stop(notes->loop);
}

START_TEST(signal_runs_on_the_loop)
{
    struct loop *loop = loop_new();
    struct notes notes = {.loop = loop};
    loop_on_signal(loop, SIGUSR1, on_signal, &notes);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert_int_eq(notes.count, 0);
    loop_run(loop);
    ck_assert_int_eq(notes.count, SIGUSR1);
    loop_free(loop);
}
END_TEST

static void burn_50_ms(void *arg)
{
    struct notes *notes = arg;
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    const int64_t turn_ns = loop_now_ns(notes->loop);
    while (clock_monotonic_ns(&clock_system) - begin_ns < 50 * 1000000) {
    }
    ck_assert_int_eq(loop_now_ns(notes->loop), turn_ns);
    notes->count++;
}

START_TEST(lag_is_the_longest_turn_and_time_stands_still_in_it)
{
    struct loop *loop = loop_new();
    struct notes notes = {.loop = loop};
    struct loop_timer *timer = loop_timer_new(loop, burn_50_ms, &notes);
    loop_timer_start(timer, 1, /* repeat_ms: */ 0);
    run_for(loop, 80);
    ck_assert_int_eq(notes.count, 1);
    ck_assert_int_ge(loop_lag_max_ns(loop), 50 * 1000000);
    run_for(loop, 10);
    ck_assert_int_lt(loop_lag_max_ns(loop), 50 * 1000000); /* it begins anew */
    loop_free(loop);
}
END_TEST

START_TEST(free_closes_what_is_open)
{
    loop_free(/* loop: */ NULL);
    struct loop *loop = loop_new();
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    struct notes notes = {0};
    ck_assert_ptr_nonnull(loop_watch_open(loop, fds[0], LOOP_READ, note_events, &notes));
    loop_timer_start(loop_timer_new(loop, count_timer, &notes), 5, /* repeat_ms: */ 5);
    loop_free(loop); /* LeakSanitizer and valgrind look at the rest */
    ck_assert_int_eq(notes.count, 0);
    close(fds[0]);
    close(fds[1]);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("loop");
    tcase_add_test(tcase, one_shot_timer_fires_once_and_never_early);
    tcase_add_test(tcase, repeating_timer_repeats_until_it_is_stopped);
    tcase_add_test(tcase, watch_is_level_triggered_and_can_pause);
    tcase_add_test(tcase, hang_up_reports_every_event_again_and_again);
    tcase_add_test(tcase, watch_may_close_itself_on_an_error);
    tcase_add_test(tcase, regular_file_cannot_be_watched);
    tcase_add_test(tcase, hooks_run_in_order_until_none_was_busy);
    tcase_add_test(tcase, busy_hooks_do_not_starve_descriptors);
    tcase_add_test(tcase, sleep_bound_holds_for_the_present_turn);
    tcase_add_test(tcase, signal_runs_on_the_loop);
    tcase_add_test(tcase, lag_is_the_longest_turn_and_time_stands_still_in_it);
    tcase_add_test(tcase, free_closes_what_is_open);
    Suite *suite = suite_create("net.loop");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
