#!/usr/bin/env bash
# Installs what only benchmarks need: the load generator, the counter of instructions and the peers that the products are compared with.
# scripts/setup.sh comes first. pgbench is part of Postgres' server package.
set -euo pipefail
# shellcheck source=../scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib/common.sh"

PACKAGES=(
    wrk valgrind
    python3-fastapi python3-uvicorn python3-uvloop python3-httptools python3-asyncpg python3-sqlalchemy
)
FASTIFY=bench/peers/fastify

missing_packages() {
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

install_packages() {
    local missing install
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    say "installing ${#missing[@]} packages: ${missing[*]}"
    install=(env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    as_root "${install[@]}" "${missing[@]}" || { as_root apt-get update -q && as_root "${install[@]}" "${missing[@]}"; }
}

# Exactly what the lock file says; no package runs a script of its own.
install_fastify() {
    cmp -s "$FASTIFY/package-lock.json" "$FASTIFY/node_modules/.installed-lock.json" && return
    say "installing the Fastify peer"
    (cd "$FASTIFY" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$FASTIFY/package-lock.json" "$FASTIFY/node_modules/.installed-lock.json"
}

install_packages "${PACKAGES[@]}"
install_fastify
