#include "svc/svc.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/config.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "db/url.h"
#include "http/server.h"
#include "svc/commands.h"
#include "svc/master.h"
#include "svc/product.h"
#include "svc/settings.h"

extern char **environ;

struct verb {
    const char *name;
    const char *second; /* "user set-role" is two words */
    const char *usage;
    int (*run)(const struct command *command); /* NULL = serve */
    bool bare;                                 /* needs no settings, only what the product fixes */
};

static const struct verb verbs[] = {
    {"serve", NULL, "serve [--check-llm]              the API (default)", NULL, false},
    {"migrate", NULL, "migrate [--status]               apply or list migrations", command_migrate,
        false},
    {"validate-migration", NULL, "validate-migration --from URL --to URL (or env:NAME)",
        command_validate_migration, true},
    {"selftest", "isolation", "selftest isolation --other ENV-FILE  of another product",
        command_selftest_isolation, false},
    {"seed", NULL, "seed [--from DIR]                load development data", command_seed, false},
    {"check-config", NULL, "check-config [--markdown|--check-llm]  settings, secrets hidden",
        command_check_config, false},
    {"healthcheck", NULL, "healthcheck                      whether the running server is ready",
        command_healthcheck, false},
    {"openapi", NULL, "openapi                          the API document", command_openapi, true},
    {"user", "set-role", "user set-role --clerk-id ID --role ROLE", command_user_set_role, false},
    {"dev-token", NULL, "dev-token [--sub S] [--email E] [--role ROLE]", command_dev_token, false},
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

struct line {
    const struct verb *verb;
    const char *env_file;
    struct command command;
};

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s [COMMAND] [--env-file FILE]\n", program);
    for (size_t i = 0; i < VERBS; i++) {
        fprintf(stderr, "  %s\n", verbs[i].usage);
    }
    return EX_USAGE;
}

static const struct verb *find_verb(char *const *words, int count)
{
    for (size_t i = 0; i < VERBS; i++) {
        const int wanted = verbs[i].second == NULL ? 1 : 2;
        if (count == wanted && strcmp(words[0], verbs[i].name) == 0 &&
            (wanted == 1 || strcmp(words[1], verbs[i].second) == 0)) {
            return &verbs[i];
        }
    }
    return count == 0 ? &verbs[0] : NULL;
}

static bool read_line(int argc, char **argv, struct line *out)
{
    enum { ENV_FILE, FROM, TO, OTHER, SUB, EMAIL, ROLE, CLERK_ID, STATUS, MARKDOWN, CHECK_LLM };
    static const struct option options[] = {
        {"env-file", required_argument, NULL, ENV_FILE},
        {"from", required_argument, NULL, FROM},
        {"to", required_argument, NULL, TO},
        {"other", required_argument, NULL, OTHER},
        {"sub", required_argument, NULL, SUB},
        {"email", required_argument, NULL, EMAIL},
        {"role", required_argument, NULL, ROLE},
        {"clerk-id", required_argument, NULL, CLERK_ID},
        {"status", no_argument, NULL, STATUS},
        {"markdown", no_argument, NULL, MARKDOWN},
        {"check-llm", no_argument, NULL, CHECK_LLM},
        {0},
    };
    struct command *command = &out->command;
    const char **texts[] = {&out->env_file, &command->from, &command->to, &command->other,
        &command->sub, &command->email, &command->role, &command->clerk_id};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == STATUS) {
            command->status = 1;
        } else if (option == MARKDOWN) {
            command->markdown = 1;
        } else if (option == CHECK_LLM) {
            command->check_llm = 1;
        } else if (option >= ENV_FILE && option <= CLERK_ID) {
            *texts[option] = optarg;
        } else {
            return false;
        }
    }
    out->verb = find_verb(argv + optind, argc - optind);
    return out->verb != NULL;
}

static void print_report(const struct config_report *report)
{
    for (int i = 0; i < report->warning_count; i++) {
        fprintf(stderr, "warning: %s\n", report->warnings[i]);
    }
    for (int i = 0; i < report->problem_count; i++) {
        fprintf(stderr, "%s\n", report->problems[i]);
    }
}

static void log_banner(const struct command *command, const struct config_report *report)
{
    const struct settings *settings = command->settings;
    struct ctx ctx;
    ctx_init(&ctx, command->arena, &clock_system, command->log, /* timeout_ms */ 0);
    log_info(&ctx, "config.validated",
        LOG_STR("database", db_url_redacted(command->arena, settings->db.database_url)),
        LOG_STR("frontend", settings->http.frontend_url.items[0]),
        LOG_STR("version", command->product->version));
    if (strncmp(settings->db.database_url, "postgresql+", strlen("postgresql+")) == 0) {
        log_info(&ctx, "config.driver_ignored", LOG_STR("variable", "DATABASE_URL"));
    }
    if (report->unknown != NULL) {
        log_debug(&ctx, "config.name_unknown", LOG_STR("names", report->unknown));
    }
    if (settings->auth.clerk_webhook_secret == NULL ||
        *settings->auth.clerk_webhook_secret == '\0') {
        log_warn(&ctx, "config.webhook_secret_missing",
            LOG_STR("effect", "the webhook route answers 503"));
    }
}

/* A route without an auth class must not start. */
static bool routes_are_whole(const struct command *command)
{
    struct ctx ctx;
    const char *const *problems = NULL;
    ctx_init(&ctx, command->arena, &clock_system, command->log, /* timeout_ms */ 0);
    const int count = http_routes_check(&ctx, command->product->routes, &problems);
    for (int i = 0; i < count; i++) {
        fprintf(stderr, "route %s\n", problems[i]);
    }
    return count == 0;
}

/* In a process of its own: the master forks its workers, and must not have run a loop or threads before. */
static bool models_answer(const struct command *command)
{
    const pid_t child = fork();
    int status = -1;
    if (child == 0) {
        exit(command_check_llm(command));
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int run(struct line *line, const struct config_source *source,
    const struct config_report *report)
{
    struct command *command = &line->command;
    if (!routes_are_whole(command)) {
        return EX_SOFTWARE;
    }
    if (line->verb->run != NULL) {
        return line->verb->run(command);
    }
    if (command->check_llm && !models_answer(command)) {
        return EX_CONFIG;
    }
    log_banner(command, report);
    const struct master_options options = {
        command->product, command->settings, source, command->log};
    return master_run(&options);
}

int svc_main(int argc, char **argv, const struct product *product)
{
    struct line line = {0};
    if (!read_line(argc, argv, &line)) {
        return usage(argv[0]);
    }
    struct arena *arena = arena_new(NULL);
    struct settings *settings = ARENA_NEW(arena, struct settings);
    struct config_report *report = ARENA_NEW(arena, struct config_report);
    const struct config_source source = {(const char *const *)environ, line.env_file};
    int code = EX_OK;
    if (line.verb->bare || line.command.markdown) { /* describing settings needs none */
        settings_of_product(arena, product, settings);
    } else if (!settings_load(arena, product, &source, settings, report)) {
        code = EX_CONFIG;
    }
    print_report(report);
    if (code == EX_OK) {
        /* Sub-commands keep stdout for their result. */
        const int log_fd = line.verb->run == NULL ? STDOUT_FILENO : STDERR_FILENO;
        line.command.arena = arena;
        line.command.product = product;
        line.command.settings = settings;
        line.command.log = log_new(log_fd, settings->log_level, &clock_system);
        log_identify(line.command.log, product->id, /* worker */ -1);
        code = run(&line, &source, report);
        log_free(line.command.log);
    }
    arena_free(arena);
    return code;
}
