#!/usr/bin/env bash
# Makes one more product out of an existing one: its folder under apps/, seeds, what the tests count on, its settings for
# Kubernetes, its compose services and nginx server, and roles and databases where development's servers
# run. Then it builds it, and writes the generated files: the API document of the tests and docs/config.md. Nothing under
# libs/ changes.
#   scripts/new-product.sh NAME [--title TITLE] [--like PRODUCT]
# NAME: 3 to 20 lower-case letters and digits, no word that libs/ use. TITLE: what people read. PRODUCT: what it is
# copied from (the first there is). PRESET: the build (dev). What was made is removed again if a step fails.
# Next: its texts and prompt, its own listings in seeds/NAME/, and scripts/run.sh.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

name=${1:-}
[[ $name && $name != -* ]] || usage
shift
read -r like < <(products)
title=${name^}
while (($#)); do
    case $1 in
        --title) title=${2:-} && shift 2 ;;
        --like) like=${2:-} && shift 2 ;;
        *) usage ;;
    esac
done

check_name() {
    [[ $name =~ ^[a-z][a-z0-9]{2,19}$ ]] || die "'$name': a name has 3 to 20 lower-case letters and digits, and begins with a letter"
    [[ ! $name =~ ^(admin|default|postgres|template[01]|pg.*|public|test|dev)$ ]] || die "'$name' has a meaning to Postgres or Redis"
    [[ $title =~ ^[A-Za-z0-9][A-Za-z0-9\ .-]{0,39}$ ]] || die "a title has up to 40 letters, digits, spaces, dots and hyphens"
    local taken there
    for taken in "apps/$name-api" "seeds/$name" "deploy/kubernetes/$name" "docker/nginx/templates/$name.conf.template" "migrations/$name" "tests/golden/$name.openapi.json" "tests/search/$name.json"; do
        [[ ! -e $taken ]] || die "$taken exists already"
    done
    for there in $(products); do
        [[ $there != *"$name"* && $name != *"$there"* ]] || die "'$name' and '$there' could be taken for each other"
    done
    # Libraries may not name a product, and a check looks for its name in them.
    ! grep -rqi -- "$name" libs || die "'$name' is a word that libs/ use: grep -ri $name libs"
}

# One more than the highest there is.
next_number() {
    local product number highest=-1
    for product in $(products); do
        number=$(product_number "$product")
        ((number <= highest)) || highest=$number
    done
    printf '%s\n' "$((highest + 1))"
}

# These files are changed, not made.
CHANGED=(docs/config.md docs/limits.md docker-compose.yml docker-compose.prod.yml .env.example)

keep_changed() {
    local file
    for file in "${CHANGED[@]}"; do
        [[ ! -e $file ]] || cp --parents "$file" "$scratch"
    done
}

remove_made() {
    local file
    say "removing what was made"
    for file in "${CHANGED[@]}"; do
        [[ ! -e $scratch/$file ]] || cp "$scratch/$file" "$file"
    done
    rm -rf "${made[@]}"
}

old_title() {
    sed -n 's/^ *\.app_name = "\(.*\)",$/\1/p' "apps/$like-api/product.c"
}

# The part of a publishable key that tells the host of the sign-in service.
key_of() {
    printf 'clerk.%s.example$' "$1" | base64 -w0 | tr -d =
}

# The names, numbers and keys of the new product, for sed.
list_changes() {
    changes=(-e "s/$(old_title)/$title/g" -e "s/$like/$name/g" -e "s/$(upper "$like")/$(upper "$name")/g"
        -e "s#6379/$old_number\b#6379/$number#g" -e "s/\b$((FIRST_PORT + old_number))\b/$((FIRST_PORT + number))/g"
        -e "s/localhost:$old_front\b/localhost:$front/g" -e "s/$(key_of "$like")/$(key_of "$name")/g")
}

copy_files() {
    local file target
    while IFS= read -r file; do
        target=${file//$like/$name}
        mkdir -p "$(dirname "$target")"
        sed "${changes[@]}" "$file" >"$target"
    done < <(find "apps/$like-api" "seeds/$like" "deploy/kubernetes/$like" "docker/nginx/templates/$like.conf.template" \
        "tests/search/$like.json" -type f)
}

add_compose_services() {
    local file
    for file in docker-compose.yml docker-compose.prod.yml .env.example; do
        python3 scripts/lib/copy_services.py "$file" "$like" sed "${changes[@]}"
    done
}

build() {
    local preset=${PRESET:-dev} targets
    mapfile -t targets < <(products | sed 's/$/-api/')
    if ! cmake --preset "$preset" >"$scratch/build.log" 2>&1 ||
        ! cmake --build --preset "$preset" --target "${targets[@]}" >>"$scratch/build.log" 2>&1; then
        tail -n 40 "$scratch/build.log" >&2
        die "$name does not build"
    fi
    "build/$preset/bin/$name-api" openapi | python3 -m json.tool >"tests/golden/$name.openapi.json"
    PYTHONDONTWRITEBYTECODE=1 python3 scripts/make_docs.py "build/$preset/bin"
}

check_seeds() {
    PYTHONDONTWRITEBYTECODE=1 python3 seeds/check.py >"$scratch/seeds.log" || die "the seeds of $name are not sound"
}

require_product "$like"
check_name
number=$(next_number)
old_number=$(product_number "$like")
old_front=$(sed -n 's#^ *\.frontend_url = "http://localhost:\([0-9]*\)",$#\1#p' "apps/$like-api/product.c")
front=$((old_front - old_number + number))
scratch=$(mktemp -d)
made=("apps/$name-api" "seeds/$name" "deploy/kubernetes/$name" "docker/nginx/templates/$name.conf.template" "tests/search/$name.json" "tests/golden/$name.openapi.json" "$scratch")
trap remove_made EXIT
keep_changed
list_changes
say "copying $like to $name"
copy_files
check_seeds
add_compose_services
say "building"
build
if [[ -s $DEV/services.env ]] && postgres_is_up "$(service_home "$DEV")"; then
    say "making its roles and databases"
    start_services
fi
trap - EXIT
rm -rf "$scratch"
cat <<DONE
$title is in apps/$name-api and seeds/$name; in development it listens on port $((FIRST_PORT + number)).
Now change its texts: apps/$name-api/product.c, apps/$name-api/prompts, seeds/$name. Then: scripts/run.sh
DONE
