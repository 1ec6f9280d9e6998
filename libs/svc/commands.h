/* svc/commands.h - the sub-commands besides serve. Each returns the exit code of the process. */
#ifndef SVC_COMMANDS_H
#define SVC_COMMANDS_H

#include "core/err.h"

struct arena;
struct ctx;
struct log;
struct product;
struct settings;

struct command {
    struct arena *arena;
    const struct product *product;
    struct settings *settings;
    struct log *log;
    /* Options of the command line; NULL = not given. */
    const char *from, *to, *other, *sub, *email, *role, *clerk_id;
    int status, markdown, check_llm; /* switches */
};

/* The exit code of `result`; why it failed goes to stderr. */
int command_report(struct ctx *ctx, err result);

int command_migrate(const struct command *command);
/* EX_OK: both databases hold the same; 1: they differ. */
int command_validate_migration(const struct command *command);
/* EX_OK: what one product has or gives out, the other refuses; 1: something crosses. */
int command_selftest_isolation(const struct command *command);
int command_seed(const struct command *command);
/* check-config, and serve before it starts: EX_OK if every model of the settings answers; tells of each on stderr. */
int command_check_llm(const struct command *command);
int command_check_config(const struct command *command);
/* EX_OK: the server of these settings is there and ready; EX_UNAVAILABLE: it is not, and why. */
int command_healthcheck(const struct command *command);
int command_openapi(const struct command *command);
int command_user_set_role(const struct command *command);
int command_dev_token(const struct command *command);

#endif
