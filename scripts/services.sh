#!/usr/bin/env bash
# A private Postgres and Redis in a folder of your choice; tests start their own this way.
#   scripts/services.sh start DIR [--pg-port N] [--redis-port N] [--volatile]   up and provisioned; prints KEY=VALUE lines
#   scripts/services.sh env DIR       prints those lines again
#   scripts/services.sh stop DIR [postgres|redis]   stops both or one, keeps the data; start brings it back
#   scripts/services.sh remove DIR    stops both, deletes the data
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh

(($# >= 2)) || usage
verb=$1
dir=$2
shift 2
dir=$(absolute "$dir")

case $verb in
    start)
        pg_port=0 redis_port=0 volatile=0
        while (($#)); do
            case $1 in
                --pg-port) pg_port=${2:?} && shift 2 ;;
                --redis-port) redis_port=${2:?} && shift 2 ;;
                --volatile) volatile=1 && shift ;;
                *) usage ;;
            esac
        done
        services_start "$dir" "$pg_port" "$redis_port" "$volatile"
        services_print "$dir"
        ;;
    env) services_print "$dir" ;;
    stop) services_stop "$dir" "$@" ;;
    remove) services_remove "$dir" ;;
    *) usage ;;
esac
