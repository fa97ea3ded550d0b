#!/bin/sh
# Makes sure that PostgreSQL's programs (15 or newer) are on this machine, and installs them where they are missing.
# Nothing needs to run, no user and no configuration is needed: china-auto starts a server of its own. Prints the folder
# of the programs.
set -eu

oldest=15
install_major=17

say() { echo "install-postgresql: $*" >&2; }

# Whether a folder holds the programs, new enough. The places are those that the service itself looks in.
usable() {
    [ -x "$1/initdb" ] && [ -x "$1/postgres" ] || return 1
    version=$("$1/postgres" --version 2> /dev/null | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p')
    [ -n "$version" ] && [ "$version" -ge "$oldest" ]
}

find_programs() {
    if [ -n "${PG_BINDIR:-}" ]; then
        usable "$PG_BINDIR" && echo "$PG_BINDIR"
        return
    fi
    old_ifs=$IFS
    IFS=:
    for folder in $PATH; do
        if usable "$folder"; then
            echo "$folder"
            IFS=$old_ifs
            return
        fi
    done
    IFS=$old_ifs
    for folder in "$(pg_config --bindir 2> /dev/null || true)" \
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/lib/postgresql*/bin /usr/libexec/postgresql* \
        /usr/local/pgsql/bin \
        /opt/homebrew/opt/postgresql@*/bin /opt/homebrew/opt/postgresql/bin \
        /usr/local/opt/postgresql@*/bin /usr/local/opt/postgresql/bin \
        /home/linuxbrew/.linuxbrew/opt/postgresql@*/bin \
        /Applications/Postgres.app/Contents/Versions/*/bin; do
        if usable "$folder"; then
            echo "$folder"
            return
        fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        say "this needs root and there is no sudo: $*"
        exit 1
    fi
}

# Debian makes and starts a cluster when a server is installed. None is wanted: a setting says so for the time of the
# installation, and is taken away again.
with_apt() {
    say "installing PostgreSQL with apt"
    setting=/etc/postgresql-common/createcluster.d/china-auto.conf
    as_root mkdir -p "${setting%/*}"
    as_root sh -c "echo 'create_main_cluster = false' > $setting"
    trap 'as_root rm -f "$setting"' EXIT INT TERM
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    offered=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
    package=postgresql
    if [ "${offered:-0}" -lt "$oldest" ]; then
        say "this system offers PostgreSQL ${offered:-none}: taking it from apt.postgresql.org"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
            postgresql-common ca-certificates
        as_root /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
        package=postgresql-$install_major
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$package"
}

with_dnf() {
    say "installing PostgreSQL with dnf"
    # Red Hat offers several versions as modules and an old one without; Fedora has no modules and a new one.
    as_root dnf -y module enable postgresql:16 > /dev/null 2>&1 || true
    as_root dnf -y install postgresql-server postgresql-contrib postgresql
}

with_apk() {
    say "installing PostgreSQL with apk"
    as_root apk add --no-cache "postgresql$install_major" "postgresql$install_major-contrib" \
        "postgresql$install_major-client"
}

with_brew() {
    say "installing PostgreSQL with brew"
    brew install "postgresql@$install_major"
}

if programs=$(find_programs); then
    echo "$programs"
    exit 0
fi
if [ -n "${PG_BINDIR:-}" ]; then
    say "PG_BINDIR names $PG_BINDIR, which holds no PostgreSQL $oldest or newer: correct it or unset it"
    exit 1
fi

say "PostgreSQL $oldest or newer was not found"
if command -v brew > /dev/null; then
    with_brew >&2
elif command -v apt-get > /dev/null; then
    with_apt >&2
elif command -v dnf > /dev/null; then
    with_dnf >&2
elif command -v apk > /dev/null; then
    with_apk >&2
else
    say "no apt, dnf, apk or brew here: install PostgreSQL $oldest or newer yourself, or set DATABASE_URL"
    exit 1
fi

if programs=$(find_programs); then
    say "done"
    echo "$programs"
else
    say "PostgreSQL was installed and its programs were still not found"
    exit 1
fi
