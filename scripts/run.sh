#!/usr/bin/env bash
# From a fresh checkout to running products: installs what is missing, builds, starts a private Postgres and Redis
# under .dev/, migrates and seeds the databases, starts every product.
#   scripts/run.sh            runs until Ctrl-C, which stops everything
#   scripts/run.sh --detach   returns when all are ready; scripts/stop.sh stops them
# Ports: BESTAYS_PORT, REALESTATE_PORT (8101, 8102), POSTGRES_PORT (25432), REDIS_PORT (26380). DEV_DIR: instead of .dev/.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
scripts/setup.sh
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

detach=0
case ${1:-} in
    '') ;;
    --detach) detach=1 ;;
    *) die "unknown argument '$1'; the only one is --detach" ;;
esac

build() {
    say "building"
    if ! cmake --preset release >"$DEV/build.log" 2>&1 || ! cmake --build --preset release >>"$DEV/build.log" 2>&1; then
        tail -n 40 "$DEV/build.log" >&2
        die "the build failed; its log is $DEV/build.log"
    fi
}

start_products() {
    local product
    for product in $(products); do
        say "$product: migrating and seeding"
        stop_api "$product"
        product_run "$product" migrate >>"$DEV/$product/migrate.log"
        product_run "$product" seed --from "seeds/$product" >>"$DEV/$product/migrate.log"
        start_api "$product"
    done
    for product in $(products); do
        wait_until_ready "$product"
    done
}

print_summary() {
    local product url first=''
    for product in $(products); do
        first=${first:-$product}
        url=$(product_url "$product")
        printf '\n%s\n  API    %s/api/v1\n  docs   %s/docs\n  log    %s\n  user   %s\n  admin  %s\n' "$product" "$url" "$url" \
            "$DEV/$product/api.log" "$(scripts/token.sh "$product" --role user)" "$(scripts/token.sh "$product" --role admin)"
    done
    url=$(product_url "$first")
    cat <<END

Try:
  curl '$url/api/v1/properties?limit=3'
  curl -H "Authorization: Bearer \$(scripts/token.sh $first)" $url/api/v1/users/me
  curl '$url/api/v1/properties?near=7.89,98.30&radius_km=30&sort=distance&limit=3'
END
}

# Blocks while all products live, or until somebody else stops them or starts others in their place.
watch_products() {
    local product pid lives
    declare -A started
    for product in $(products); do
        started[$product]=$(cat "$DEV/$product/api.pid")
    done
    printf '\nCtrl-C stops everything.\n'
    # No command substitution from here on: bash may lose a signal that comes in the middle of one.
    while true; do
        sleep 1 &
        wait $! || true
        for product in "${!started[@]}"; do
            lives=1
            kill -0 "${started[$product]}" 2>/dev/null || lives=0
            pid='' # read after that: who stops a program takes its file away first
            { read -r pid <"$DEV/$product/api.pid"; } 2>/dev/null || true
            [[ $pid == "${started[$product]}" ]] || return 0
            ((lives)) || die "$product ended; its log is $DEV/$product/api.log"
        done
    done
}

# Asked once more, it goes on stopping.
stop_all() {
    trap '' INT TERM HUP
    scripts/stop.sh
}

mkdir -p "$DEV"
build
trap stop_all EXIT
trap 'exit 130' INT TERM HUP
say "starting Postgres and Redis"
start_services
start_products
print_summary
if ((detach)); then
    trap - EXIT
    printf '\nscripts/stop.sh stops everything.\n'
else
    watch_products
    trap - EXIT
    say "stopped or started anew from elsewhere"
fi
