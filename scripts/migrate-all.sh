#!/usr/bin/env bash
# Applies pending migrations to the development database of every product. Starts Postgres and Redis if they are not
# running; scripts/stop.sh stops them.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

start_services
for product in $(products); do
    say "$product"
    product_run "$product" migrate
done
