#!/bin/sh
# Writes .sqlx: what PostgreSQL says about each query of the code, so that building needs no database. With --check it only
# compares. The database is a throwaway server of its own, reached by a socket.
set -eu

cd "$(dirname "$0")/.."
mode=${1:-}
# Of links to single programs only their folder has all.
bin=$(sh scripts/install-postgresql.sh)
bin=$(dirname "$(readlink -f "$bin/postgres")")
work=$(mktemp -d /tmp/china-auto-sqlx.XXXXXX)
mkdir "$work/queries"

# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    id "$owner" > /dev/null 2>&1 || owner=nobody
    chmod 755 "$work"
    mkdir "$work/cluster"
    chown "$owner" "$work/cluster"
    as_owner() { (cd "$work/cluster" && su -s /bin/sh "$owner" -c "$1"); }
else
    mkdir "$work/cluster"
    as_owner() { (cd "$work/cluster" && sh -c "$1"); }
fi

clear_up() {
    as_owner "'$bin/pg_ctl' stop -D '$work/cluster/data' -m immediate -s" 2> /dev/null || true
    rm -rf "$work"
}
trap clear_up EXIT
trap 'exit 1' HUP INT TERM

as_owner "'$bin/initdb' -D '$work/cluster/data' -U postgres -A trust -E UTF8 --locale=C --no-sync" > "$work/log"
as_owner "'$bin/pg_ctl' start -D '$work/cluster/data' -l '$work/cluster/log' -s -w \
    -o \"-c listen_addresses= -c unix_socket_directories='$work/cluster' -c port=5432 -c fsync=off\""
for migration in migrations/*.up.sql; do
    as_owner "'$bin/psql' -X -q -h '$work/cluster' -U postgres -v ON_ERROR_STOP=1 -1 -f -" < "$migration"
done

# The macros write what they learn while the code is compiled; an older time of the file would leave that out.
touch src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$work/queries" \
    DATABASE_URL="postgres://postgres@localhost/postgres?host=$work/cluster" cargo check --quiet
# The next build without a database must not take this one's result for its own.
touch src/lib.rs

if [ "$mode" = --check ]; then
    if ! diff -r "$work/queries" .sqlx > "$work/difference" 2>&1; then
        cat "$work/difference"
        echo ".sqlx is not what the queries need: run scripts/prepare-queries.sh and commit it" >&2
        exit 1
    fi
else
    rm -rf .sqlx
    mkdir .sqlx
    cp "$work"/queries/*.json .sqlx/
    echo "$(ls .sqlx | wc -l) queries in .sqlx"
fi
