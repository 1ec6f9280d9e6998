#!/usr/bin/env bash
# Moves a product's existing database into a new one: backs it up, makes the new database with its owner, restores,
# migrates, and compares the two. The source is only read. Stop the program that writes to it first.
#   SOURCE_URL=postgresql://... ADMIN_URL=postgresql://... scripts/migrate-existing.sh PRODUCT --database NAME
#       [--work DIR] [--env-file FILE] [--dry-run]
# SOURCE_URL: the old database, as a role that may read all of it. ADMIN_URL: a superuser of the server that gets the
# new one; of development's server unless given. Passwords in them are never shown nor put on a command line; ~/.pgpass
# works too. DIR (.dev/move-PRODUCT) keeps the backup, readable by you only, and what is done: after a failure or a kill
# the same command goes on. FILE: the product's settings (.dev/PRODUCT/.env); its databases are not used.
# BUILD_DIR: where bin/PRODUCT-api is, instead of build/release. --dry-run looks at both servers and tells the steps.
# Exit code 1: something failed or differs; the source is as it was.
set -euo pipefail
umask 077
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/services.sh
source scripts/lib/services.sh
# shellcheck source=lib/development.sh
source scripts/lib/development.sh

require_product "${1:-}"
product=$1
shift
database='' work=$DEV/move-$product settings=$DEV/$product/.env dry_run=0
while (($#)); do
    case $1 in
        --database) database=${2:-} && shift 2 ;;
        --work) work=$(absolute "${2:?}") && shift 2 ;;
        --env-file) settings=$(absolute "${2:?}") && shift 2 ;;
        --dry-run) dry_run=1 && shift ;;
        *) usage ;;
    esac
done
[[ $database =~ ^${product}_[a-z0-9_]+$ ]] || die "--database names the new database, ${product}_..."
[[ -n ${SOURCE_URL:-} ]] || die "SOURCE_URL is not set: the URL of the existing database"
[[ -n ${ADMIN_URL:-} ]] || ADMIN_URL=$(database_url "$DEV" postgres postgres)
[[ -x $(program "$product") ]] || die "$(program "$product") is missing: build it, or set BUILD_DIR"

# without_password URL: for command lines, which everybody on the machine can read.
without_password() {
    sed -E 's#^(postgres(ql)?)(\+asyncpg)?(://[^:/@?]*):[^@/?]*@#\1\4@#; s#\+asyncpg://#://#' <<<"$1"
}

password_of() {
    local quoted
    quoted=$(sed -n -E 's#^postgres(ql)?(\+asyncpg)?://[^:/@?]*:([^@/?]*)@.*#\3#p' <<<"$1")
    quoted=${quoted//\\/\\\\}
    printf '%b' "${quoted//%/\\x}"
}

for url in "$SOURCE_URL" "$ADMIN_URL"; do
    [[ $url =~ ^postgres(ql)?(\+asyncpg)?:// ]] || die "SOURCE_URL and ADMIN_URL begin with postgresql://"
    [[ ! $url =~ [?\&]password= ]] || die "put the password before the @ of the URL, or into ~/.pgpass"
done
[[ ${ADMIN_URL%%\?*} =~ ^[^:]*://[^/]*/[^/]+$ ]] || die "ADMIN_URL names a database to connect to, such as postgres"
source_url=$(without_password "$SOURCE_URL")
admin_url=$(without_password "$ADMIN_URL")
# The same server, the new database.
target_of() {
    sed -E "s#^([^:]*://[^/]*/)[^?]*#\1$database#" <<<"$1"
}

on_source() {
    PGPASSWORD=$(password_of "$SOURCE_URL") PGOPTIONS='-c default_transaction_read_only=on' "$@"
}

# A killed client is noticed, and lets go of its locks. Functions that set a parameter of an extension can be made by
# others than a superuser only where that extension is loaded.
on_target() {
    PGPASSWORD=$(password_of "$ADMIN_URL") \
        PGOPTIONS="-c client_connection_check_interval=1s ${preload:+-c session_preload_libraries=$preload}" "$@"
}

ask_source() {
    on_source psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$source_url" -c "$1"
}

ask_target() {
    on_target psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${2:-$admin_url}" -c "$1"
}

count_databases() {
    ask_target "SELECT count(*) FROM pg_database WHERE datname = '$1'"
}

is_done() {
    [[ -e $work/$1.done ]]
}

mark_done() {
    touch "$work/$1.done"
}

# ---- looking at both ----

check_source() {
    local tables belongs missing
    tables=$(ask_source "SELECT to_regclass('public.schema_migrations') IS NOT NULL AND to_regclass('public.settings') IS NOT NULL") ||
        die "the source cannot be read"
    [[ $tables == t ]] || die "the source was not made by these migrations: it has no schema_migrations or no settings"
    belongs=$(ask_source "SELECT value #>> '{}' FROM public.settings WHERE key = 'product_id'")
    [[ $belongs == "$product" ]] || die "the source belongs to product '$belongs', not to '$product'"
    missing=$(roles_without_counterpart | paste -sd ' ')
    [[ -z $missing ]] || die "roles have rights in the source that do not exist at the target: $missing"
}

# Those that the tables' rights name, except the ones that provisioning makes.
roles_without_counterpart() {
    comm -23 <(ask_source "SELECT DISTINCT a.grantee::regrole FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.relnamespace = 'public'::regnamespace AND a.grantee NOT IN (0, c.relowner)" | sort) \
        <({ ask_target 'SELECT quote_ident(rolname) FROM pg_roles' && printf '%s\n' "${product}"_{owner,migrate,user,ro}; } | sort -u)
}

# Ours, begun earlier: the database carries the number of this move.
target_is_ours() {
    [[ -s $work/id ]] || return
    [[ $(ask_target "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '$database'") == "move $(cat "$work/id")" ]]
}

check_target() {
    local there
    there=$(count_databases "$database") || die "the target's server cannot be reached"
    ((!there)) || target_is_ours || is_done validate || die "$database exists already, and this move did not make it"
}

# DIR belongs to one source and one target.
check_work() {
    local here
    here="$source_url $(target_of "$admin_url")"
    [[ ! -s $work/what || $(cat "$work/what") == "$here" ]] ||
        die "$work is of another move: $(cat "$work/what"); choose a folder with --work"
}

begin_work() {
    install -d -m 700 "$work"
    exec 9>"$work/lock"
    flock -n 9 || die "another run is at work in $work; a killed one may still be ending"
    [[ -s $work/what ]] || printf '%s %s\n' "$source_url" "$(target_of "$admin_url")" >"$work/what"
    [[ -s $work/id ]] || {
        openssl rand -hex 8 >"$work/id.new"
        mv "$work/id.new" "$work/id"
    }
}

# ---- the steps; each may be run again ----

# As the owner of the database, if the role may become that: who reads all of it.
source_owner() {
    ask_source "SELECT '--role=' || pg_get_userbyid(datdba) FROM pg_database
        WHERE datname = current_database() AND pg_has_role(datdba, 'MEMBER')"
}

step_backup() {
    local role
    role=$(source_owner)
    # shellcheck disable=SC2086 # nothing or one word
    on_source pg_dump --format=custom --no-owner $role --file="$work/backup.dump.new" -d "$source_url"
    pg_restore --list "$work/backup.dump.new" >"$work/backup.list"
    sync "$work/backup.dump.new"
    mv "$work/backup.dump.new" "$work/backup.dump"
    (cd "$work" && sha256sum backup.dump >backup.sha256)
}

provision() {
    on_target psql -X -q -v ON_ERROR_STOP=1 -d "$admin_url" -v product="$product" -v database="$database" -f scripts/lib/provision.sql
}

# It gets its name last, when its description already tells that it is ours: what a later run knows it by.
step_create() {
    local new
    new=${product}_new_$(cat "$work/id")
    target_is_ours || {
        [[ $(count_databases "$database") == 0 ]] || die "$database exists already, and this move did not make it"
        [[ $(count_databases "$new") == 1 ]] ||
            ask_target "CREATE DATABASE $new TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
        ask_target "REVOKE ALL ON DATABASE $new FROM PUBLIC"
        ask_target "COMMENT ON DATABASE $new IS 'move $(cat "$work/id")'"
        ask_target "ALTER DATABASE $new RENAME TO $database"
    }
    provision
    ask_target "ALTER DATABASE $database OWNER TO ${product}_owner"
}

# Rights that new tables get by default would be added to those that the backup gives, which are fewer for some tables.
no_default_rights() {
    ask_target "ALTER DEFAULT PRIVILEGES FOR ROLE ${product}_owner IN SCHEMA public REVOKE ALL ON TABLES FROM ${product}_user, ${product}_ro;
        ALTER DEFAULT PRIVILEGES FOR ROLE ${product}_owner IN SCHEMA public REVOKE ALL ON SEQUENCES FROM ${product}_user" \
        "$(target_of "$admin_url")"
}

# All or nothing: one transaction. Extensions, the schema and default rights come from
# provisioning.
step_restore() {
    local target
    target=$(target_of "$admin_url")
    (cd "$work" && sha256sum --check --quiet backup.sha256) || die "$work/backup.dump is not what it was"
    if [[ $(ask_target "SELECT to_regclass('public.schema_migrations') IS NULL" "$target") == t ]]; then
        no_default_rights
        grep -vE '; [0-9]+ [0-9]+ ((COMMENT - )?EXTENSION|(ACL - |COMMENT - )?SCHEMA|DEFAULT ACL)\b' "$work/backup.list" >"$work/restore.list"
        preload=vector,pg_trgm on_target pg_restore --no-owner --role="${product}_owner" --single-transaction --exit-on-error \
            --use-list="$work/restore.list" -d "$target" "$work/backup.dump"
    fi
    provision
}

compare() {
    SOURCE_URL=$SOURCE_URL TARGET_URL=$(target_of "$ADMIN_URL") \
        "$(program "$product")" validate-migration --from env:SOURCE_URL --to env:TARGET_URL >"$work/$1.txt" || {
        grep -E '^DIFFERENT|differ$' "$work/$1.txt" || true
        return 1
    }
    tail -n 1 "$work/$1.txt"
}

# Before a migration may change what is compared.
step_check() {
    compare restored || die "the restored database differs from the source; did somebody write to it? All lines: $work/restored.txt"
}

step_migrate() {
    DATABASE_URL=$(target_of "$ADMIN_URL") MIGRATE_DATABASE_URL=$(target_of "$ADMIN_URL") PRODUCT_ID=$product \
        "$(program "$product")" migrate --env-file "$settings"
}

step_validate() {
    compare migrated || die "the migrated database differs from the source. All lines: $work/migrated.txt"
}

STEPS=(
    'backup: write a backup of the source into the work folder'
    'create: make the new database, its roles and rights'
    'restore: restore the backup in one transaction, as the owner'
    'check: compare all tables and sequences with the source'
    'migrate: apply the migrations that are missing'
    'validate: compare all tables and sequences once more'
)

check_work
if ((dry_run)); then
    check_source
    check_target
    printf 'source  %s\ntarget  %s\nwork    %s\n' "$source_url" "$(target_of "$admin_url")" "$work"
    for step in "${STEPS[@]}"; do
        printf '%-5s %s\n' "$(is_done "${step%%:*}" && echo 'done' || echo 'to do')" "$step"
    done
    exit
fi
begin_work
check_source
check_target
[[ -r $settings ]] || die "$settings cannot be read: name the product's settings with --env-file"
for step in "${STEPS[@]}"; do
    name=${step%%:*}
    if is_done "$name"; then
        say "$name: done before"
    else
        say "$step"
        "step_$name"
        mark_done "$name"
    fi
done
cat <<DONE
$product is in $database. Name it in DATABASE_URL and MIGRATE_DATABASE_URL, and start the product.
Keep $work/backup.dump for 7 days, then: rm -r $work
DONE
