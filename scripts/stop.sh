#!/usr/bin/env bash
# Stops what scripts/run.sh started. The data stays; removing .dev/ removes it.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

[[ -d $DEV ]] || exit 0
for product in $(products); do
    stop_api "$product"
done
services_stop "$DEV"
say "stopped"
