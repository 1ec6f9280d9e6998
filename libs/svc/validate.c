#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "db/url.h"
#include "db/validate.h"
#include "svc/commands.h"

#define DIFFERENT 1

/* A URL, or the variable that holds it: what stands on a command line, everybody on the machine can read. */
static const char *url_of(const char *given)
{
    static const char from_environment[] = "env:";
    const size_t len = sizeof(from_environment) - 1;
    const bool named = given != NULL && strncmp(given, from_environment, len) == 0;
    return named ? getenv(given + len) : given;
}

static void print_line(void *arg, const struct validate_line *line)
{
    (void)arg;
    if (line->differs) {
        printf("DIFFERENT  %-8s  %s: %s; in the target: %s\n", line->kind, line->name, line->from,
            line->to);
    } else if (strcmp(line->from, line->to) != 0) {
        printf("new        %-8s  %s: %s\n", line->kind, line->name, line->to);
    } else {
        printf("same       %-8s  %s: %s\n", line->kind, line->name, line->from);
    }
}

int command_validate_migration(const struct command *command)
{
    const char *from = url_of(command->from);
    const char *to = url_of(command->to);
    if (!db_url_is_valid(from) || !db_url_is_valid(to)) {
        fprintf(stderr, "validate-migration needs --from and --to: postgresql:// URLs, or env:NAME "
                        "of a variable that holds one\n");
        return EX_USAGE;
    }
    struct ctx ctx;
    ctx_init(&ctx, command->arena, &clock_system, command->log, /* timeout_ms */ 0);
    struct validate_report report = {.tell = print_line};
    const err result = validate_databases(&ctx, from, to, &report);
    if (!is_ok(result)) {
        fprintf(stderr, "%s\n", ctx.error.text);
        return result.code == ERR_UNAVAILABLE ? EX_UNAVAILABLE : EX_SOFTWARE;
    }
    printf("%d tables and sequences of %s against %s: %d differ\n", report.lines,
        db_url_redacted(command->arena, from), db_url_redacted(command->arena, to),
        report.differences);
    return report.differences == 0 ? EX_OK : DIFFERENT;
}
