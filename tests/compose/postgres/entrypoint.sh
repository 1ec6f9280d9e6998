#!/bin/sh
# As the image's own: a first start makes the cluster, with the password of POSTGRES_PASSWORD_FILE for the superuser.
set -eu
if [ "$(id -u)" = 0 ]; then
    chown -R postgres:postgres "$PGDATA" && chmod 700 "$PGDATA"
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        install -m 600 -o postgres "$POSTGRES_PASSWORD_FILE" /tmp/password
        # shellcheck disable=SC2086 # several arguments
        setpriv --reuid=postgres --regid=postgres --init-groups initdb --username=postgres --pwfile=/tmp/password \
            --auth-local=trust --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
        rm /tmp/password
        echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    fi
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$@" -c 'listen_addresses=*' -c unix_socket_directories=/tmp
fi
exec "$@"
