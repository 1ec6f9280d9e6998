#!/usr/bin/env bash
# Installs what building, running and testing need on Debian 12 or 13, as root or with sudo. Takes minutes the first
# time and well under a second when nothing is missing. Starts no system service.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/packages.sh
source scripts/lib/packages.sh

PACKAGES=(
    # build
    gcc libc6-dev cmake ninja-build pkg-config ccache git
    libmicrohttpd-dev libuv1-dev libpq-dev libhiredis-dev libjansson-dev libcurl4-openssl-dev libssl-dev libjwt-dev
    # run
    redis-server openssl ca-certificates curl procps
    # test
    check clang python3 python3-pytest python3-cryptography python3-yaml chromium nginx clang-format shellcheck
)

# pgvector is a package from Debian 13 on. Debian 12 builds the same version from the next release's source package; so it does
# with PgBouncer.
PGVECTOR_SOURCE=pgvector_0.8.0
PGVECTOR_SHA256="\
a71780bf7ab9901094a3d9869c489b6e2bcb858a8c14a5fa52d159933e016308  ${PGVECTOR_SOURCE}-1.dsc
867a2c328d4928a5a9d6f052cd3bc78c7d60228a9b914ad32aa3db88e9de27b0  ${PGVECTOR_SOURCE}.orig.tar.gz
6cb10bfdee32a093f0711a53d61f63657514d60058ff76a44ae2a4434f9c7ee5  ${PGVECTOR_SOURCE}-1.debian.tar.xz"

# fetch_source PACKAGE: Debian 13's source package, into the current folder, with lists of its own: the machine's apt stays as it is.
fetch_source() {
    local mirror apt_private
    mirror=$(debian_mirror trixie)
    [[ -n $mirror ]] || die "apt has no mirror for this release's 'main': check /etc/apt/sources.list.d"
    mkdir -p lists/partial cache/archives/partial
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >sources.list
    apt_private=(-q -o "Dir::Etc::sourcelist=$PWD/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$PWD/lists"
        -o "Dir::Cache=$PWD/cache" -o APT::Sandbox::User="$(id -un)")
    apt-get "${apt_private[@]}" update
    apt-get "${apt_private[@]}" source --download-only "$1"
}

build_pgvector() {
    local pg_config=$1 folder
    folder=$(mktemp -d)
    say "building pgvector 0.8.0"
    (
        cd "$folder"
        fetch_source pgvector=0.8.0-1
        sha256sum --check --quiet <<<"$PGVECTOR_SHA256" || die "the source of pgvector is not the one expected"
        dpkg-source --extract "$PGVECTOR_SOURCE-1.dsc" source
        make -s -C source -j"$(nproc)" with_llvm=no PG_CONFIG="$pg_config"
        as_root make -s -C source install with_llvm=no PG_CONFIG="$pg_config"
    )
    rm -rf "$folder"
}

# Without a version of its own: what apt has verified, with the security fixes of the day.
build_pgbouncer() {
    local folder
    folder=$(mktemp -d)
    say "building PgBouncer"
    (
        cd "$folder"
        fetch_source pgbouncer
        dpkg-source --extract pgbouncer_*.dsc source
        cd source
        ./configure --quiet --without-cares --without-pam
        make -s -j"$(nproc)" pgbouncer
        as_root install -m 755 pgbouncer /usr/local/sbin/pgbouncer
    )
    rm -rf "$folder"
}

install_pgvector() {
    if (($1 >= 13)); then
        install_packages postgresql-17-pgvector
    elif [[ ! -e /usr/share/postgresql/15/extension/vector.control ]]; then
        install_packages postgresql-server-dev-15 dpkg-dev make
        build_pgvector /usr/lib/postgresql/15/bin/pg_config
    fi
}

# Debian 12's cannot keep prepared statements in transaction mode.
install_pgbouncer() {
    if (($1 >= 13)); then
        install_packages pgbouncer
    elif [[ ! -x /usr/local/sbin/pgbouncer ]]; then
        install_packages libevent-dev dpkg-dev make
        build_pgbouncer
    fi
}

install_node() {
    local tool
    for tool in node npm; do
        command -v "$tool" >/dev/null || install_packages nodejs npm
    done
}

# Exactly what package-lock.json says; no package runs a script of its own.
install_node_modules() {
    cmp -s package-lock.json node_modules/.installed-lock.json && return
    say "installing the npm packages"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    sha256sum --check --quiet scripts/lib/assets.sha256 || die "a file of the documentation pages is not the one expected"
    cp package-lock.json node_modules/.installed-lock.json
}

release=$(debian_release)
postgres=$( ((release >= 13)) && echo postgresql-17 || echo postgresql-15)
install_packages "${PACKAGES[@]}" "$postgres"
install_pgvector "$release"
install_pgbouncer "$release"
install_node
install_node_modules
