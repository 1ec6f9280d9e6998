#!/usr/bin/env bash
# Proves the images and both compose files by running them: installs a Docker engine from Debian where none runs, builds a
# stand-in for each image that would have to be pulled, builds ours, brings development and then production up, and runs the tests of
# tests/compose against them. Needs root and debootstrap; no image comes from the internet.
#   scripts/test-compose.sh [--keep] [development|production]...
# --keep leaves the engine running.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/packages.sh
source scripts/lib/packages.sh

ENGINE=$DEV/docker
LOG=$ENGINE/log
STARTED=$SECONDS

keep=0
if [[ ${1:-} == --keep ]]; then
    keep=1
    shift
fi
(($#)) || set -- development production
((EUID == 0)) || die "run this as root: it starts a Docker engine"

# The engine that runs, or one of our own, which is stopped again.
start_engine() {
    if docker info >/dev/null 2>&1; then
        keep=1
        return
    fi
    local packages=(docker.io docker-compose iptables)
    (($(debian_release) < 13)) || packages+=(docker-cli)
    install_packages "${packages[@]}"
    export DOCKER_HOST=unix://$ENGINE/docker.sock
    docker info >/dev/null 2>&1 && return
    say "starting a Docker engine"
    setsid dockerd --data-root "$ENGINE/data" --exec-root "$ENGINE/run" --pidfile "$ENGINE/pid" --host "$DOCKER_HOST" \
        --default-address-pool base=172.30.0.0/16,size=24 </dev/null >"$ENGINE/engine.log" 2>&1 &
    local tenths=600
    until docker info >/dev/null 2>&1; do
        ((tenths-- > 0)) || die "the engine does not start; its log is $ENGINE/engine.log"
        sleep 0.1
    done
}

stop_engine() {
    stop_pid "$ENGINE/pid" /usr/sbin/dockerd 30
}

has_image() {
    docker image inspect "$1" >/dev/null 2>&1
}

# The base of all images, under the name that the Dockerfiles use. The machine's own way to its registries is in it, and
# documentation is not, as in the one that it stands for.
make_base_image() {
    local system=$ENGINE/base
    has_image debian:13-slim && return
    make_base trixie
    say "importing debian:13-slim"
    rm -rf "$system"
    mkdir -p "$system"
    tar -C "$system" -xf "$FRESH/trixie.tar"
    machine_settings trixie "$system"
    rm -rf "$system"/usr/share/{doc,man,info,locale}/* "$system"/var/lib/apt/lists/* "$system"/var/cache/apt/*.bin
    tar -C "$system" -c . | docker import --change 'CMD ["bash"]' - debian:13-slim >/dev/null
    rm -rf "$system"
}

# build NAME ARGUMENTS: quietly; with the network of the machine, which is where its registries are.
build() {
    local name=$1 setting settings=()
    shift
    for setting in http_proxy https_proxy no_proxy; do
        [[ -z ${!setting:-} ]] || settings+=(--build-arg "$setting")
    done
    say "building $name"
    DOCKER_BUILDKIT=0 docker build --network host "${settings[@]}" -t "$name" "$@" >"$LOG" 2>&1 || {
        tail -n 30 "$LOG" >&2
        die "$name does not build; the log is $LOG"
    }
}

# stand_in IMAGE FOLDER
stand_in() {
    has_image "$1" || build "$1" "tests/compose/$2"
}

build_images() {
    local product target
    stand_in pgvector/pgvector:0.8.0-pg17 postgres
    stand_in redis:8.0.2 redis
    stand_in nginx:1.26.3 nginx
    for product in $(products); do
        for target in dev prod; do
            build "$product-api:$target" -f docker/Dockerfile --target "$target" --build-arg PRODUCT="$product" \
                --build-arg NPM_CONFIG_REGISTRY="$(npm config get registry 2>/dev/null)" \
                --build-arg NPM_CONFIG_CAFILE=/etc/machine-certificates.crt .
        done
    done
}

bytes() {
    docker image inspect --format '{{.Size}}' "$1"
}

print_sizes() {
    local product base
    base=$(bytes debian:13-slim)
    for product in $(products); do
        printf '%s-api:prod is %d MB above its base\n' "$product" $((($(bytes "$product-api:prod") - base) / 1000000))
    done
}

run_tests() {
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests /usr/bin/python3 -m pytest -q -rP --tb=short -p no:cacheprovider "tests/compose/test_$1.py"
}

mkdir -p "$ENGINE"
install_packages debootstrap openssl python3-pytest python3-cryptography python3-yaml
start_engine
((keep)) || trap stop_engine EXIT
make_base_image
build_images
print_sizes
for part in "$@"; do
    say "$part: up, tests, down"
    run_tests "$part"
done
say "all of it passed after $((SECONDS - STARTED)) s"
