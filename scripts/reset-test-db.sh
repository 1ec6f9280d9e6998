#!/usr/bin/env bash
# Makes a product's test database anew: empty but for the migrations.
#   scripts/reset-test-db.sh PRODUCT [--database NAME]
# NAME is PRODUCT_db_test unless given. A database that is not the product's, or whose name does not have the word
# "test" in it, is refused: what is in it is lost.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

require_product "${1:-}"
product=$1
shift
database=${product}_db_test
while (($#)); do
    case $1 in
        --database) database=${2:-} && shift 2 ;;
        *) usage ;;
    esac
done
# "latest" and "contest" only sound like it.
[[ $database =~ ^${product}_([a-z0-9]+_)*test(_[a-z0-9]+)*$ ]] ||
    die "'$database' is not a test database of $product: its name is ${product}_..., with the word \"test\" between underscores"

start_services
superuser_psql "$DEV" -d postgres -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"
services_provision_one "$DEV" "$product" "$database"
DATABASE_URL=$(database_url "$DEV" "${product}_user" "$database") \
    MIGRATE_DATABASE_URL=$(database_url "$DEV" "${product}_migrate" "$database") \
    "$(program "$product")" migrate --env-file "$DEV/$product/.env"
say "$database is new"
