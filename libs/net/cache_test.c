#include "net/cache.h"

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/fiber.h"
#include "net/loop.h"

enum { NS_PER_MS = 1000000, PATIENCE_MS = 5000, MANY = 500 };

/* A Redis of our own on a socket in a directory of its own, and one worker's cache. */
struct world {
    char dir[64];
    char socket[96];
    char url[160];
    pid_t redis;
    struct loop *loop;
    struct cache_config config;
    struct cache *cache;
    struct arena *arena;
    struct ctx ctx; /* of the fiber that runs the test */
    void (*story)(struct world *world);
    int answered;
};

/* ---- the server ---- */

static bool accepts(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return connected;
}

/* password NULL = none. port 0 = Unix socket only. */
static void start_redis(struct world *world, const char *password, int port)
{
    char port_text[16];
    snprintf(port_text, sizeof(port_text), "%d", port);
    unlink(world->socket);
    world->redis = fork();
    ck_assert_int_ge(world->redis, 0);
    if (world->redis == 0) {
        const int null = open("/dev/null", O_RDWR);
        dup2(null, STDOUT_FILENO);
        execlp("redis-server", "redis-server", "--port", port_text, "--bind", "127.0.0.1", "--unixsocket",
            world->socket, "--dir", world->dir, "--save", "", "--appendonly", "no", "--requirepass",
            password == NULL ? "" : password, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < PATIENCE_MS / 5 && !accepts(world->socket); i++) {
        ck_assert_msg(waitpid(world->redis, NULL, WNOHANG) == 0, "redis-server does not start");
        usleep(5000);
    }
    ck_assert_msg(accepts(world->socket), "redis-server does not listen");
}

static void kill_redis(struct world *world)
{
    if (world->redis > 0) {
        kill(world->redis, SIGKILL);
        waitpid(world->redis, NULL, 0);
        world->redis = 0;
    }
}

/* ---- the worker ---- */

static void world_init(struct world *world)
{
    *world = (struct world){.dir = "/tmp/cache_test_XXXXXX"};
    signal(SIGPIPE, SIG_IGN); /* as svc does */
    ck_assert_ptr_nonnull(mkdtemp(world->dir));
    snprintf(world->socket, sizeof(world->socket), "%s/redis.sock", world->dir);
    snprintf(world->url, sizeof(world->url), "unix://%s?db=0", world->socket);
    world->config = (struct cache_config){.redis_url = world->url, .redis_key_prefix = "test:"};
    world->loop = loop_new();
    world->arena = arena_new(/* pool: */ NULL);
}

static void open_cache(struct world *world)
{
    world->cache = cache_open(world->loop, &world->config);
}

static void world_fini(struct world *world)
{
    cache_close(world->cache);
    loop_free(world->loop);
    arena_free(world->arena);
    kill_redis(world);
    unlink(world->socket);
    ck_assert_int_eq(rmdir(world->dir), 0);
}

static void tell(void *arg)
{
    struct world *world = arg;
    world->story(world);
    loop_stop(world->loop);
}

/* Runs the story on a fiber of the loop. */
static void run(struct world *world, void (*story)(struct world *world))
{
    world->story = story;
    ctx_init(&world->ctx, world->arena, &clock_system, NULL, 30000);
    bool ended = false;
    ck_assert(is_ok(fiber_start(&world->ctx, world->loop, tell, /* done: */ NULL, world, &ended)));
    if (!ended) {
        loop_run(world->loop);
    }
}

static void sleep_ms(struct world *world, int64_t ms)
{
    ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, ms)));
}

static void wait_until_connected(struct world *world)
{
    for (int i = 0; i < PATIENCE_MS && !cache_state(world->cache).connected; i++) {
        sleep_ms(world, 1);
    }
    ck_assert(cache_state(world->cache).connected);
}

static void assert_holds(struct world *world, const char *key, const char *expected)
{
    const char *value = "untouched";
    size_t len = 0;
    const err got = cache_get(&world->ctx, world->cache, key, &value, &len);
    ck_assert_msg(is_ok(got), "%s", world->ctx.error.text);
    if (expected == NULL) {
        ck_assert_ptr_null(value);
    } else {
        ck_assert_ptr_nonnull(value);
        ck_assert_uint_eq(len, strlen(expected));
        ck_assert_str_eq(value, expected);
    }
}

static void put(struct world *world, const char *key, const char *value)
{
    ck_assert(is_ok(cache_set(&world->ctx, world->cache, key, value, strlen(value), 60000)));
}

static enum err_code get_code(struct world *world)
{
    const char *value = NULL;
    size_t len = 0;
    return cache_get(&world->ctx, world->cache, "key", &value, &len).code;
}

/* What only a script can do here: prepare the server behind the cache's back. */
static const struct cache_script make_list = {"redis.call('LPUSH', KEYS[1], 'x') return 1"};
static const struct cache_script put_junk = {"redis.call('SET', KEYS[1], '{broken') return 1"};
static const struct cache_script put_foreign = {"redis.call('SET', KEYS[1], '1 other:key\\nvalue') return 1"};
static const struct cache_script put_huge = {
    "redis.call('SET', KEYS[1], '1 '..KEYS[1]..'\\n'..string.rep('x', tonumber(ARGV[1]))) return 1"};
static const struct cache_script add_up = {"return {ARGV[1] + ARGV[2], ARGV[1] * ARGV[2], #KEYS[1]}"};
static const struct cache_script return_text = {"return {'no', 'numbers'}"};
static const struct cache_script raise_error = {"return redis.error_reply('MY own trouble')"};

static err eval(struct world *world, const struct cache_script *script, const char *key, int64_t arg)
{
    int64_t out[CACHE_SCRIPT_RESULTS_MAX];
    size_t count = 0;
    return cache_eval(&world->ctx, world->cache, script, key, &arg, 1, out, &count);
}

/* ---- values ---- */

static void tell_values(struct world *world)
{
    static const char binary[] = "a\0b\r\n\xff";
    wait_until_connected(world);
    assert_holds(world, "key", NULL);
    put(world, "key", "value");
    assert_holds(world, "key", "value");
    put(world, "key", "");
    assert_holds(world, "key", "");
    ck_assert(is_ok(cache_set(&world->ctx, world->cache, "k\r\n1", binary, sizeof(binary), 60000)));
    const char *value = NULL;
    size_t len = 0;
    ck_assert(is_ok(cache_get(&world->ctx, world->cache, "k\r\n1", &value, &len)));
    ck_assert_uint_eq(len, sizeof(binary));
    ck_assert_mem_eq(value, binary, len);
    ck_assert(is_ok(cache_delete(&world->ctx, world->cache, "key")));
    assert_holds(world, "key", NULL);
    ck_assert(is_ok(cache_set(&world->ctx, world->cache, "short", "x", 1, 20)));
    sleep_ms(world, 40);
    assert_holds(world, "short", NULL);
    const struct cache_state state = cache_state(world->cache);
    ck_assert_uint_eq(state.hits, 3);
    ck_assert_uint_eq(state.misses, 3);
    ck_assert_uint_eq(state.errors, 0);
    ck_assert_double_gt(state.last_ms, 0);
}

static void tell_locks(struct world *world)
{
    wait_until_connected(world);
    bool taken = false;
    ck_assert(is_ok(cache_lock(&world->ctx, world->cache, "lock", 30, &taken)));
    ck_assert(taken);
    ck_assert(is_ok(cache_lock(&world->ctx, world->cache, "lock", 30, &taken)));
    ck_assert(!taken);
    sleep_ms(world, 60);
    ck_assert(is_ok(cache_lock(&world->ctx, world->cache, "lock", 30, &taken)));
    ck_assert(taken);
}

static void tell_wrong_values(struct world *world)
{
    wait_until_connected(world);
    ck_assert(is_ok(eval(world, &put_junk, "junk", 0)));
    assert_holds(world, "junk", NULL);
    ck_assert(is_ok(eval(world, &put_foreign, "foreign", 0)));
    assert_holds(world, "foreign", NULL);
    ck_assert(is_ok(eval(world, &make_list, "key", 0)));
    ck_assert_int_eq(get_code(world), ERR_UNAVAILABLE); /* WRONGTYPE */
    ck_assert_ptr_nonnull(strstr(world->ctx.error.text, "WRONGTYPE"));
    ck_assert(cache_state(world->cache).connected); /* an error reply is no reason to leave */
    put(world, "other", "value");
    assert_holds(world, "other", "value");
}

static void tell_sizes(struct world *world)
{
    wait_until_connected(world);
    char *big = arena_alloc(world->arena, LIMIT_REDIS_VALUE_BYTES);
    const size_t head = strlen("1 test:big\n");
    ck_assert(is_ok(cache_set(&world->ctx, world->cache, "big", big, LIMIT_REDIS_VALUE_BYTES - head, 60000)));
    const err refused = cache_set(&world->ctx, world->cache, "big", big, LIMIT_REDIS_VALUE_BYTES, 60000);
    ck_assert_int_eq(refused.code, ERR_TOO_LARGE);
    ck_assert(is_ok(eval(world, &put_huge, "over", LIMIT_REDIS_VALUE_BYTES)));
    assert_holds(world, "over", NULL);
    ck_assert(cache_state(world->cache).connected);
    /* So much is not even read to its end. */
    const err made = eval(world, &put_huge, "key", 64 << 20);
    ck_assert(is_ok(made) || made.code == ERR_UNAVAILABLE); /* making it may take Redis too long */
    sleep_ms(world, 1000);
    wait_until_connected(world);
    ck_assert_int_eq(get_code(world), ERR_UNAVAILABLE);
    ck_assert(!cache_state(world->cache).connected);
    wait_until_connected(world);
    put(world, "small", "value");
    assert_holds(world, "small", "value");
}

static void tell_scripts(struct world *world)
{
    wait_until_connected(world);
    for (int round = 0; round < 3; round++) {
        const int64_t args[] = {6, -7};
        int64_t out[CACHE_SCRIPT_RESULTS_MAX];
        size_t count = 0;
        ck_assert(is_ok(cache_eval(&world->ctx, world->cache, &add_up, "k", args, 2, out, &count)));
        ck_assert_uint_eq(count, 3);
        ck_assert_int_eq(out[0], -1);
        ck_assert_int_eq(out[1], -42);
        ck_assert_int_eq(out[2], (int64_t)strlen("test:k"));
        if (round == 1) { /* Redis forgets every script; the cache does not know */
            const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
            struct sockaddr_un address = {.sun_family = AF_UNIX};
            snprintf(address.sun_path, sizeof(address.sun_path), "%s", world->socket);
            ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
            char reply[8];
            ck_assert_int_eq(write(fd, "SCRIPT FLUSH\r\n", 14), 14);
            ck_assert_int_eq(read(fd, reply, sizeof(reply)), 5);
            close(fd);
        }
    }
    ck_assert_int_eq(eval(world, &return_text, "k", 0).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(eval(world, &raise_error, "k", 0).code, ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(world->ctx.error.text, "MY own trouble"));
}

/* ---- faults ---- */

static void assert_fails_at_once(struct world *world)
{
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(get_code(world), ERR_UNAVAILABLE);
    }
    ck_assert_int_lt(clock_monotonic_ns(&clock_system) - begin_ns, 20 * NS_PER_MS);
}

static void tell_kill(struct world *world)
{
    wait_until_connected(world);
    put(world, "key", "old");
    kill_redis(world);
    ck_assert_int_eq(get_code(world), ERR_UNAVAILABLE);
    assert_fails_at_once(world);
    ck_assert(!cache_state(world->cache).connected);
    start_redis(world, /* password: */ NULL, /* port: */ 0);
    wait_until_connected(world);
    assert_holds(world, "key", NULL); /* it came back empty */
    put(world, "key", "new");
    assert_holds(world, "key", "new");
}

static void tell_freeze(struct world *world)
{
    wait_until_connected(world);
    put(world, "key", "value");
    put(world, "other", "another");
    kill(world->redis, SIGSTOP);
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    ck_assert_int_eq(get_code(world), ERR_UNAVAILABLE);
    const int64_t waited_ns = clock_monotonic_ns(&clock_system) - begin_ns;
    ck_assert_int_ge(waited_ns, LIMIT_REDIS_MS * NS_PER_MS);
    ck_assert_int_lt(waited_ns, 5 * LIMIT_REDIS_MS * NS_PER_MS);
    sleep_ms(world, 300); /* the socket still accepts, but nobody answers */
    assert_fails_at_once(world);
    kill(world->redis, SIGCONT);
    wait_until_connected(world);
    assert_holds(world, "other", "another"); /* not the late answer of the first question */
    assert_holds(world, "key", "value");
}

static void tell_short_deadline(struct world *world)
{
    wait_until_connected(world);
    put(world, "key", "value");
    put(world, "other", "another");
    kill(world->redis, SIGSTOP);
    const int64_t deadline_ns = world->ctx.deadline_ns;
    world->ctx.deadline_ns = clock_monotonic_ns(&clock_system) + 2 * NS_PER_MS;
    ck_assert_int_eq(get_code(world), ERR_UNAVAILABLE);
    world->ctx.deadline_ns = deadline_ns;
    kill(world->redis, SIGCONT); /* the answer comes when nobody waits for it any more */
    assert_holds(world, "other", "another");
    assert_holds(world, "key", "value");
}

static void ask_in_vain(void *arg)
{
    struct world *world = arg;
    struct arena *arena = arena_new(/* pool: */ NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, NULL, 10000);
    const char *value = NULL;
    size_t len = 0;
    const err got = cache_get(&ctx, world->cache, "key", &value, &len);
    ck_assert_int_eq(got.code, ERR_CANCELLED);
    world->answered++;
    arena_free(arena);
}

static void tell_cancel(struct world *world)
{
    wait_until_connected(world);
    put(world, "key", "value");
    put(world, "other", "another");
    kill(world->redis, SIGSTOP);
    for (int i = 0; i < 3; i++) {
        bool ended = false;
        ck_assert(is_ok(
            fiber_start(&world->ctx, world->loop, ask_in_vain, /* done: */ NULL, world, &ended)));
        ck_assert(!ended);
    }
    fiber_cancel_all(world->loop);
    ck_assert(is_ok(fiber_yield(&world->ctx, world->loop)));
    ck_assert_int_eq(world->answered, 3);
    kill(world->redis, SIGCONT);
    assert_holds(world, "other", "another");
    assert_holds(world, "key", "value");
}

static void set_and_get_own(void *arg)
{
    struct world *world = arg;
    struct arena *arena = arena_new(/* pool: */ NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, NULL, 10000);
    const char *key = arena_printf(arena, "own.%p", (void *)arena);
    for (int i = 0; i < 3; i++) {
        const char *value = NULL;
        size_t len = 0;
        ck_assert_msg(is_ok(cache_set(&ctx, world->cache, key, key, strlen(key), 60000)), "%s", ctx.error.text);
        ck_assert(is_ok(cache_get(&ctx, world->cache, key, &value, &len)));
        ck_assert_str_eq(value, key);
    }
    world->answered++;
    arena_free(arena);
}

static void tell_many(struct world *world)
{
    wait_until_connected(world);
    for (int i = 0; i < MANY; i++) {
        bool ended = false;
        ck_assert(is_ok(
            fiber_start(&world->ctx, world->loop, set_and_get_own, /* done: */ NULL, world, &ended)));
    }
    while (world->answered < MANY) {
        sleep_ms(world, 1);
    }
}

static void run_story(void (*story)(struct world *world))
{
    struct world world;
    world_init(&world);
    start_redis(&world, /* password: */ NULL, /* port: */ 0);
    open_cache(&world);
    run(&world, story);
    world_fini(&world);
}

START_TEST(values_come_back_as_they_were)
{
    run_story(tell_values);
}
END_TEST

START_TEST(lock_is_taken_once)
{
    run_story(tell_locks);
}
END_TEST

START_TEST(foreign_and_broken_values_are_misses)
{
    run_story(tell_wrong_values);
}
END_TEST

START_TEST(large_values_are_refused_and_cut)
{
    run_story(tell_sizes);
}
END_TEST

START_TEST(script_runs_also_after_redis_forgot_it)
{
    run_story(tell_scripts);
}
END_TEST

START_TEST(killed_redis_costs_nothing_and_is_found_again)
{
    run_story(tell_kill);
}
END_TEST

START_TEST(frozen_redis_costs_one_deadline)
{
    run_story(tell_freeze);
}
END_TEST

START_TEST(late_answer_reaches_nobody_else)
{
    run_story(tell_short_deadline);
}
END_TEST

START_TEST(cancelled_wait_leaves_nothing_behind)
{
    run_story(tell_cancel);
}
END_TEST

START_TEST(many_fibers_share_one_connection)
{
    run_story(tell_many);
}
END_TEST

static void tell_down_at_start(struct world *world)
{
    assert_fails_at_once(world);
    sleep_ms(world, 200);
    assert_fails_at_once(world);
    start_redis(world, /* password: */ NULL, /* port: */ 0);
    wait_until_connected(world);
    put(world, "key", "value");
}

START_TEST(redis_may_come_later)
{
    struct world world;
    world_init(&world);
    open_cache(&world);
    run(&world, tell_down_at_start);
    world_fini(&world);
}
END_TEST

START_TEST(empty_url_switches_it_off)
{
    struct world world;
    world_init(&world);
    world.config.redis_url = "";
    open_cache(&world);
    run(&world, assert_fails_at_once);
    world_fini(&world);
}
END_TEST

static void tell_refused(struct world *world)
{
    sleep_ms(world, 300);
    assert_fails_at_once(world);
}

static void tell_accepted(struct world *world)
{
    wait_until_connected(world);
    put(world, "key", "value");
    assert_holds(world, "key", "value");
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* Also the ways over TCP: by name, by address. */
static const struct {
    const char *login, *host;
    bool welcome;
} logins[] = {
    {"", "127.0.0.1", false},
    {":wrong@", "127.0.0.1", false},
    {"nobody:secret@", "127.0.0.1", false},
    {":secret@", "no-such-host.invalid", false},
    {":secret@", "127.0.0.1", true},
    {"default:secret@", "localhost", true},
};

START_TEST(only_the_right_password_opens)
{
    struct world world;
    world_init(&world);
    const int port = free_port();
    snprintf(world.url, sizeof(world.url), "redis://%s%s:%d/3", logins[_i].login, logins[_i].host, port);
    start_redis(&world, "secret", port);
    open_cache(&world);
    run(&world, logins[_i].welcome ? tell_accepted : tell_refused);
    world_fini(&world);
}
END_TEST

static TCase *fault_tests(void)
{
    TCase *tcase = tcase_create("faults");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, killed_redis_costs_nothing_and_is_found_again);
    tcase_add_test(tcase, frozen_redis_costs_one_deadline);
    tcase_add_test(tcase, late_answer_reaches_nobody_else);
    tcase_add_test(tcase, cancelled_wait_leaves_nothing_behind);
    tcase_add_test(tcase, redis_may_come_later);
    tcase_add_test(tcase, empty_url_switches_it_off);
    tcase_add_loop_test(tcase, only_the_right_password_opens, 0, (int)(sizeof(logins) / sizeof(logins[0])));
    return tcase;
}

int main(void)
{
    TCase *tcase = tcase_create("values");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, values_come_back_as_they_were);
    tcase_add_test(tcase, lock_is_taken_once);
    tcase_add_test(tcase, foreign_and_broken_values_are_misses);
    tcase_add_test(tcase, large_values_are_refused_and_cut);
    tcase_add_test(tcase, script_runs_also_after_redis_forgot_it);
    tcase_add_test(tcase, many_fibers_share_one_connection);
    Suite *suite = suite_create("net.cache");
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, fault_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
