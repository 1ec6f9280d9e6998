#!/usr/bin/env bash
# Do the databases of all products stand on the same shared migrations? Names and checksums are compared, as the
# databases remember them; a product's own migrations (migrations/PRODUCT/) are its own business. Changes nothing.
#   scripts/sync-migrations.sh [--env-dir DIR]
# The databases are those of development, whose Postgres is started if it does not run; with --env-dir those that
# DIR/PRODUCT.env name. BUILD_DIR: where bin/PRODUCT-api is, instead of build/release.
# Exit code 1: there is a difference, and every one is told in a line.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

while (($#)); do
    case $1 in
        --env-dir) use_env_dir "${2:-}" && shift 2 ;;
        *) usage ;;
    esac
done

# One line a migration that the product shares with others: name, product, state, checksum.
shared_migrations() {
    local product=$1 status number state at name checksum
    status=$(product_run "$product" migrate --status) || return
    while read -r number state at name checksum; do
        [[ -n $number && -n $at ]] || die "$product: cannot read what migrate --status says"
        [[ -e migrations/$product/$name ]] || printf '%s %s %s %s\n' "$name" "$product" "$state" "$checksum"
    done <<<"$status"
}

# One line a difference, of lines sorted by name.
differences() {
    awk -v products="$(products | paste -sd ' ')" '
        function tell(    i, product, first, here, differ, line) {
            for (i = 1; i <= count; i++) {
                product = name_of[i]
                here = (product in seen) ? seen[product] : "unknown to the program"
                if (i == 1) first = here
                differ = differ || here != first || here ~ /^changed/
                line = line (i > 1 ? ", " : "") product ": " here
            }
            if (differ) print migration ": " line
            delete seen
        }
        BEGIN { count = split(products, name_of, " ") }
        $1 != migration { if (migration != "") tell(); migration = $1 }
        { seen[$2] = ($3 == "pending") ? "pending" : $3 " " substr($4, 1, 12) }
        END { if (migration != "") tell() }'
}

[[ -n $ENV_DIR ]] || start_services
lines=''
for product in $(products); do
    lines+=$(shared_migrations "$product")$'\n' || die "$product does not tell what its database stands on"
done
lines=$(sed '/^$/d' <<<"$lines" | sort)
found=$(differences <<<"$lines")
if [[ -n $found ]]; then
    printf '%s\n' "$found"
    die "$(wc -l <<<"$found") of $(cut -d' ' -f1 <<<"$lines" | sort -u | wc -l) shared migrations differ"
fi
printf '%s shared migrations, the same in %s\n' "$(cut -d' ' -f1 <<<"$lines" | sort -u | wc -l)" "$(products | paste -sd ' ')"
