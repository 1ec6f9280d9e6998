#!/bin/sh
# Style checks: scripts/check.sh runs all of them, scripts/check.sh NAME ... the ones named. Exit code 1 if any fails.
# scripts/check.sh --fix formats the C files. With CC set, that compiler checks the headers.
set -u
cd "$(dirname "$0")/.." || exit 1
export PYTHONDONTWRITEBYTECODE=1
FORMATTER_MAJOR=14 # of Debian 12; each major version wraps a little differently
ALL="format size layers words headers machine docs seeds shell python selftest"

need() {
    command -v "$1" >/dev/null && return 0
    echo "$1 is not installed" >&2
    return 1
}

ours() {
    for folder in "$@"; do
        [ ! -d "$folder" ] || printf '%s\n' "$folder"
    done
}

format() {
    formatter=${CLANG_FORMAT:-clang-format}
    need "$formatter" || return 1
    case $("$formatter" --version) in
    *"version $FORMATTER_MAJOR."*) ;;
    *)
        echo "$formatter is not version $FORMATTER_MAJOR; name one that is in CLANG_FORMAT" >&2
        return 1
        ;;
    esac
    # shellcheck disable=SC2046 # one word a folder
    find $(ours libs apps tests fuzz bench) -name node_modules -prune -o \( -name '*.c' -o -name '*.h' \) -print0 |
        xargs -0 -r "$formatter" "$@"
}

check_shell() {
    need shellcheck || return 1
    # shellcheck disable=SC2046 # one word a folder
    find $(ours scripts docker tests bench) -name node_modules -prune -o -name '*.sh' -print0 | xargs -0 -r shellcheck --external-sources --source-path=. --severity=warning
}

# That each file can be read at all: one that cannot is a suite that does not run.
check_python() {
    # shellcheck disable=SC2046 # one word a folder
    find $(ours scripts seeds tests bench) -name node_modules -prune -o -name '*.py' -print0 | xargs -0 -r python3 -c '
import ast, sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        ast.parse(file.read(), path)'
}

run() {
    case $1 in
    format) format --dry-run --Werror ;;
    --fix) format -i ;;
    shell) check_shell ;;
    python) check_python ;;
    seeds) python3 seeds/check.py ;;
    selftest) python3 -m unittest discover -q -s tests/style ;;
    size | layers | words | headers | machine | docs) python3 "scripts/check_$1.py" ;;
    *)
        echo "unknown check: $1 (there are: $ALL)" >&2
        return 1
        ;;
    esac
}

failed=""
# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $ALL
for name in "$@"; do
    run "$name" || failed="$failed $name"
done
[ -z "$failed" ] || {
    echo "failed:$failed" >&2
    exit 1
}
