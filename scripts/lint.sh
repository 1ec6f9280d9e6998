#!/bin/sh
# Static analysis: clang-tidy over all sources of a configured build, scripts/lint.sh [BUILD-DIRECTORY] [FILE-PATTERN].
# Minutes on a small machine, so it is not one of the style checks.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/clang}
pattern=${2:-/(libs|apps|fuzz)/}

[ -f "$build/compile_commands.json" ] || {
    echo "$build is not configured; run cmake --preset clang" >&2
    exit 1
}
# Generated sources (embedded SQL) are not ours to lint.
exec run-clang-tidy -quiet -p "$build" "^(?!.*/generated/).*$pattern"
