#!/usr/bin/env bash
# psql in a product's development database, with the server's own rights:
#   scripts/psql.sh PRODUCT [arguments of psql]
# Another role or database: scripts/psql.sh bestays -U bestays_migrate -d bestays_db_test
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

require_product "${1:-}"
PGHOST=$(service_value "$DEV" PGHOST)
PGPORT=$(service_value "$DEV" PGPORT)
export PGHOST PGPORT PGUSER=$1_user PGDATABASE=$1_db_dev
exec psql "${@:2}"
