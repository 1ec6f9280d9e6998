#include "db/testing/postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/assert.h"

/* One a process: libcheck's fixtures take no argument. */
static struct {
    char dir[32];
    char bin[64];
    int control; /* the guardian's pipe */
} postgres;

/* POSTGRES_BIN, or the newest of Debian's. */
static void find_programs(void)
{
    const char *chosen = getenv("POSTGRES_BIN");
    if (chosen != NULL) {
        snprintf(postgres.bin, sizeof(postgres.bin), "%s", chosen);
        return;
    }
    for (int version = 20; version >= 13; version--) {
        char initdb[96];
        snprintf(postgres.bin, sizeof(postgres.bin), "/usr/lib/postgresql/%d/bin", version);
        snprintf(initdb, sizeof(initdb), "%s/initdb", postgres.bin);
        if (access(initdb, X_OK) == 0) {
            return;
        }
    }
    fprintf(stderr, "no Postgres server is installed\n");
    abort();
}

/* The server refuses to run as root. */
static void drop_root(void)
{
    if (geteuid() != 0) {
        return;
    }
    const struct passwd *user = getpwnam("postgres");
    ASSERT(user != NULL);
    ASSERT(initgroups(user->pw_name, user->pw_gid) == 0);
    ASSERT(setgid(user->pw_gid) == 0);
    ASSERT(setuid(user->pw_uid) == 0);
}

#define ARGS_MAX 20

static pid_t spawn(const char *program, const char *const *argv)
{
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid > 0) {
        return pid;
    }
    close(postgres.control);
    drop_root();
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    char log[64];
    snprintf(log, sizeof(log), "%s/log", postgres.dir);
    dup2(open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    char path[128]; /* also as argv[0]: initdb looks for the server beside itself */
    snprintf(path, sizeof(path), "%s/%s", program[0] == '/' ? "" : postgres.bin, program);
    char *args[ARGS_MAX] = {path};
    for (size_t i = 1; argv[i] != NULL && i < ARGS_MAX - 1; i++) {
        memcpy(&args[i], &argv[i], sizeof(args[i])); /* execv does not change the text */
    }
    execv(path, args);
    _exit(127);
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        ASSERT(errno == EINTR);
    }
    return status;
}

static char data_dir[48];

static pid_t start_server(void)
{
    const char *const argv[] = {"postgres", "-D", data_dir, "-k", postgres.dir, "-h", "", "-c",
        "fsync=off", "-c", "max_connections=60", "-c", "shared_buffers=16MB", NULL};
    return spawn("postgres", argv);
}

/* Restarts on request; ends the server when nobody holds the other end of the pipe any more. */
static void guard(int requests)
{
    pid_t server = start_server();
    char command = 0;
    for (ssize_t got = 1; got > 0 || (got < 0 && errno == EINTR);) {
        got = read(requests, &command, 1);
        const bool stop = got <= 0 || command != 'g';
        if (stop && server > 0) {
            kill(server, got > 0 && command == 'f' ? SIGINT : SIGQUIT);
            wait_for(server);
            server = 0;
        }
        if (got > 0 && command != 's') {
            server = start_server();
        }
    }
    const char *const argv[] = {"rm", "-rf", postgres.dir, NULL};
    wait_for(spawn("/bin/rm", argv));
    _exit(0);
}

static void make_cluster(void)
{
    snprintf(postgres.dir, sizeof(postgres.dir), "/tmp/db-test-XXXXXX");
    ASSERT(mkdtemp(postgres.dir) != NULL);
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    ASSERT(user == NULL || chown(postgres.dir, user->pw_uid, user->pw_gid) == 0);
    snprintf(data_dir, sizeof(data_dir), "%s/data", postgres.dir);
    const char *const argv[] = {"initdb", "-D", data_dir, "-U", "postgres", "-A", "trust", "-E",
        "UTF8", "--locale=C.UTF-8", "--no-sync", NULL};
    ASSERT(wait_for(spawn("initdb", argv)) == 0);
}

void postgres_start(void)
{
    postgres.control = -1;
    find_programs();
    make_cluster();
    int ends[2];
    ASSERT(pipe(ends) == 0);
    const pid_t guardian = fork();
    ASSERT(guardian >= 0);
    if (guardian == 0) {
        setsid(); /* a signal for the test's process group is not for the server */
        close(ends[1]);
        postgres.control = ends[0];
        guard(ends[0]);
    }
    close(ends[0]);
    postgres.control = ends[1];
    postgres_wait();
}

void postgres_stop(void)
{
    close(postgres.control);
    wait_for(-1);
}

void postgres_control(const char *command)
{
    ASSERT(write(postgres.control, command, 1) == 1);
}

void postgres_wait(void)
{
    const char *url = postgres_url("postgres", "postgres");
    const struct timespec pause = {.tv_nsec = 10000000};
    for (int tries = 0; PQping(url) != PQPING_OK; tries++) {
        ASSERT(tries < 1000);
        nanosleep(&pause, NULL);
    }
}

const char *postgres_url(const char *role, const char *database)
{
    static char url[192];
    snprintf(url, sizeof(url), "postgres://%s@/%s?host=%s", role, database, postgres.dir);
    return url;
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static PGresult *query(const char *database, const char *sql)
{
    PGconn *pg = PQconnectdb(postgres_url("postgres", database));
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    PGresult *result = PQexec(pg, sql);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s%s\n", PQresultErrorMessage(result), sql);
    }
    ASSERT(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
    PQfinish(pg);
    return result;
}

void postgres_sql(const char *database, const char *sql)
{
    PQclear(query(database, sql));
}

long postgres_number(const char *database, const char *sql)
{
    PGresult *result = query(database, sql);
    long number = 0;
    ASSERT(PQntuples(result) > 0 && sscanf(PQgetvalue(result, 0, 0), "%ld", &number) == 1);
    PQclear(result);
    return number;
}
