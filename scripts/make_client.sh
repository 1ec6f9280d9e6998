#!/usr/bin/env bash
# Writes what a front end takes along: one folder a product with its types and the client.
#   scripts/make_client.sh FOLDER   FOLDER/<product>/{api.d.ts,client.ts,chat.ts}
# The types come from the API document that the tests hold against the running program.
set -euo pipefail
caller=$PWD
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

(($# == 1)) || die "usage: scripts/make_client.sh FOLDER"
out=$1
[[ $out == /* ]] || out=$caller/$out
[[ -x node_modules/.bin/openapi-typescript ]] || die "the npm packages are missing: run scripts/setup.sh"

for product in $(products); do
    mkdir -p "$out/$product"
    node_modules/.bin/openapi-typescript "tests/golden/$product.openapi.json" --output "$out/$product/api.d.ts" >/dev/null
    cp web/client/*.ts "$out/$product/"
done
