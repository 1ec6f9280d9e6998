#!/usr/bin/env bash
# Makes the secrets of a compose installation, one a file, for every product there is. What is there already stays, so that it
# may run again: after a new product, or after the file of one secret was removed to have it changed.
#   scripts/make-secrets.sh DIR [--development]
# DIR/PRODUCT/ belongs to the user of the images (1000), so this runs as root. Left empty for you to fill, but with
# --development, where keys to sign in with are made: clerk_secret_key, clerk_webhook_secret, clerk_jwt_key, openai_api_key,
# database_read_url.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

IMAGE_USER=1000

(($# >= 1)) || usage
dir=$(absolute "$1")
case ${2:-} in
    '') development=0 ;;
    --development) development=1 ;;
    *) usage ;;
esac
((EUID == 0)) || die "run this as root: the folders of the products belong to the user of the images"

# put FILE TEXT: in one step, and only if it says something else than before.
put() {
    [[ -e $1 && $(cat "$1") == "$2" ]] && return
    (umask 077 && printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1")
}

# put_address FILE PASSWORD_FILE TEXT: only with a password that is new, for an address of the operator's own stays.
put_address() {
    [[ -e $1 && ! $2 -nt $1 ]] || put "$1" "$3"
}

# to_fill FILE: empty until somebody writes into it.
to_fill() {
    [[ -e $1 ]] || install -m 600 /dev/null "$1"
}

# Keys to sign in with, unless the product has a Clerk application of its own.
development_keys() {
    local product=$1 mine=$dir/$1 clerk
    clerk=$(upper "$product")_CLERK_PUBLISHABLE_KEY
    if [[ ${!clerk:-} ]]; then
        put "$mine/clerk_jwt_key" ''
        put "$mine/clerk_private_key" ''
        return
    fi
    put "$mine/clerk_jwt_key" "$(DEV=$dir development_key "$product")"
    put "$mine/clerk_private_key" "$(cat "$mine/clerk-private.pem")"
    secret_file "$mine/webhook_password"
    put "$mine/clerk_webhook_secret" "whsec_$(tr -d '\n' <"$mine/webhook_password" | base64 -w0)"
}

make_product() {
    local product=$1 mine=$dir/$1 name
    install -d -m 700 "$mine"
    for name in migrate_password user_password ro_password redis_password metrics_token; do
        secret_file "$mine/$name"
    done
    put "$mine/database" "${product}_db$( ((development)) && echo _dev || true)"
    put_address "$mine/database_url" "$mine/user_password" \
        "postgresql://${product}_user:$(cat "$mine/user_password")@postgres:5432/$(cat "$mine/database")"
    put_address "$mine/migrate_database_url" "$mine/migrate_password" \
        "postgresql://${product}_migrate:$(cat "$mine/migrate_password")@postgres:5432/$(cat "$mine/database")"
    put_address "$mine/redis_url" "$mine/redis_password" \
        "redis://$product:$(cat "$mine/redis_password")@redis:6379/$(product_number "$product")"
    if ((development)); then
        development_keys "$product"
        put "$mine/openai_api_key" "${OPENAI_API_KEY:-}"
    fi
    for name in clerk_secret_key clerk_webhook_secret clerk_jwt_key openai_api_key database_read_url; do
        to_fill "$mine/$name"
    done
    chown -R "$IMAGE_USER:$IMAGE_USER" "$mine"
}

redis_users() {
    local product
    echo 'user default off'
    for product in $(products); do
        redis_acl "$product" "$(secret_hash "$dir/$product/redis_password")"
    done
}

install -d -m 755 "$dir" "$dir/redis"
install -d -m 700 "$dir/postgres"
secret_file "$dir/postgres/superuser_password"
for product in $(products); do
    make_product "$product"
done
put "$dir/redis/users.acl" "$(redis_users)"
chmod 444 "$dir/redis/users.acl" # hashes of random passwords
