#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "db/migrate.h"
#include "svc/master.h"
#include "svc/product.h"
#include "svc/schema.h"
#include "svc/settings.h"

#define LOOK_MS 3000
#define WHY_BYTES 512

static const char fits[] = "fits";
static const char not_looked_at[] = "the database could not be looked at";

/* In the child: what is wrong with the database goes into the pipe. Silence is no consent: a child may be killed. */
static void look(const struct product *product, const struct settings *settings, int out_fd)
{
    struct arena *arena = arena_new(NULL);
    struct ctx ctx;
    char owner_role[64];
    const struct migrate_plan plan = schema_plan(product, owner_role);
    ctx_init(&ctx, arena, &clock_system, /* log */ NULL, LOOK_MS);
    const err verified = migrate_verify(&ctx, &settings->db, &plan);
    const char *word = is_ok(verified) ? fits : ctx.error.text;
    const ssize_t told = write(out_fd, word, strlen(word));
    _exit(told > 0 ? 0 : 1);
}

/* NULL: it fits. Otherwise text in the arena. */
static const char *read_why(struct arena *arena, int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char text[WHY_BYTES];
    if (poll(&wait, 1, LOOK_MS) != 1) {
        return "the database gives no answer";
    }
    const ssize_t len = read(fd, text, sizeof(text) - 1);
    if (len <= 0) {
        return not_looked_at;
    }
    text[len] = '\0';
    return strcmp(text, fits) == 0 ? NULL : arena_strdup(arena, text);
}

/* In a process of its own: a database may take its time, and what libpq leaves behind would be inherited by workers. */
static const char *database_problem(struct arena *arena, const struct product *product,
    const struct settings *settings)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return not_looked_at;
    }
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        if (getppid() == parent) {
            look(product, settings, ends[1]);
        }
        _exit(1);
    }
    close(ends[1]);
    const char *why = pid > 0 ? read_why(arena, ends[0]) : not_looked_at;
    close(ends[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return why;
}

const struct settings *master_reload_settings(struct ctx *ctx, struct arena *arena,
    const struct master_options *options, const struct settings *old)
{
    static const char name[] = "DATABASE_URL: ";
    const struct settings *settings =
        settings_reload(ctx, arena, options->product, options->source, old);
    if (settings == NULL || strcmp(settings->db.database_url, old->db.database_url) == 0) {
        return settings;
    }
    const char *why = database_problem(arena, options->product, settings);
    if (why == NULL) {
        return settings;
    }
    const bool named = strncmp(why, name, strlen(name)) == 0;
    log_error(ctx, "config.problem_found",
        LOG_STR("problem", arena_printf(arena, "%s%s", named ? "" : name, why)));
    return NULL;
}
