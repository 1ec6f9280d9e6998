#include "svc/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/ctx.h"

#define BACKLOG 4096

static bool parse_address(const char *address, int port, struct sockaddr_storage *out,
    socklen_t *out_len)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *out_len = sizeof(*v4);
        return true;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *out_len = sizeof(*v6);
        return true;
    }
    return false;
}

static err open_one(struct ctx *ctx, const char *address, int port, int *out_fd)
{
    struct sockaddr_storage storage;
    socklen_t len = 0;
    if (!parse_address(address, port, &storage, &len)) {
        return fail(ctx, ERR_UNAVAILABLE, "BIND_ADDR %s is not an IPv4 or IPv6 address", address);
    }
    const int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(ctx, ERR_UNAVAILABLE, "socket: %s", strerror(errno));
    }
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
        bind(fd, (const struct sockaddr *)&storage, len) != 0 || listen(fd, BACKLOG) != 0) {
        const int why = errno;
        close(fd);
        return fail(ctx, ERR_UNAVAILABLE, "cannot listen on %s:%d: %s", address, port,
            strerror(why));
    }
    *out_fd = fd;
    return OK;
}

err listen_open(struct ctx *ctx, const char *address, int port, int count, int *out_fds)
{
    for (int i = 0; i < count; i++) {
        const err opened = open_one(ctx, address, port, &out_fds[i]);
        if (!is_ok(opened)) {
            listen_close(out_fds, i);
            return opened;
        }
    }
    return OK;
}

/* Of a socket that listens on every address, the one of this machine. */
static void local_address(struct sockaddr_storage *storage)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    if (storage->ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY)) {
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else if (storage->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)) {
        v6->sin6_addr = in6addr_loopback;
    }
}

err listen_dial(struct ctx *ctx, const char *address, int port, int timeout_s, int *out_fd)
{
    struct sockaddr_storage storage;
    socklen_t len = 0;
    if (!parse_address(address, port, &storage, &len)) {
        return fail(ctx, ERR_UNAVAILABLE, "BIND_ADDR %s is not an IPv4 or IPv6 address", address);
    }
    local_address(&storage);
    const int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval limit = {.tv_sec = timeout_s};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(fd, (const struct sockaddr *)&storage, len) != 0) {
        const int why = errno;
        close(fd);
        return fail(ctx, ERR_UNAVAILABLE, "cannot reach %s:%d: %s", address, port, strerror(why));
    }
    *out_fd = fd;
    return OK;
}

void listen_close(const int *fds, int count)
{
    for (int i = 0; i < count; i++) {
        close(fds[i]);
    }
}
