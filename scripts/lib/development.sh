# shellcheck shell=bash
# One product on this machine: keys, env file, program. Needs common.sh and services.sh.

BUILD=${BUILD_DIR:-$ROOT/build/release}
FIRST_PORT=8101
ENV_DIR= # see use_env_dir

program() {
    printf '%s/bin/%s-api\n' "$BUILD" "$1"
}

# BESTAYS_PORT, REALESTATE_PORT, ... or 8101 and up by the products' numbers.
product_port() {
    local variable
    variable=$(upper "$1")_PORT
    printf '%s\n' "${!variable:-$((FIRST_PORT + $(product_number "$1")))}"
}

product_url() {
    printf 'http://127.0.0.1:%s\n' "$(product_port "$1")"
}

# An RSA pair that signs sign-in tokens here; the server gets the public half, as it would get Clerk's.
development_key() {
    local key=$DEV/$1/clerk-private.pem
    [[ -s $key ]] || (umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$key")
    openssl pkey -in "$key" -pubout | sed '/^-----/d' | tr -d '\n'
}

# The settings in which development differs from the example.
development_settings() {
    local product=$1 name services
    name=$(upper "$product")
    services=$(services_print "$DEV")
    printf '%s\n' 'ENVIRONMENT=development' 'BIND_ADDR=127.0.0.1' "PORT=$(product_port "$product")" \
        'SHUTDOWN_GRACE_SECONDS=3' 'CLERK_SECRET_KEY=' \
        "CLERK_PUBLISHABLE_KEY=pk_test_$(printf 'clerk.%s.localhost$' "$product" | base64 -w0 | tr -d =)" \
        "CLERK_WEBHOOK_SECRET=whsec_$(webhook_secret "$product")" \
        "CLERK_JWT_KEY=$(development_key "$product")" "CLERK_DEV_PRIVATE_KEY_FILE=$DEV/$product/clerk-private.pem" \
        'RATE_LIMIT_GUEST_PER_MINUTE=6000' 'RATE_LIMIT_USER_PER_MINUTE=12000' 'RATE_LIMIT_ADMIN_PER_MINUTE=60000' \
        'RATE_LIMIT_FAQ_SEARCH_PER_MINUTE=3000' \
        'RATE_LIMIT_CHAT_GUEST_PER_MINUTE=500' 'RATE_LIMIT_CHAT_GUEST_PER_DAY=2000' 'RATE_LIMIT_CHAT_ADDRESS_PER_DAY=6000' \
        'RATE_LIMIT_CHAT_USER_PER_MINUTE=1000' 'RATE_LIMIT_CHAT_USER_PER_DAY=10000' \
        'RATE_LIMIT_INQUIRIES_PER_HOUR=500'
    sed -n -E "s/^${name}_((MIGRATE_)?DATABASE_URL|REDIS_URL)=/\1=/p" <<<"$services"
}

webhook_secret() {
    secret_file "$DEV/secrets/webhook_$1"
    tr -d '\n' <"$DEV/secrets/webhook_$1" | base64 -w0
}

# The product's example with the development settings put in their places.
write_env_file() {
    local product=$1 file=$DEV/$1/.env
    mkdir -p "$DEV/$product"
    install -m 600 /dev/null "$file.new"
    {
        echo '# Written by scripts/run.sh; changes here are overwritten.'
        awk -F= 'NR == FNR {value[$1] = $0; next} $1 in value {print value[$1]; delete value[$1]; next} {print}
            END {for (name in value) print value[name]}' \
            <(development_settings "$product") "apps/$product-api/$product.env.example"
    } >"$file.new"
    mv "$file.new" "$file"
}

# use_env_dir DIR: from here on the settings of a product are DIR/PRODUCT.env.
use_env_dir() {
    local product
    [[ -d ${1:-} || -d $CALLER/${1:-} ]] || die "--env-dir needs a folder"
    ENV_DIR=$(absolute "$1")
    for product in $(products); do
        [[ -r $ENV_DIR/$product.env ]] || die "$ENV_DIR/$product.env cannot be read"
    done
}

env_file() {
    printf '%s\n' "${ENV_DIR:-$DEV/$1}/${ENV_DIR:+$1}.env"
}

# product_command PRODUCT ARGUMENTS: fills the array "command" with the program, its arguments and its env file. What
# must differ between the products is not taken from the caller's environment, which would win over the file.
product_command() {
    local product=$1 name
    shift
    [[ -x $(program "$product") ]] || die "$(program "$product") is missing: run scripts/run.sh"
    [[ -s $(env_file "$product") ]] || die "$(env_file "$product") is missing: run scripts/run.sh"
    command=(env)
    for name in PRODUCT_ID PORT DATABASE_URL MIGRATE_DATABASE_URL REDIS_URL REDIS_KEY_PREFIX; do
        command+=("--unset=$name")
    done
    command+=("$(program "$product")" "$@" --env-file "$(env_file "$product")")
}

product_run() {
    local command
    product_command "$@"
    "${command[@]}"
}

# Servers up, databases made, env files written; at once if they are already. The ports are below those that the kernel
# gives to outgoing connections, one of which could hold a higher one for a while.
start_services() {
    local product
    services_start "$DEV" "${POSTGRES_PORT:-25432}" "${REDIS_PORT:-26380}" 0
    for product in $(products); do
        write_env_file "$product"
    done
}

start_api() {
    local product=$1 port command
    port=$(product_port "$product")
    [[ $(free_port "$port") == "$port" ]] ||
        die "port $port is in use: stop that program, or choose another with $(upper "$product")_PORT"
    product_command "$product" serve
    setsid "${command[@]}" </dev/null >>"$DEV/$product/api.log" 2>&1 &
    echo $! >"$DEV/$product/api.pid"
}

api_is_alive() {
    kill -0 "$(cat "$DEV/$1/api.pid")" 2>/dev/null
}

# The file goes first: who watches the program then sees that it was asked to end before it does.
stop_api() {
    mv -f "$DEV/$1/api.pid" "$DEV/$1/stopping.pid" 2>/dev/null || true
    stop_pid "$DEV/$1/stopping.pid" "$(program "$1")" 10
}

# Returns when the product answers /ready with 200; tells why not.
wait_until_ready() {
    local product=$1 tenths=600
    until curl -fs -o /dev/null --max-time 2 "$(product_url "$product")/ready"; do
        if ((tenths-- <= 0)) || ! api_is_alive "$product"; then
            tail -n 20 "$DEV/$product/api.log" >&2
            die "$product did not become ready; its log is $DEV/$product/api.log"
        fi
        sleep 0.1
    done
}
