# shellcheck shell=bash
# A private Postgres and a private Redis in one folder, for a checkout or for one test run.
#
# Folder DIR:  secrets/  generated passwords          services.env  what start prints
#              home      where the servers keep their files, if that is not DIR itself
# Home:        postgres/ redis/ run/ (sockets)  log/
#
# Postgres refuses to run as root, so under root both servers run as the user "postgres". The socket folder has mode
# 0700 and belongs to that user: whoever can open a socket is that user or root, so sockets need no password.
# Postgres on TCP wants SCRAM, Redis a password everywhere.

PG_VERSION=$({ find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null || true; } | sort -n | tail -1)
PG_BIN=/usr/lib/postgresql/$PG_VERSION/bin
SERVICE_USER=$(if ((EUID == 0)); then echo postgres; else id -un; fi)
SOCKET_PATH_MAX=80 # of 107 bytes; the rest is for the socket's own name

as_service() {
    if ((EUID == 0)); then
        (cd / && setpriv --reuid="$SERVICE_USER" --regid="$SERVICE_USER" --init-groups -- "$@")
    else
        "$@"
    fi
}

# service_home DIR: the folder for the servers' files. It must be short enough for sockets, free of characters that
# an URL would have to quote, and open to the servers' user; where DIR is not, a folder under /var/tmp stands in.
service_home() {
    local dir=$1
    if [[ -s $dir/home ]]; then
        cat "$dir/home"
    elif [[ ${#dir} -le $SOCKET_PATH_MAX && $dir =~ ^[A-Za-z0-9/._-]+$ ]] && as_service test -x "$dir"; then
        printf '%s\n' "$dir"
    else
        mktemp -d /var/tmp/services.XXXXXX | tee "$dir/home"
        chmod 711 "$(cat "$dir/home")"
    fi
}

postgres_is_up() {
    pid_is "$1/postgres/postmaster.pid" "$PG_BIN/postgres" >/dev/null
}

postgres_config() {
    local home=$1 port=$2 volatile=$3
    printf '%s\n' "listen_addresses = '127.0.0.1'" "port = $port" \
        "unix_socket_directories = '$home/run'" 'unix_socket_permissions = 0700' \
        'max_connections = 200' 'shared_buffers = 128MB' "timezone = 'UTC'" "log_timezone = 'UTC'" \
        "log_line_prefix = '%m [%p] %q%u@%d '" \
        'max_parallel_maintenance_workers = 0 # pgvector before 0.8.2 overruns a buffer in parallel index builds'
    if ((volatile)); then
        printf '%s\n' 'fsync = off' 'synchronous_commit = off' 'full_page_writes = off'
    fi
}

postgres_init() {
    local data=$1/postgres made_by
    if [[ -s $data/PG_VERSION ]]; then
        made_by=$(cat "$data/PG_VERSION")
        [[ $made_by == "$PG_VERSION" ]] || die "$data was made by Postgres $made_by, here is $PG_VERSION: remove that folder"
        return
    fi
    as_service "$PG_BIN/initdb" --pgdata="$data" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=trust --auth-host=scram-sha-256 --no-sync >/dev/null
}

postgres_start() {
    local home=$1 port=$2 volatile=$3
    postgres_init "$home"
    # Of a server that was killed: its number may be somebody else's by now.
    rm -f "$home/postgres/postmaster.pid" "$home/run/.s.PGSQL.$port.lock"
    postgres_config "$home" "$port" "$volatile" | as_service tee "$home/postgres/postgresql.conf" >/dev/null
    as_service "$PG_BIN/pg_ctl" start -w -s -t 60 -D "$home/postgres" -l "$home/log/postgres.log" >/dev/null </dev/null || {
        tail -n 20 "$home/log/postgres.log" >&2
        die "Postgres did not start; its log is $home/log/postgres.log"
    }
}

# redis_acl PRODUCT PASSWORD_HASH: reads and writes its own prefix; no command that sees or empties another's keys.
redis_acl() {
    printf 'user %s on #%s ~%s:* &%s:* +@all -@admin -@dangerous -scan -randomkey -dbsize -script|flush -script|kill -function\n' \
        "$1" "$2" "$1" "$1"
}

redis_config() {
    local dir=$1 home=$2 port=$3 product
    printf '%s\n' 'bind 127.0.0.1' "port $port" "unixsocket $home/run/redis.sock" 'unixsocketperm 700' \
        'daemonize yes' "pidfile $home/redis/redis.pid" "logfile $home/log/redis.log" "dir $home/redis" \
        'databases 16' 'save ""' 'appendonly no' 'maxmemory 256mb' 'maxmemory-policy allkeys-lru' 'user default off'
    printf 'user admin on #%s ~* &* +@all\n' "$(secret_hash "$dir/secrets/redis_admin")"
    for product in $(products); do
        redis_acl "$product" "$(secret_hash "$dir/secrets/redis_$product")"
    done
}

secret_hash() {
    secret_file "$1"
    tr -d '\n' <"$1" | sha256sum | cut -d' ' -f1
}

# A server that runs learns of products that came after its start.
redis_provision() {
    local dir=$1 home=$2 product words
    for product in $(products); do
        as_service grep -q "^user $product on " "$home/redis/redis.conf" && continue
        read -ra words <<<"$(redis_acl "$product" "$(secret_hash "$dir/secrets/redis_$product")")"
        REDISCLI_AUTH=$(cat "$dir/secrets/redis_admin") redis-cli -s "$home/run/redis.sock" --user admin --no-auth-warning \
            ACL SETUSER "${words[1]}" reset "${words[@]:2}" >/dev/null
        redis_acl "${words[1]}" "$(secret_hash "$dir/secrets/redis_$product")" | as_service tee -a "$home/redis/redis.conf" >/dev/null
    done
}

redis_is_up() {
    pid_is "$1/redis/redis.pid" /usr/bin/redis >/dev/null
}

redis_start() {
    local dir=$1 home=$2 port=$3 tenths=100
    redis_config "$dir" "$home" "$port" | as_service tee "$home/redis/redis.conf" >/dev/null
    as_service chmod 600 "$home/redis/redis.conf"
    as_service redis-server "$home/redis/redis.conf" >/dev/null
    until [[ -S $home/run/redis.sock ]] && redis_is_up "$home"; do
        ((tenths-- > 0)) || die "Redis did not start; its log is $home/log/redis.log"
        sleep 0.1
    done
}

# psql as the superuser, by socket.
superuser_psql() {
    local dir=$1
    shift
    "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$(service_home "$dir")/run" -p "$(service_value "$dir" PGPORT)" -U postgres "$@"
}

# service_value DIR NAME: one of the lines that start printed.
service_value() {
    [[ -s $1/services.env ]] || die "no servers in $1: run 'scripts/services.sh start $1' or 'scripts/run.sh'"
    sed -n "s/^$2=//p" "$1/services.env"
}

# services_provision_one DIR PRODUCT DATABASE: the product's roles and that database, where they are not there yet.
services_provision_one() {
    local dir=$1 product=$2 database=$3
    MIGRATE_PASSWORD=$(cat "$dir/secrets/${product}_migrate") USER_PASSWORD=$(cat "$dir/secrets/${product}_user") \
        RO_PASSWORD=$(cat "$dir/secrets/${product}_ro") \
        superuser_psql "$dir" -d postgres -v product="$product" -v database="$database" -f scripts/lib/provision.sql
}

# The roles and databases of all products.
services_provision() {
    local dir=$1 product
    for product in $(products); do
        services_provision_one "$dir" "$product" "${product}_db_dev"
        services_provision_one "$dir" "$product" "${product}_db_test"
    done
}

# database_url DIR ROLE DATABASE: by socket, without a password.
database_url() {
    printf 'postgresql://%s@/%s?host=%s&port=%s\n' "$2" "$3" "$(service_home "$1")/run" "$(service_value "$1" PGPORT)"
}

# What a program needs to reach the servers of DIR, as KEY=VALUE lines.
services_print() {
    local dir=$1 product name
    cat "$dir/services.env"
    printf 'SUPERUSER_DATABASE_URL=%s\n' "$(database_url "$dir" postgres postgres)"
    printf 'REDIS_ADMIN_URL=redis://admin:%s@127.0.0.1:%s/0\n' "$(cat "$dir/secrets/redis_admin")" "$(service_value "$dir" REDIS_PORT)"
    for product in $(products); do
        name=$(upper "$product")
        printf '%s_DATABASE_URL=%s\n' "$name" "$(database_url "$dir" "${product}_user" "${product}_db_dev")"
        printf '%s_MIGRATE_DATABASE_URL=%s\n' "$name" "$(database_url "$dir" "${product}_migrate" "${product}_db_dev")"
        printf '%s_TEST_DATABASE_URL=%s\n' "$name" "$(database_url "$dir" "${product}_user" "${product}_db_test")"
        printf '%s_TEST_MIGRATE_DATABASE_URL=%s\n' "$name" "$(database_url "$dir" "${product}_migrate" "${product}_db_test")"
        printf '%s_REDIS_URL=redis://%s:%s@127.0.0.1:%s/%s\n' "$name" "$product" "$(cat "$dir/secrets/redis_$product")" \
            "$(service_value "$dir" REDIS_PORT)" "$(product_number "$product")"
    done
}

# port_wish DIR NAME PORT: PORT, or where that is 0 the one that the server had last time.
port_wish() {
    if (($3)) || [[ ! -s $1/services.env ]]; then
        printf '%s\n' "$3"
    else
        service_value "$1" "$2"
    fi
}

# services_start DIR PG_PORT REDIS_PORT VOLATILE: what is not running is started, then provisioned. Ports: 0 = as last
# time or any free one; one that is taken moves on to the next. VOLATILE 1 trades safety in a power cut for speed.
services_start() {
    local dir=$1 pg_port=$2 redis_port=$3 volatile=$4 home product role
    if [[ -z $PG_VERSION ]] || ! command -v redis-server >/dev/null; then
        die "Postgres or Redis is missing: run scripts/setup.sh"
    fi
    mkdir -p "$dir/secrets"
    chmod 700 "$dir/secrets"
    home=$(service_home "$dir")
    if ((EUID == 0)); then
        install -d -m 700 -o "$SERVICE_USER" -g "$SERVICE_USER" "$home"/{postgres,redis,run,log}
    else
        install -d -m 700 "$home"/{postgres,redis,run,log}
    fi
    secret_file "$dir/secrets/redis_admin"
    for product in $(products); do
        for role in "${product}_migrate" "${product}_user" "${product}_ro" "redis_$product"; do
            secret_file "$dir/secrets/$role"
        done
    done
    if postgres_is_up "$home"; then
        pg_port=$(service_value "$dir" PGPORT)
    else
        pg_port=$(free_port "$(port_wish "$dir" PGPORT "$pg_port")")
        postgres_start "$home" "$pg_port" "$volatile"
    fi
    if redis_is_up "$home"; then
        redis_port=$(service_value "$dir" REDIS_PORT)
        redis_provision "$dir" "$home"
    else
        redis_port=$(free_port "$(port_wish "$dir" REDIS_PORT "$redis_port")")
        redis_start "$dir" "$home" "$redis_port"
    fi
    printf '%s\n' "PGHOST=$home/run" "PGPORT=$pg_port" "REDIS_SOCKET=$home/run/redis.sock" \
        "REDIS_PORT=$redis_port" >"$dir/services.env"
    services_provision "$dir"
}

# services_stop DIR [postgres|redis]: one of them or both; the data stays.
services_stop() {
    local dir=$1 which=${2:-both} home
    [[ -d $dir ]] || return 0
    home=$(service_home "$dir")
    if [[ $which != redis ]] && postgres_is_up "$home"; then
        as_service "$PG_BIN/pg_ctl" stop -s -m fast -t 30 -D "$home/postgres" ||
            as_service "$PG_BIN/pg_ctl" stop -s -m immediate -D "$home/postgres"
    fi
    [[ $which == postgres ]] || stop_pid "$home/redis/redis.pid" /usr/bin/redis 5
}

# Stops, then deletes everything the servers kept.
services_remove() {
    local dir=$1 home
    [[ -d $dir ]] || return 0
    services_stop "$dir"
    home=$(service_home "$dir")
    rm -rf "$home"/{postgres,redis,run,log} "$dir/secrets" "$dir/services.env"
    if [[ $home != "$dir" ]]; then
        rmdir "$home"
        rm -f "$dir/home"
    fi
}
