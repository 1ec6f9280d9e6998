#!/usr/bin/env bash
# Proves on minimal Debian systems that nothing but the checkout is needed: each release is unpacked into a folder, the
# last commit is cloned into it, and scripts/run.sh and scripts/test.sh run inside. Needs root and debootstrap.
#   scripts/test-fresh.sh [--steps "setup run test"|--steps user] [12|13]...
# The base systems and the downloaded packages are kept under .dev/fresh/.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/packages.sh
source scripts/lib/packages.sh

CHECKOUT=/srv/fresh.$$ # a name that no file holds: the style checks look for those of this machine

# Name resolution, registries, and a folder for packages that outlives the system.
share_network() {
    local name=$1 system=$2
    cp /etc/resolv.conf /etc/hosts "$system/etc/"
    machine_settings "$name" "$system"
    mkdir -p "$FRESH/$name.archives/partial" "$system/var/cache/apt/archives"
    mount --bind "$FRESH/$name.archives" "$system/var/cache/apt/archives"
}

# Runs in namespaces of its own: when it ends, so does every process and mount that it made.
inside() {
    local name=$1 steps=$2 system=$FRESH/$1.system settings
    mkdir "$system"
    tar -C "$system" -xf "$FRESH/$name.tar"
    mount -t proc proc "$system/proc"
    mount --rbind /sys "$system/sys"
    mount --rbind /dev "$system/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$system/dev/shm"
    share_network "$name" "$system"
    git clone -q --no-hardlinks "$ROOT" "$system$CHECKOUT"
    mapfile -t settings < <(env | grep -iE '^(https?|no|all)_proxy=' || true)
    # shellcheck disable=SC2086 # one word a step
    chroot "$system" /usr/bin/env -i "${settings[@]}" PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
        npm_config_registry="$(npm config get registry 2>/dev/null)" npm_config_cafile=/etc/machine-certificates.crt \
        bash "$CHECKOUT/tests/fresh/inside.sh" $steps
}

test_release() {
    local name log verdict=0
    name=$(codename "$1")
    log=$FRESH/$name.log
    make_base "$name"
    rm -rf "$FRESH/$name.system"
    say "Debian $1: running '$2'; log $log"
    unshare --mount --pid --fork --kill-child "$ROOT/scripts/test-fresh.sh" --inside "$name" "$2" >"$log" 2>&1 || verdict=$?
    rm -rf "$FRESH/$name.system"
    if ((verdict)); then
        tail -n 40 "$log"
        echo "FAIL Debian $1"
    else
        grep '^fresh: ' "$log" || true
        echo "PASS Debian $1"
    fi
    return "$verdict"
}

if [[ ${1:-} == --inside ]]; then
    inside "$2" "$3"
    exit
fi
steps='setup run test'
if [[ ${1:-} == --steps ]]; then
    steps=${2:?}
    shift 2
fi
((EUID == 0)) || die "run this as root: it makes file systems and mounts"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
(($#)) || set -- 12 13
failures=0
for release in "$@"; do
    test_release "$release" "$steps" || failures=$((failures + 1))
done
exit $((failures > 0))
