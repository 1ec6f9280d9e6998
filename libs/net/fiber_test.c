#include "net/fiber.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/loop.h"

enum { MANY = 5000, NS_PER_MS = 1000000 };

/* The world of one test: a loop, and what its fibers did, in order, as text. */
struct world {
    struct loop *loop;
    struct ctx ctx; /* for fiber_start */
    char text[128];
    size_t len;
    size_t done;
};

struct job {
    struct world *world;
    struct ctx ctx; /* one ctx, one fiber */
    struct fiber *fiber;
    char name;
    int64_t timeout_ms;
    err result;
    int rounds;
    bool ended;
};

static void world_init(struct world *world)
{
    *world = (struct world){.loop = loop_new()};
    ctx_init(&world->ctx, NULL, &clock_system, NULL, 10000);
}

static void note(struct world *world, char letter)
{
    ck_assert_uint_lt(world->len + 1, sizeof(world->text));
    world->text[world->len++] = letter;
}

static void count_done(void *arg)
{
    struct job *job = arg;
    ck_assert_ptr_null(fiber_current(job->world->loop)); /* on the loop's stack */
    job->ended = true;
    job->world->done++;
}

static bool start(struct world *world, struct job *job, void (*fn)(void *arg))
{
    job->world = world;
    ctx_init(&job->ctx, NULL, &clock_system, NULL, 60000);
    if (job->timeout_ms == 0) {
        job->timeout_ms = 30000;
    }
    bool ended = false;
    ck_assert(is_ok(fiber_start(&world->ctx, world->loop, fn, count_done, job, &ended)));
    return ended;
}

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

static void run_for(struct world *world, int64_t ms)
{
    struct loop_timer *timer = loop_timer_new(world->loop, stop_loop, world->loop);
    loop_timer_start(timer, ms, /* repeat_ms: */ 0);
    loop_run(world->loop);
    loop_timer_free(timer);
}

/* Waits once and notes its name: lower case at the start, upper case after an OK. */
static void park_once(void *arg)
{
    struct job *job = arg;
    job->fiber = fiber_current(job->world->loop);
    note(job->world, job->name);
    job->result = fiber_park(&job->ctx, job->world->loop, "test.wait", job->timeout_ms);
    if (is_ok(job->result)) {
        note(job->world, (char)(job->name - 'a' + 'A'));
    }
}

static void end_at_once(void *arg)
{
    struct job *job = arg;
    note(job->world, job->name);
}

START_TEST(fiber_that_never_waits_ends_inside_start)
{
    struct world world;
    world_init(&world);
    struct job job = {.name = 'a'};
    ck_assert(start(&world, &job, end_at_once));
    ck_assert(job.ended);
    ck_assert_str_eq(world.text, "a");
    ck_assert_uint_eq(fiber_stats(world.loop).alive, 0);
    loop_free(world.loop);
}
END_TEST

START_TEST(woken_fibers_run_in_the_order_of_the_wakes)
{
    struct world world;
    world_init(&world);
    struct job jobs[3] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}};
    for (size_t i = 0; i < 3; i++) {
        ck_assert(!start(&world, &jobs[i], park_once));
    }
    ck_assert_str_eq(world.text, "abc");
    fiber_wake(jobs[1].fiber);
    fiber_wake(jobs[0].fiber);
    fiber_wake(jobs[2].fiber);
    fiber_wake(jobs[1].fiber);           /* ready already */
    ck_assert_str_eq(world.text, "abc"); /* a wake never switches */
    run_for(&world, 1);
    ck_assert_str_eq(world.text, "abcBAC");
    ck_assert_uint_eq(world.done, 3);
    loop_free(world.loop);
}
END_TEST

static void wake_itself_then_park(void *arg)
{
    struct job *job = arg;
    fiber_wake(fiber_current(job->world->loop));
    job->result = fiber_park(&job->ctx, job->world->loop, "test.first", job->timeout_ms);
    ck_assert(is_ok(job->result));
    note(job->world, '1');
    job->result = fiber_park(&job->ctx, job->world->loop, "test.second", 5);
}

START_TEST(wake_before_the_park_is_kept_once)
{
    struct world world;
    world_init(&world);
    struct job job = {0};
    ck_assert(!start(&world, &job, wake_itself_then_park));
    ck_assert_str_eq(world.text, "1");
    run_for(&world, 30);
    ck_assert(job.ended);
    ck_assert_int_eq(job.result.code, ERR_TIMEOUT);
    loop_free(world.loop);
}
END_TEST

static void park_and_measure(void *arg)
{
    struct job *job = arg;
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    job->result = fiber_park(&job->ctx, job->world->loop, "test.wait", job->timeout_ms);
    job->rounds = (int)((clock_monotonic_ns(&clock_system) - begin_ns) / NS_PER_MS);
}

START_TEST(park_ends_with_its_own_timeout)
{
    struct world world;
    world_init(&world);
    struct job job = {.timeout_ms = 20};
    ck_assert(!start(&world, &job, park_and_measure));
    run_for(&world, 60);
    ck_assert_int_eq(job.result.code, ERR_TIMEOUT);
    ck_assert_int_ge(job.rounds, 20);
    ck_assert_str_eq(job.ctx.error.text, "test.wait: took too long");
    loop_free(world.loop);
}
END_TEST

/* A wait that is ended by a wake, then one of job->timeout_ms. */
static void park_after_a_wait_of(struct job *job, int64_t first_ms)
{
    job->fiber = fiber_current(job->world->loop);
    ck_assert(is_ok(fiber_park(&job->ctx, job->world->loop, "test.first", first_ms)));
    park_and_measure(job);
}

static void park_after_a_short_one(void *arg)
{
    park_after_a_wait_of(arg, /* first_ms */ 10);
}

static void park_after_a_long_one(void *arg)
{
    park_after_a_wait_of(arg, /* first_ms */ 30000);
}

START_TEST(a_wait_is_as_long_as_it_says_whatever_was_before)
{
    struct world world;
    world_init(&world);
    struct job longer = {.timeout_ms = 40};
    struct job shorter = {.timeout_ms = 40};
    ck_assert(!start(&world, &longer, park_after_a_short_one));
    ck_assert(!start(&world, &shorter, park_after_a_long_one));
    fiber_wake(longer.fiber);
    fiber_wake(shorter.fiber);
    run_for(&world, 400);
    ck_assert(longer.ended && shorter.ended);
    ck_assert_int_eq(longer.result.code, ERR_TIMEOUT);
    ck_assert_int_eq(shorter.result.code, ERR_TIMEOUT);
    ck_assert_int_ge(longer.rounds, 40);
    ck_assert_int_ge(shorter.rounds, 40);
    loop_free(world.loop);
}
END_TEST

static void park_with_short_ctx(void *arg)
{
    struct job *job = arg;
    ctx_init(&job->ctx, NULL, &clock_system, NULL, 10);
    park_and_measure(job);
    /* The deadline is over: later waits end at once, too. */
    const err later = fiber_park(&job->ctx, job->world->loop, "test.later", 1000);
    ck_assert_int_eq(later.code, ERR_TIMEOUT);
    const err yielded = fiber_yield(&job->ctx, job->world->loop);
    ck_assert_int_eq(yielded.code, ERR_TIMEOUT);
}

START_TEST(deadline_of_the_ctx_wins_over_a_longer_timeout)
{
    struct world world;
    world_init(&world);
    struct job job = {.timeout_ms = 1000};
    ck_assert(!start(&world, &job, park_with_short_ctx));
    run_for(&world, 60);
    ck_assert(job.ended);
    ck_assert_int_eq(job.result.code, ERR_TIMEOUT);
    ck_assert_int_ge(job.rounds, 10);
    ck_assert_int_lt(job.rounds, 1000);
    loop_free(world.loop);
}
END_TEST

/* Five waits of every kind; returns how many ended with OK before the first other result. */
static void wait_five_times(void *arg)
{
    struct job *job = arg;
    struct loop *loop = job->world->loop;
    job->fiber = fiber_current(loop);
    for (job->rounds = 0; job->rounds < 5; job->rounds++) {
        job->result = job->rounds % 2 == 0
                          ? fiber_park(&job->ctx, loop, "test.park", job->timeout_ms)
                          : fiber_sleep(&job->ctx, loop, 1000);
        if (!is_ok(job->result)) {
            break;
        }
    }
    const err again = fiber_park(&job->ctx, loop, "test.cleanup", job->timeout_ms);
    ck_assert_int_eq(again.code, ERR_CANCELLED);
    ck_assert_int_eq(fiber_sleep(&job->ctx, loop, 1).code, ERR_CANCELLED);
    ck_assert_int_eq(fiber_yield(&job->ctx, loop).code, ERR_CANCELLED);
}

START_TEST(cancel_ends_the_present_wait_and_all_later_ones)
{
    struct world world;
    world_init(&world);
    for (int at = 0; at < 2; at++) { /* in the park, in the sleep */
        struct job job = {0};
        ck_assert(!start(&world, &job, wait_five_times));
        if (at == 1) {
            fiber_wake(job.fiber);
            run_for(&world, 1);
        }
        ck_assert_int_eq(job.rounds, at);
        fiber_cancel(job.fiber);
        run_for(&world, 1);
        ck_assert(job.ended);
        ck_assert_int_eq(job.rounds, at);
        ck_assert_int_eq(job.result.code, ERR_CANCELLED);
    }
    loop_free(world.loop);
}
END_TEST

static void cancel_itself(void *arg)
{
    struct job *job = arg;
    fiber_cancel(fiber_current(job->world->loop));
    fiber_wake(fiber_current(job->world->loop));
    job->result = fiber_park(&job->ctx, job->world->loop, "test.wait", job->timeout_ms);
}

START_TEST(cancel_before_the_wait_is_kept)
{
    struct world world;
    world_init(&world);
    struct job job = {0};
    ck_assert(start(&world, &job, cancel_itself));
    ck_assert_int_eq(job.result.code, ERR_CANCELLED);
    struct job next = {.name = 'n'}; /* the stack is the same, the cancel is not */
    ck_assert(!start(&world, &next, park_once));
    fiber_wake(next.fiber);
    run_for(&world, 1);
    ck_assert(is_ok(next.result));
    loop_free(world.loop);
}
END_TEST

START_TEST(wake_and_timeout_in_one_turn_leave_nothing_behind)
{
    struct world world;
    world_init(&world);
    struct job job = {.name = 'a'};
    ck_assert(!start(&world, &job, park_once));
    fiber_wake(job.fiber);
    fiber_cancel(job.fiber); /* the wait has ended already; the next one is cancelled */
    run_for(&world, 1);
    ck_assert(is_ok(job.result));
    ck_assert_str_eq(world.text, "aA");
    loop_free(world.loop);
}
END_TEST

START_TEST(cancel_all_reaches_every_parked_fiber)
{
    struct world world;
    world_init(&world);
    static struct job jobs[100];
    memset(jobs, 0, sizeof(jobs));
    for (size_t i = 0; i < 100; i++) {
        ck_assert(!start(&world, &jobs[i], park_and_measure));
    }
    fiber_cancel_all(world.loop);
    run_for(&world, 1);
    ck_assert_uint_eq(world.done, 100);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_int_eq(jobs[i].result.code, ERR_CANCELLED);
    }
    loop_free(world.loop);
}
END_TEST

/* A timer may fire in the last turn of a loop, behind whoever cancelled: nobody would come back to what waits then. */
START_TEST(after_cancel_all_a_new_fiber_waits_no_more)
{
    struct world world;
    world_init(&world);
    struct job job = {.name = 'a'};
    fiber_cancel_all(world.loop);
    ck_assert(start(&world, &job, park_and_measure));
    ck_assert_int_eq(job.result.code, ERR_CANCELLED);
    loop_free(world.loop);
}
END_TEST

static void yield_three_times(void *arg)
{
    struct job *job = arg;
    for (int i = 0; i < 3; i++) {
        note(job->world, job->name);
        ck_assert(is_ok(fiber_yield(&job->ctx, job->world->loop)));
    }
}

START_TEST(yielding_fibers_take_turns)
{
    struct world world;
    world_init(&world);
    struct job jobs[2] = {{.name = 'a'}, {.name = 'b'}};
    ck_assert(!start(&world, &jobs[0], yield_three_times));
    ck_assert(!start(&world, &jobs[1], yield_three_times));
    run_for(&world, 1);
    ck_assert_str_eq(world.text, "ababab");
    ck_assert_uint_eq(world.done, 2);
    loop_free(world.loop);
}
END_TEST

static void sleep_and_measure(void *arg)
{
    struct job *job = arg;
    job->fiber = fiber_current(job->world->loop);
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    job->result = fiber_sleep(&job->ctx, job->world->loop, job->timeout_ms);
    job->rounds = (int)((clock_monotonic_ns(&clock_system) - begin_ns) / NS_PER_MS);
}

START_TEST(sleep_lasts_its_time_even_when_woken)
{
    struct world world;
    world_init(&world);
    struct job job = {.timeout_ms = 20};
    ck_assert(!start(&world, &job, sleep_and_measure));
    fiber_wake(job.fiber);
    run_for(&world, 60);
    ck_assert(job.ended);
    ck_assert(is_ok(job.result));
    ck_assert_int_ge(job.rounds, 20);
    loop_free(world.loop);
}
END_TEST

static int64_t frozen_ns(void *state)
{
    (void)state;
    return 1;
}

static void sleep_by_a_frozen_clock(void *arg)
{
    static const struct clock frozen = {.monotonic_ns = frozen_ns, .wall_us = frozen_ns};
    struct job *job = arg;
    ctx_init(&job->ctx, NULL, &frozen, NULL, 1000);
    sleep_and_measure(job);
}

START_TEST(waits_work_when_the_ctx_has_a_clock_of_its_own)
{
    struct world world;
    world_init(&world);
    struct job job = {.timeout_ms = 10};
    ck_assert(!start(&world, &job, sleep_by_a_frozen_clock));
    run_for(&world, 60);
    ck_assert(job.ended);
    ck_assert(is_ok(job.result));
    loop_free(world.loop);
}
END_TEST

static void start_inner_ones(void *arg)
{
    struct job *jobs = arg;
    struct world *world = jobs[0].world;
    struct fiber *self = fiber_current(world->loop);
    note(world, '[');
    ck_assert(start(world, &jobs[1], end_at_once)); /* ends inside this fiber */
    ck_assert(!jobs[1].ended);                      /* done runs later, on the loop's stack */
    ck_assert(!start(world, &jobs[2], park_once));
    ck_assert_ptr_eq(fiber_current(world->loop), self);
    fiber_wake(jobs[2].fiber);
    note(world, ']');
}

START_TEST(fiber_may_start_fibers)
{
    struct world world;
    world_init(&world);
    struct job jobs[3] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}};
    ck_assert(start(&world, &jobs[0], start_inner_ones));
    run_for(&world, 1);
    ck_assert_str_eq(world.text, "[bc]C");
    ck_assert_uint_eq(world.done, 3);
    ck_assert_uint_eq(fiber_stats(world.loop).alive, 0);
    loop_free(world.loop);
}
END_TEST

static void park_a_few_times(void *arg)
{
    struct job *job = arg;
    char local[256];
    memset(local, job->name, sizeof(local));
    job->fiber = fiber_current(job->world->loop);
    for (job->rounds = 0; job->rounds < 4; job->rounds++) {
        ck_assert(is_ok(fiber_park(&job->ctx, job->world->loop, "test.wait", job->timeout_ms)));
        ck_assert_int_eq(local[0], job->name);
        ck_assert_int_eq(local[255], job->name);
    }
}

START_TEST(thousands_of_fibers_keep_their_stacks)
{
    struct world world;
    world_init(&world);
    struct job *jobs = calloc(MANY, sizeof(*jobs));
    ck_assert_ptr_nonnull(jobs);
    for (size_t i = 0; i < MANY; i++) {
        jobs[i].name = (char)('a' + i % 26);
        ck_assert(!start(&world, &jobs[i], park_a_few_times));
    }
    ck_assert_uint_eq(fiber_stats(world.loop).alive, MANY);
    for (int round = 1; round <= 4; round++) {
        for (size_t i = 0; i < MANY; i++) {
            /* 7919 is prime: each once, in a mixed order. */
            fiber_wake(jobs[(i * 7919) % MANY].fiber);
        }
        run_for(&world, 0);
        ck_assert_int_eq(jobs[17].rounds, round);
    }
    ck_assert_uint_eq(world.done, MANY);
    const struct fiber_stats stats = fiber_stats(world.loop);
    ck_assert_uint_eq(stats.alive, 0);
    ck_assert_uint_eq(stats.alive_max, MANY);
    ck_assert_uint_eq(stats.pooled, 256); /* the rest went back to the host */
    free(jobs);
    loop_free(world.loop);
}
END_TEST

START_TEST(start_is_refused_at_the_limit_and_works_again_below)
{
    struct world world;
    world_init(&world);
    struct job *jobs = calloc(LIMIT_FIBERS_PER_WORKER, sizeof(*jobs));
    ck_assert_ptr_nonnull(jobs);
    for (size_t i = 0; i < LIMIT_FIBERS_PER_WORKER; i++) {
        jobs[i].name = 'a';
        ck_assert(!start(&world, &jobs[i], park_a_few_times));
    }
    struct job extra = {.name = 'x', .world = &world};
    bool ended = false;
    const err refused =
        fiber_start(&world.ctx, world.loop, end_at_once, count_done, &extra, &ended);
    ck_assert_int_eq(refused.code, ERR_UNAVAILABLE);
    ck_assert(!ended && !extra.ended);
    for (int round = 0; round < 4; round++) {
        fiber_wake(jobs[0].fiber);
        run_for(&world, 0);
    }
    ck_assert(jobs[0].ended);
    ck_assert(start(&world, &extra, end_at_once));
    loop_free(world.loop); /* gives up the parked ones */
    free(jobs);
}
END_TEST

START_TEST(start_is_refused_when_no_stack_can_be_mapped)
{
    struct world world;
    world_init(&world);
    struct job first = {.name = 'a'};
    ck_assert(!start(&world, &first, park_once));
    const struct rlimit tight = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    struct rlimit old;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &old), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &tight), 0);
    bool ended = false;
    const err refused = fiber_start(&world.ctx, world.loop, park_once, count_done, &first, &ended);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &old), 0);
    ck_assert_int_eq(refused.code, ERR_UNAVAILABLE);
    ck_assert_uint_eq(fiber_stats(world.loop).alive, 1);
    fiber_wake(first.fiber);
    run_for(&world, 1);
    ck_assert_uint_eq(world.done, 1);
    loop_free(world.loop);
}
END_TEST

START_TEST(ended_stacks_are_used_again)
{
    struct world world;
    world_init(&world);
    struct job job = {.name = 'a'};
    for (int i = 0; i < 100; i++) {
        ck_assert(start(&world, &job, end_at_once));
    }
    ck_assert_uint_eq(fiber_stats(world.loop).pooled, 1);
    ck_assert_uint_eq(fiber_stats(world.loop).alive_max, 1);
    loop_free(world.loop);
}
END_TEST

/* At least 512 bytes a level. */
static int recurse(volatile char *above, int depth)
{
    volatile char frame[512];
    frame[0] = above[0];
    return depth == 0 ? frame[0] : recurse(frame, depth - 1) + frame[0];
}

static void use_16_kib(void *arg)
{
    struct job *job = arg;
    volatile char first[1] = {1};
    job->rounds = recurse(first, 32);
}

START_TEST(painting_measures_the_deepest_stack)
{
    struct world world;
    world_init(&world);
    fiber_paint(world.loop, /* on: */ true);
    struct job job = {.name = 'a'};
    ck_assert(start(&world, &job, end_at_once));
    const size_t shallow = fiber_stats(world.loop).stack_used_max;
    ck_assert_uint_gt(shallow, 0);
    ck_assert_uint_lt(shallow, 12288);
    ck_assert(start(&world, &job, use_16_kib));
    const size_t deep = fiber_stats(world.loop).stack_used_max;
    ck_assert_uint_ge(deep, 16384);
    ck_assert_uint_lt(deep, 3 * 16384);
    ck_assert(start(&world, &job, end_at_once));
    ck_assert_uint_eq(fiber_stats(world.loop).stack_used_max, deep);
    loop_free(world.loop);
}
END_TEST

static TCase *waiting_tests(void)
{
    TCase *tcase = tcase_create("waiting");
    tcase_add_test(tcase, fiber_that_never_waits_ends_inside_start);
    tcase_add_test(tcase, woken_fibers_run_in_the_order_of_the_wakes);
    tcase_add_test(tcase, wake_before_the_park_is_kept_once);
    tcase_add_test(tcase, park_ends_with_its_own_timeout);
    tcase_add_test(tcase, a_wait_is_as_long_as_it_says_whatever_was_before);
    tcase_add_test(tcase, deadline_of_the_ctx_wins_over_a_longer_timeout);
    tcase_add_test(tcase, cancel_ends_the_present_wait_and_all_later_ones);
    tcase_add_test(tcase, cancel_before_the_wait_is_kept);
    tcase_add_test(tcase, wake_and_timeout_in_one_turn_leave_nothing_behind);
    tcase_add_test(tcase, cancel_all_reaches_every_parked_fiber);
    tcase_add_test(tcase, after_cancel_all_a_new_fiber_waits_no_more);
    tcase_add_test(tcase, yielding_fibers_take_turns);
    tcase_add_test(tcase, sleep_lasts_its_time_even_when_woken);
    tcase_add_test(tcase, waits_work_when_the_ctx_has_a_clock_of_its_own);
    return tcase;
}

static TCase *many_tests(void)
{
    TCase *tcase = tcase_create("many");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, fiber_may_start_fibers);
    tcase_add_test(tcase, thousands_of_fibers_keep_their_stacks);
    tcase_add_test(tcase, start_is_refused_at_the_limit_and_works_again_below);
    tcase_add_test(tcase, start_is_refused_when_no_stack_can_be_mapped);
    tcase_add_test(tcase, ended_stacks_are_used_again);
    tcase_add_test(tcase, painting_measures_the_deepest_stack);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("net.fiber");
    suite_add_tcase(suite, waiting_tests());
    suite_add_tcase(suite, many_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
