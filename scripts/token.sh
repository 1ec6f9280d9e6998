#!/usr/bin/env bash
# Prints one development sign-in token:
#   scripts/token.sh PRODUCT [--role user|agent|admin] [--sub SUBJECT] [--email ADDRESS]
# With --role the user is made, or given that role, first.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

require_product "${1:-}"
product_run "$1" dev-token "${@:2}"
