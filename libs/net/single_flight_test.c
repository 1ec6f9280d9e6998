#include "net/single_flight.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/ctx.h"
#include "net/fiber.h"
#include "net/loop.h"

enum { CALLERS = 50 };

struct world {
    struct loop *loop;
    struct single_flight *flight;
    struct ctx ctx;
    int calls;             /* of the expensive function */
    struct fiber *inside;  /* who is in it */
    enum err_code outcome; /* what it returns */
};

struct caller {
    struct world *world;
    struct ctx ctx;
    struct fiber *fiber;
    const char *key;
    int64_t timeout_ms;
    err result;
    bool ended;
};

static void world_init(struct world *world)
{
    *world = (struct world){.loop = loop_new()};
    world->flight = single_flight_new(world->loop);
    ctx_init(&world->ctx, NULL, &clock_system, NULL, 10000);
}

static void world_fini(struct world *world)
{
    single_flight_free(world->flight);
    loop_free(world->loop);
}

static err compute(struct ctx *ctx, void *arg)
{
    struct world *world = arg;
    world->calls++;
    world->inside = fiber_current(world->loop);
    TRY(fiber_park(ctx, world->loop, "test.compute", 10000));
    return (err){world->outcome};
}

static void call(void *arg)
{
    struct caller *caller = arg;
    struct world *world = caller->world;
    ctx_init(&caller->ctx, NULL, &clock_system, NULL, caller->timeout_ms);
    caller->fiber = fiber_current(world->loop);
    caller->result = single_flight_do(&caller->ctx, world->flight, caller->key, compute, world);
    caller->ended = true;
}

static void start(struct world *world, struct caller *caller, const char *key)
{
    caller->world = world;
    caller->key = key;
    if (caller->timeout_ms == 0) {
        caller->timeout_ms = 5000;
    }
    bool ended = false;
    ck_assert(is_ok(fiber_start(&world->ctx, world->loop, call, /* done: */ NULL, caller, &ended)));
    ck_assert(!ended);
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

START_TEST(one_of_many_computes_and_all_get_its_result)
{
    static const enum err_code outcomes[] = {ERR_OK, ERR_UPSTREAM};
    for (size_t i = 0; i < 2; i++) {
        struct world world;
        world_init(&world);
        world.outcome = outcomes[i];
        static struct caller callers[CALLERS];
        for (size_t k = 0; k < CALLERS; k++) {
            callers[k] = (struct caller){0};
            start(&world, &callers[k], "key");
        }
        ck_assert_int_eq(world.calls, 1);
        fiber_wake(world.inside);
        run_for(&world, 1);
        for (size_t k = 0; k < CALLERS; k++) {
            ck_assert(callers[k].ended);
            ck_assert_int_eq(callers[k].result.code, outcomes[i]);
        }
        ck_assert_int_eq(world.calls, 1);
        world_fini(&world);
    }
}
END_TEST

START_TEST(other_keys_and_later_calls_compute_for_themselves)
{
    struct world world;
    world_init(&world);
    struct caller callers[3] = {0};
    start(&world, &callers[0], "a");
    struct fiber *first = world.inside;
    start(&world, &callers[1], "b");
    ck_assert_int_eq(world.calls, 2);
    fiber_wake(world.inside);
    fiber_wake(first);
    run_for(&world, 1);
    start(&world, &callers[2], "a");
    ck_assert_int_eq(world.calls, 3);
    fiber_wake(world.inside);
    run_for(&world, 1);
    ck_assert(callers[0].ended && callers[1].ended && callers[2].ended);
    world_fini(&world);
}
END_TEST

START_TEST(waiters_leave_at_their_own_deadline_or_cancel)
{
    struct world world;
    world_init(&world);
    static struct caller callers[4] = {{0}, {.timeout_ms = 10}, {0}, {0}};
    for (size_t i = 0; i < 4; i++) {
        start(&world, &callers[i], "key");
    }
    fiber_cancel(callers[3].fiber); /* the last of the queue */
    run_for(&world, 40);
    ck_assert_int_eq(callers[1].result.code, ERR_TIMEOUT);
    ck_assert_int_eq(callers[3].result.code, ERR_CANCELLED);
    ck_assert(!callers[0].ended && !callers[2].ended);
    struct caller late = {0};
    start(&world, &late, "key");
    fiber_wake(world.inside);
    run_for(&world, 1);
    ck_assert(is_ok(callers[0].result) && is_ok(callers[2].result) && is_ok(late.result));
    ck_assert_int_eq(world.calls, 1);
    world_fini(&world);
}
END_TEST

START_TEST(next_one_takes_over_when_the_first_is_cancelled)
{
    struct world world;
    world_init(&world);
    struct caller callers[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        start(&world, &callers[i], "key");
    }
    fiber_cancel(callers[0].fiber);
    run_for(&world, 1);
    ck_assert_int_eq(callers[0].result.code, ERR_CANCELLED);
    ck_assert_int_eq(world.calls, 2);
    ck_assert_ptr_eq(world.inside, callers[1].fiber);
    fiber_wake(world.inside);
    run_for(&world, 1);
    ck_assert(is_ok(callers[1].result) && is_ok(callers[2].result));
    ck_assert_int_eq(world.calls, 2);
    world_fini(&world);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("single_flight");
    tcase_add_test(tcase, one_of_many_computes_and_all_get_its_result);
    tcase_add_test(tcase, other_keys_and_later_calls_compute_for_themselves);
    tcase_add_test(tcase, waiters_leave_at_their_own_deadline_or_cancel);
    tcase_add_test(tcase, next_one_takes_over_when_the_first_is_cancelled);
    Suite *suite = suite_create("net.single_flight");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
