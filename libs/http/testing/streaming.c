#include <check.h> /* before ours: it has a fail() too */

#include "http/testing/streaming.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/log.h"
#include "http/call.h"
#include "http/metrics.h"
#include "http/stream.h"
#include "net/fiber.h"
#include "net/loop.h"

/* ---- the handlers ---- */

static ssize_t read_script(void *arg, char *out, size_t room)
{
    struct source *source = arg;
    ck_assert_int_eq(source->closed, 0);
    source->reads++;
    if (source->endless) {
        memset(out, 'x', room);
        return (ssize_t)room;
    }
    const size_t left = source->len - source->at;
    size_t len = left < room ? left : room;
    len = source->at_most > 0 && len > source->at_most ? source->at_most : len;
    if (len == 0 && source->wakes_itself) {
        source->wakes_itself = false;
        source->ended = true;
        stream_wake(source->stream);
        return 0;
    }
    memcpy(out, source->script + source->at, len);
    source->at += len;
    return len == 0 && source->ended ? -1 : (ssize_t)len;
}

static void close_script(void *arg)
{
    struct source *source = arg;
    source->closed++;
}

static struct world *world_of(const struct call *call)
{
    return (struct world *)(uintptr_t)call->services;
}

/* The last letter of the path names the source. */
static void open_source(struct call *call)
{
    const char letter = call->path[strlen(call->path) - 1];
    struct source *source = &world_of(call)->sources[letter - '0'];
    const struct stream_source how = {read_script, close_script, source};
    source->stream = stream_open(call, &how);
}

static err run_stream(struct call *call)
{
    open_source(call);
    return OK;
}

/* Waits first, and does not care whether anybody is still there. */
static err run_late(struct call *call)
{
    world_of(call)->late = true;
    const err slept = fiber_sleep(call->ctx, world_of(call)->loop, 1500);
    open_source(call);
    return slept.code == ERR_CANCELLED ? OK : slept;
}

static err run_failing(struct call *call)
{
    open_source(call);
    return fail(call->ctx, ERR_CONFLICT, "on purpose");
}

static err run_plain(struct call *call)
{
    call->raw = "plain";
    call->raw_len = 5;
    call->raw_type = "text/plain";
    return OK;
}

struct said {
    const char *text;
};
static const struct field said_fields[] = {FIELD_STR(struct said, text, "What was said")};

#define COMMON .tag = "T", .summary = "S", .auth = AUTH_NONE, .rate = RATE_OFF
static const struct http_route rows[] = {
    {ROOT_GET("/s0"), COMMON, .streams = true, .out = SHAPE(said), .run = run_stream},
    {ROOT_GET("/s1"), COMMON, .streams = true, .run = run_stream},
    {ROOT_GET("/late0"), COMMON, .streams = true, .run = run_late},
    {ROOT_GET("/fails0"), COMMON, .streams = true, .run = run_failing},
    {ROOT_GET("/wrong0"), COMMON, .run = run_stream},
    {ROOT_GET("/plain"), COMMON, .run = run_plain},
    {0},
};
const struct http_route *const streaming_routes[] = {rows, NULL};

/* ---- the worker ---- */

static int64_t monotonic(void *state)
{
    const struct world *world = state;
    return clock_monotonic_ns(&clock_system) + world->later_ns;
}

static int64_t wall(void *state)
{
    (void)state;
    return clock_wall_us(&clock_system);
}

static void open_listener(struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    world->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(world->listener, (const struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(world->listener, 64), 0);
    ck_assert_int_eq(getsockname(world->listener, (struct sockaddr *)&address, &len), 0);
    world->port = ntohs(address.sin_port);
}

static void open_server(struct world *world)
{
    static const char *english[] = {"en"};
    static const struct strs locales = {english, 1};
    static const char *origins[] = {"https://www.example.com"};
    world->config = (struct http_config){
        .api_v1_prefix = "/api/v1", .metrics_token = "", .frontend_url = {origins, 1}};
    world->clock = (struct clock){monotonic, wall, world};
    world->metrics = metrics_page_new(1, http_routes_count(streaming_routes));
    ck_assert_int_eq(pipe(world->log_pipe), 0);
    ck_assert_int_eq(fcntl(world->log_pipe[0], F_SETFL, O_NONBLOCK), 0);
    world->options = (struct http_options){.config = &world->config,
        .routes = streaming_routes,
        .product_id = "test",
        .app_name = "Test",
        .api_description = "A test",
        .app_version = "1.0.0",
        .default_locale = "en",
        .locales = &locales,
        .services = &world->services,
        .log = log_new(world->log_pipe[1], LOG_INFO, &world->clock),
        .clock = &world->clock,
        .metrics = world->metrics,
        .connections_max = 100,
        .workers = 1};
    ck_assert(is_ok(http_server_open(&world->ctx, world->loop, world->listener, &world->options,
        &world->server)));
}

void streaming_close(struct world *world)
{
    http_server_close(world->server);
    world->server = NULL;
}

static void tell(void *arg)
{
    struct world *world = arg;
    world->story(world);
    loop_stop(world->loop);
}

void streaming_run(void (*story)(struct world *world))
{
    struct world *world = calloc(1, sizeof(*world));
    world->story = story;
    signal(SIGPIPE, SIG_IGN); /* as svc does */
    world->loop = loop_new();
    world->arena = arena_new(/* pool= */ NULL);
    ctx_init(&world->ctx, world->arena, &clock_system, /* log= */ NULL, /* timeout_ms= */ 30000);
    open_listener(world);
    open_server(world);
    bool ended = false;
    ck_assert(is_ok(fiber_start(&world->ctx, world->loop, tell, /* done= */ NULL, world, &ended)));
    if (!ended) {
        loop_run(world->loop);
    }
    streaming_close(world);
    ck_assert_int_eq(metrics_get(world->metrics, 0, METRIC_STREAMS_OPEN), 0);
    loop_free(world->loop);
    log_free(world->options.log);
    metrics_page_free(world->metrics);
    arena_free(world->arena);
    close(world->log_pipe[0]);
    close(world->log_pipe[1]);
    close(world->listener);
    free(world);
}

void streaming_rest(struct world *world, int64_t ms)
{
    ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, ms)));
}

const char *streaming_log(struct world *world)
{
    log_flush(world->options.log);
    const ssize_t got = read(world->log_pipe[0], world->log_text + world->log_len,
        sizeof(world->log_text) - 1 - world->log_len);
    world->log_len += got > 0 ? (size_t)got : 0;
    world->log_text[world->log_len] = '\0';
    return world->log_text;
}

int count_in(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

void source_say(struct source *source, const char *text)
{
    const size_t len = strlen(text);
    ck_assert_uint_le(source->len + len, sizeof(source->script));
    memcpy(source->script + source->len, text, len);
    source->len += len;
    if (source->stream != NULL) {
        stream_wake(source->stream);
    }
}

void source_end(struct source *source)
{
    source->ended = true;
    stream_wake(source->stream);
}

/* ---- the client ---- */

struct client *client_dial(struct world *world, int receive_bytes)
{
    struct client *client = arena_alloc(world->arena, sizeof(*client));
    const struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)world->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    client->world = world;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_bytes > 0) {
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    }
    ck_assert_int_eq(connect(client->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
    return client;
}

void client_ask_more(struct client *client, const char *line, const char *headers)
{
    const char *text =
        arena_printf(client->world->arena, "%s\r\nHost: localhost\r\n%s\r\n", line, headers);
    client->len = 0;
    client->text[0] = '\0';
    ck_assert_int_eq(send(client->fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

void client_ask(struct client *client, const char *line)
{
    client_ask_more(client, line, "");
}

void client_take(struct client *client)
{
    const ssize_t got =
        recv(client->fd, client->text + client->len, sizeof(client->text) - 1 - client->len, 0);
    client->reset = client->reset || (got < 0 && errno != EAGAIN);
    client->over = client->over || client->reset || got == 0;
    client->len += got > 0 ? (size_t)got : 0;
    client->text[client->len] = '\0';
}

void client_expect(struct client *client, const char *what, int64_t within_ms)
{
    const int64_t end_ns = clock_monotonic_ns(&clock_system) + within_ms * NS_PER_MS;
    client_take(client);
    while (strstr(client->text, what) == NULL && clock_monotonic_ns(&clock_system) < end_ns) {
        streaming_rest(client->world, 1);
        client_take(client);
    }
    ck_assert_msg(strstr(client->text, what) != NULL, "no %s in: %s", what, client->text);
}

void source_expect_closed(struct world *world, const struct source *source, int64_t within_ms)
{
    const int64_t end_ns = clock_monotonic_ns(&clock_system) + within_ms * NS_PER_MS;
    while (source->closed == 0 && clock_monotonic_ns(&clock_system) < end_ns) {
        streaming_rest(world, 1);
    }
    ck_assert_int_eq(source->closed, 1);
    streaming_rest(world, 20); /* the request is over too, and nothing closes it again */
    ck_assert_int_eq(source->closed, 1);
}

/* The chunks so far, put together. */
const char *client_body(struct client *client)
{
    char *body = arena_alloc(client->world->arena, REPLY_MAX);
    size_t len = 0;
    const char *at = strstr(client->text, "\r\n\r\n");
    ck_assert_ptr_nonnull(at);
    for (at += 4; *at != '\0';) {
        char *digits = NULL;
        const size_t chunk = strtoul(at, &digits, 16);
        ck_assert_msg(strncmp(digits, "\r\n", 2) == 0, "no chunk: %s", at);
        memcpy(body + len, digits + 2, chunk);
        len += chunk;
        at = digits + 2 + chunk + 2;
    }
    return body;
}

void client_expect_over(struct client *client)
{
    for (int i = 0; i < 2000 && !client->over; i++) {
        streaming_rest(client->world, 1);
        client_take(client);
    }
    ck_assert(client->over && !client->reset);
}

void client_expect_plain(struct client *client)
{
    client_ask(client, "GET /plain HTTP/1.1");
    client_expect(client, "\r\n\r\nplain", 1000);
}

struct client *client_open_stream(struct world *world, const char *line)
{
    struct client *client = client_dial(world, 0);
    client_ask(client, line);
    client_expect(client, "\r\n\r\n", 1000);
    return client;
}
