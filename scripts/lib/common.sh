# shellcheck shell=bash
# Shared by every script: messages, paths, the list of products, root rights, pid files.
# Source it first; it moves to the root of the checkout. CALLER is where the caller stands.

shopt -s inherit_errexit
CALLER=$PWD
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DEV=${DEV_DIR:-$ROOT/.dev} # everything that running leaves behind
[[ $DEV == /* ]] || DEV=$PWD/$DEV
export DEV DEV_DIR=$DEV
cd "$ROOT" || exit
export LC_ALL=C.UTF-8

say() {
    printf '==> %s\n' "$*" >&2
}

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Shows the comment at the top of the script that runs.
usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$ROOT/scripts/$(basename "$0")" >&2
    exit 64
}

# One line a product: "bestays" for apps/bestays-api.
products() {
    local dir
    for dir in apps/*-api/; do
        [[ -d $dir ]] || continue
        dir=${dir#apps/}
        printf '%s\n' "${dir%-api/}"
    done
}

# A product's own small number: the Redis database of its default settings. Another product changes nobody's.
product_number() {
    sed -n 's#^ *\.redis_url = "redis://[^/]*/\([0-9]*\)",$#\1#p' "apps/$1-api/product.c"
}

# Refuses a name that is no product; names what there is.
require_product() {
    # Not in a pipe: a reader that leaves early breaks it for the writer, which pipefail takes for a failure.
    grep -qxF -- "${1:-}" <<<"$(products)" ||
        die "'${1:-}' is not a product; use one of: $(products | paste -sd ' ')"
}

upper() {
    tr '[:lower:]-' '[:upper:]_' <<<"$1"
}

# absolute PATH: as the caller means it.
absolute() {
    [[ $1 == /* ]] && printf '%s\n' "$1" || printf '%s/%s\n' "$CALLER" "$1"
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        die "'$1' needs root: run this script as root, or install sudo"
    fi
}

# First port from PREFERRED on that nobody listens on; a random one to begin with if PREFERRED is 0.
free_port() {
    local port=$1
    ((port)) || port=$((20000 + RANDOM % 12000))
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 1))
    done
    printf '%s\n' "$port"
}

# secret_file FILE: makes FILE once, with 256 random bits in hex that only its owner can read.
secret_file() {
    [[ -s $1 ]] && return
    mkdir -p "$(dirname "$1")"
    (umask 077 && openssl rand -hex 32 >"$1.new" && mv "$1.new" "$1")
}

# pid_is PIDFILE PROGRAM: prints the pid if it lives and still runs PROGRAM (pids are used again after a crash).
pid_is() {
    local pid
    [[ -s $1 ]] && { read -r pid || [[ $pid ]]; } <"$1" || return 1 # the last line may lack its end
    [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == "$2"* ]] || return 1
    printf '%s\n' "$pid"
}

# stop_pid PIDFILE PROGRAM SECONDS: asks it to end, waits, insists.
stop_pid() {
    local pid tenths=$(($3 * 10))
    if pid=$(pid_is "$1" "$2"); then
        kill -TERM "$pid"
        while ((tenths-- > 0)) && pid_is "$1" "$2" >/dev/null; do
            sleep 0.1
        done
        pid_is "$1" "$2" >/dev/null && kill -KILL "$pid"
    fi
    rm -f "$1"
}
