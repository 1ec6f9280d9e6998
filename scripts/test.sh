#!/usr/bin/env bash
# Builds everything, with gcc and with clang, and runs every test: unit, SQL, black box, browser, style, and the
# hardening of what is deployed. Needs nothing but this checkout; tests start their own Postgres and Redis.
# Arguments go to ctest: scripts/test.sh -L unit
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

build() {
    say "building $1"
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$1"
}

started=$SECONDS
scripts/setup.sh
build dev
build release
build clang
say "testing"
verdict=0
ctest --test-dir build/release --output-on-failure --no-tests=error -R hardening || verdict=$?
ctest --test-dir build/dev --output-on-failure --no-tests=error -j "$(nproc)" "$@" || verdict=$?
say "$( ((verdict == 0)) && echo 'all tests passed' || echo 'SOME TESTS FAILED') after $((SECONDS - started)) s"
exit "$verdict"
