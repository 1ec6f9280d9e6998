#!/bin/sh
# Makes the roles and the database of every product that has a folder in /run/secrets, and gives the roles their passwords.
# Idempotent: it runs before every start, so that a new product or a new password needs nothing else.
set -eu
PGPASSWORD=$(cat /run/secrets/postgres/superuser_password)
export PGPASSWORD
for folder in /run/secrets/*/; do
    [ -s "$folder/database" ] || continue
    MIGRATE_PASSWORD=$(cat "$folder/migrate_password") USER_PASSWORD=$(cat "$folder/user_password") \
        RO_PASSWORD=$(cat "$folder/ro_password") \
        psql -X -q -h postgres -U postgres -d postgres -v product="$(basename "$folder")" -v database="$(cat "$folder/database")" \
        -f /provision/provision.sql
done
