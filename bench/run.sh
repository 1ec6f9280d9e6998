#!/usr/bin/env bash
# One interleaved benchmark run: installs what is missing, builds the release binaries, measures, prints the table.
#   bench/run.sh [--quick] [--rounds N] [--seconds S] [--only NAME,NAME] [--rows N] [--keep]
# --keep also writes the tables into docs/performance.md. bench/README.md explains the rest.
set -euo pipefail
# shellcheck source=../scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib/common.sh"
case ${1:-} in
    -h | --help) exec /usr/bin/python3 bench/run.py --help ;;
esac
scripts/setup.sh
bench/setup.sh
say "building"
cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
exec /usr/bin/python3 bench/run.py "$@" # the peers are Debian's packages, so it is Debian's Python
