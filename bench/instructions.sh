#!/usr/bin/env bash
# Counts instructions in user space with callgrind: installs what is missing, builds the release binaries, prints the counts.
#   bench/instructions.sh [--only requests,chat]
set -euo pipefail
# shellcheck source=../scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib/common.sh"
scripts/setup.sh
bench/setup.sh
say "building"
cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
exec /usr/bin/python3 bench/instructions.py "$@"
