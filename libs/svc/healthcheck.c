#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/ctx.h"
#include "svc/commands.h"
#include "svc/listen.h"
#include "svc/settings.h"

#define TIMEOUT_S 4 /* below the five seconds that container engines wait */

/* The beginning of the reply, which holds its status line. */
static err ask(struct ctx *ctx, int fd, char *out, size_t cap)
{
    static const char request[] =
        "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1) {
        return fail(ctx, ERR_UNAVAILABLE, "the server takes no request");
    }
    const ssize_t len = recv(fd, out, cap - 1, MSG_WAITALL);
    if (len <= 0) {
        return fail(ctx, ERR_UNAVAILABLE, "the server does not answer");
    }
    out[len] = '\0';
    return OK;
}

int command_healthcheck(const struct command *command)
{
    static const char ready[] = "HTTP/1.1 200 ";
    const struct http_config *http = &command->settings->http;
    struct ctx ctx;
    ctx_init(&ctx, command->arena, &clock_system, command->log, TIMEOUT_S * 1000);
    int fd = -1;
    err result = listen_dial(&ctx, http->bind_addr, (int)http->port, TIMEOUT_S, &fd);
    if (is_ok(result)) {
        char reply[sizeof(ready)];
        result = ask(&ctx, fd, reply, sizeof(reply));
        if (is_ok(result) && strcmp(reply, ready) != 0) {
            result = fail(&ctx, ERR_UNAVAILABLE, "not ready: it answers %.12s", reply);
        }
        close(fd);
    }
    return command_report(&ctx, result);
}
