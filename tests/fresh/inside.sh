#!/usr/bin/env bash
# Runs as root inside a minimal Debian with nothing but this checkout; scripts/test-fresh.sh starts it.
#   tests/fresh/inside.sh [setup] [run] [test] [user]
# The step user does setup and run as an ordinary user with sudo; it is for a system that no other step has changed.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
# shellcheck source=scripts/lib/development.sh
source scripts/lib/development.sh

SECOND_RUN_LIMIT=10

note() {
    printf 'fresh: %s\n' "$*"
}

# expect_status CODE URL [arguments of curl]
expect_status() {
    local wanted=$1 url=$2 got
    got=$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 "${@:3}" "$url")
    [[ $got == "$wanted" ]] || die "$url answered $got instead of $wanted"
}

# Names of servers that still run; the system under test sees only its own processes.
leftovers() {
    pgrep -x 'postgres|redis-server|.*-api' -l || true
}

step_setup() {
    local started=$SECONDS
    scripts/setup.sh
    note "setup took $((SECONDS - started)) s"
    started=$SECONDS
    scripts/setup.sh
    ((SECONDS - started <= 2)) || die "a second setup took $((SECONDS - started)) s"
    [[ -z $(leftovers) ]] || die "setup left servers running: $(leftovers)"
    [[ ! -e /usr/sbin/policy-rc.d ]] || die "setup left /usr/sbin/policy-rc.d behind"
    [[ -z $(find /etc/postgresql -name main 2>/dev/null) ]] || die "setup made a system-wide Postgres cluster"
    scripts/services.sh start /var/tmp/probe --volatile >/dev/null
    scripts/services.sh remove /var/tmp/probe
    [[ -z $(leftovers) ]] || die "private servers did not stop: $(leftovers)"
}

check_product() {
    local product=$1 url
    url=$(product_url "$product")
    expect_status 200 "$url/health"
    expect_status 200 "$url/ready"
    expect_status 200 "$url/docs"
    expect_status 200 "$url/api/v1/properties?limit=3"
    expect_status 401 "$url/api/v1/users/me"
    expect_status 200 "$url/api/v1/users/me" -H "Authorization: Bearer $(scripts/token.sh "$product" --role user)"
    note "$product answers"
}

step_run() {
    local started=$SECONDS product
    scripts/run.sh --detach
    note "first run took $((SECONDS - started)) s"
    for product in $(products); do
        check_product "$product"
    done
    started=$SECONDS
    scripts/run.sh --detach
    note "second run took $((SECONDS - started)) s"
    ((SECONDS - started <= SECOND_RUN_LIMIT)) || die "a second run must take at most $SECOND_RUN_LIMIT s"
    scripts/stop.sh
    [[ -z $(leftovers) ]] || die "scripts/stop.sh left running: $(leftovers)"
}

step_test() {
    local started=$SECONDS
    scripts/test.sh
    note "tests took $((SECONDS - started)) s"
}

step_user() {
    apt-get update -q
    apt-get install -q -y --no-install-recommends sudo
    useradd --create-home developer
    echo 'developer ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/developer
    cp -r "$ROOT" /home/developer/checkout
    chown -R developer: /home/developer/checkout
    runuser -u developer -- env HOME=/home/developer /home/developer/checkout/tests/fresh/inside.sh setup run
}

# The network is shared with the machine, so the usual ports may be taken.
for product in $(products); do
    export "$(upper "$product")_PORT=$(free_port 0)"
done
(($#)) || set -- setup run test
for step in "$@"; do
    "step_$step"
done
