#include "svc/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "auth/auth.h"
#include "auth/principal.h"
#include "auth/token.h"
#include "chat/probe.h"
#include "config/env_file.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "core/services.h"
#include "db/migrate.h"
#include "svc/product.h"
#include "svc/schema.h"
#include "svc/seed.h"
#include "svc/settings.h"
#include "svc/task.h"
#include "svc/wiring.h"
#include "users/users.h"

#define COMMAND_TIMEOUT_MS 120000
#define DEV_TOKEN_SECONDS (12 * 3600)

static int exit_code(err result)
{
    if (is_ok(result)) {
        return EX_OK;
    }
    return result.code == ERR_UNAVAILABLE || result.code == ERR_TIMEOUT ? EX_UNAVAILABLE
                                                                        : EX_SOFTWARE;
}

int command_report(struct ctx *ctx, err result)
{
    if (!is_ok(result)) {
        fprintf(stderr, "%s\n", ctx->error.text);
    }
    return exit_code(result);
}

/* What a person has to set right, told as a wrong setting is. */
static int report_database(struct ctx *ctx, err result)
{
    const int code = command_report(ctx, result);
    return result.code == ERR_CONFLICT ? EX_CONFIG : code;
}

/* What writes to the database asks first whose it is: an address that was mixed up must not cost another product anything. */
static int run_task(const struct command *command,
    err (*fn)(struct ctx *ctx, const struct services *services, void *arg), void *arg)
{
    struct ctx ctx;
    ctx_init(&ctx, command->arena, &clock_system, command->log, COMMAND_TIMEOUT_MS);
    char owner_role[64];
    const struct migrate_plan plan = schema_plan(command->product, owner_role);
    const err ours = migrate_check_product(&ctx, &command->settings->db, &plan);
    return is_ok(ours)
               ? exit_code(task_run(command->product, command->settings, command->log, fn, arg))
               : report_database(&ctx, ours);
}

static err print_status(struct ctx *ctx, const struct db_config *config,
    const struct migrate_plan *plan)
{
    struct migrate_entry *entries = NULL;
    int count = 0;
    TRY(migrate_status(ctx, config, plan, &entries, &count));
    for (int i = 0; i < count; i++) {
        const char *state = entries[i].changed   ? "changed"
                            : entries[i].applied ? "applied"
                                                 : "pending";
        char at[CLOCK_RFC3339_LEN + 1] = "-";
        if (entries[i].applied) {
            clock_format(entries[i].applied_at_us, at);
        }
        printf("%04" PRId64 "  %-8s  %-24s  %s  %s\n", entries[i].version, state, at,
            entries[i].name, entries[i].checksum);
    }
    return OK;
}

static err run_migrations(struct ctx *ctx, const struct db_config *config,
    const struct migrate_plan *plan)
{
    int applied = 0;
    TRY(migrate_run(ctx, config, plan, &applied));
    printf("%d migrations applied\n", applied);
    return OK;
}

int command_migrate(const struct command *command)
{
    struct ctx ctx;
    ctx_init(&ctx, command->arena, &clock_system, command->log, COMMAND_TIMEOUT_MS);
    char owner_role[64];
    const struct migrate_plan plan = schema_plan(command->product, owner_role);
    return report_database(&ctx, command->status
                                     ? print_status(&ctx, &command->settings->db, &plan)
                                     : run_migrations(&ctx, &command->settings->db, &plan));
}

static err seed(struct ctx *ctx, const struct services *services, void *arg)
{
    const struct command *command = arg;
    const char *from = command->from != NULL
                           ? command->from
                           : arena_printf(ctx->arena, "seeds/%s", command->product->id);
    struct seed_counts counts = {0};
    TRY(seed_from_folder(ctx, services, from, &counts));
    printf("%" PRId64 " users, %" PRId64 " properties, %" PRId64 " bookings, %" PRId64
           " FAQ entries added; %" PRId64 " FAQ entries embedded\n",
        counts.users, counts.properties, counts.bookings, counts.faq, counts.embedded);
    return OK;
}

int command_seed(const struct command *command)
{
    return run_task(command, seed, (void *)(uintptr_t)command);
}

static err probe_models(struct ctx *ctx, const struct services *services, void *arg)
{
    bool *all_answer = arg;
    struct chat_probe probes[CHAT_PROBES_MAX];
    size_t count = 0;
    chat_probe(ctx, services->chat, probes, &count);
    for (size_t i = 0; i < count; i++) {
        const char *why = probes[i].why;
        fprintf(stderr, "%s model %s: %s\n", probes[i].role, probes[i].model,
            why == NULL ? "answers" : why);
        *all_answer = *all_answer && why == NULL;
    }
    return OK;
}

int command_check_llm(const struct command *command)
{
    bool all_answer = true;
    const err probed =
        task_run(command->product, command->settings, command->log, probe_models, &all_answer);
    return is_ok(probed) && !all_answer ? EX_CONFIG : exit_code(probed);
}

int command_check_config(const struct command *command)
{
    settings_print(command->arena, command->product, command->settings, stdout,
        command->markdown != 0);
    return command->check_llm ? command_check_llm(command) : EX_OK;
}

int command_openapi(const struct command *command)
{
    struct ctx ctx;
    ctx_init(&ctx, command->arena, &clock_system, command->log, COMMAND_TIMEOUT_MS);
    const struct http_options options =
        wiring_http(command->product, command->settings, /* wiring */ NULL);
    const char *text = NULL;
    size_t len = 0;
    const err result = http_openapi(&ctx, &options, &text, &len);
    if (is_ok(result)) {
        printf("%.*s\n", (int)len, text);
    }
    return command_report(&ctx, result);
}

static err set_role(struct ctx *ctx, const struct services *services, void *arg)
{
    const struct command *command = arg;
    int64_t id = 0;
    TRY(users_set_role(ctx, services->db, command->clerk_id, command->role, &id));
    printf("user %" PRId64 " has the role %s\n", id, command->role);
    return OK;
}

static int bad_role(const struct command *command)
{
    enum role role;
    if (command->role == NULL || role_parse(command->role, &role)) {
        return 0;
    }
    fprintf(stderr, "--role must be user, agent or admin\n");
    return 1;
}

int command_user_set_role(const struct command *command)
{
    if (command->clerk_id == NULL || command->role == NULL || bad_role(command)) {
        fprintf(stderr, "user set-role needs --clerk-id ID and --role user|agent|admin\n");
        return EX_USAGE;
    }
    return run_task(command, set_role, (void *)(uintptr_t)command);
}

/* The row must exist with its role before the first request of the token. */
static err prepare_user(struct ctx *ctx, const struct services *services, void *arg)
{
    const struct command *command = arg;
    const struct user_sign_in who = {
        .clerk_user_id = command->sub,
        .email = command->email,
        .email_verified = true,
    };
    struct user_identity identity = {0};
    TRY(users_sign_in(ctx, services->db, &who, &identity));
    int64_t id = 0;
    return users_set_role(ctx, services->db, command->sub, command->role, &id);
}

static err sign(struct ctx *ctx, const struct command *command, const char **out)
{
    const struct settings *settings = command->settings;
    const char *host = auth_publishable_key_host(ctx, settings->auth.clerk_publishable_key);
    const struct token_new what = {
        .issuer = arena_printf(ctx->arena, "https://%s", host),
        .subject = command->sub,
        .email = command->email,
        .party = settings->http.frontend_url.items[0],
        .kid = "ins_development",
        .now_s = clock_wall_us(&clock_system) / 1000000,
        .lifetime_s = DEV_TOKEN_SECONDS,
    };
    return token_sign(ctx, settings->app.clerk_dev_private_key, &what, out);
}

int command_dev_token(const struct command *given)
{
    struct command command = *given;
    const char *key = command.settings->app.clerk_dev_private_key;
    if (command.settings->environment != ENVIRONMENT_DEVELOPMENT || key == NULL || *key == '\0') {
        fprintf(stderr,
            "dev-token works in development only, with CLERK_DEV_PRIVATE_KEY_FILE set\n");
        return EX_CONFIG;
    }
    if (bad_role(&command)) {
        return EX_USAGE;
    }
    if (command.sub == NULL) {
        command.sub = arena_printf(command.arena, "user_dev_%s",
            command.role == NULL ? "user" : command.role);
    }
    if (command.email == NULL) {
        command.email = arena_printf(command.arena, "%s@example.com", command.sub);
    }
    if (command.role != NULL) {
        const int prepared = run_task(&command, prepare_user, &command);
        if (prepared != EX_OK) {
            return prepared;
        }
    }
    struct ctx ctx;
    ctx_init(&ctx, command.arena, &clock_system, command.log, COMMAND_TIMEOUT_MS);
    const char *token = NULL;
    const err result = sign(&ctx, &command, &token);
    if (is_ok(result)) {
        printf("%s\n", token);
    }
    return command_report(&ctx, result);
}
