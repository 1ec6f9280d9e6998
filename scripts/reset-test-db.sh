#!/usr/bin/env bash
# Makes a product's test database anew: empty but for the migrations.
#   scripts/reset-test-db.sh PRODUCT
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

require_product "${1:-}"
product=$1
database=${product}_db_test

start_services
superuser_psql "$DEV" -d postgres -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"
services_provision "$DEV" "$product"
DATABASE_URL=$(database_url "$DEV" "${product}_user" "$database") \
    MIGRATE_DATABASE_URL=$(database_url "$DEV" "${product}_migrate" "$database") \
    "$(program "$product")" migrate --env-file "$DEV/$product/.env"
say "$database is new"
