#!/usr/bin/env bash
# Brings the database of every product to the newest version, one after the other, and stops at the first that fails.
#   scripts/migrate-all.sh [--dry-run] [--env-dir DIR]
# The databases are those of development, whose Postgres is started if it does not run; with --env-dir those that
# DIR/PRODUCT.env name. --dry-run (or DRY_RUN=1) changes none of them and lists what is pending. BUILD_DIR: where
# bin/PRODUCT-api is, instead of build/release.
# Exit code 1: a product failed. Those before it are done, those after it were not touched.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

dry_run=${DRY_RUN:-0}
while (($#)); do
    case $1 in
        --dry-run) dry_run=1 && shift ;;
        --env-dir) use_env_dir "${2:-}" && shift 2 ;;
        *) usage ;;
    esac
done

# The names of a product's migrations in one state: applied, changed or pending.
migrations_that_are() {
    awk -v state="$1" '$2 == state {print $4}' <<<"$2"
}

tell_pending() {
    local product=$1 status changed pending
    status=$(product_run "$product" migrate --status) || return
    changed=$(migrations_that_are changed "$status" | paste -sd ' ')
    pending=$(migrations_that_are pending "$status" | paste -sd ' ')
    [[ -z $changed ]] || {
        printf '%s: changed after being applied: %s\n' "$product" "$changed" >&2
        return 1
    }
    printf '%s: %s pending%s\n' "$product" "$(wc -w <<<"$pending")" "${pending:+: $pending}"
}

migrate() {
    local product=$1 said
    said=$(product_run "$product" migrate) || return
    printf '%s: %s\n' "$product" "$said"
}

[[ -n $ENV_DIR ]] || start_services
step=migrate
((!dry_run)) || step=tell_pending
done_before=()
for product in $(products); do
    "$step" "$product" ||
        die "$product failed; done before it: ${done_before[*]:-none}; nothing after it was touched"
    done_before+=("$product")
done
