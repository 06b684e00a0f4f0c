# Sourced by test and bench: the programs they need, and a throw-away PostgreSQL. Nothing here outlives the caller.

say() { printf '\n== %s ==\n' "$*"; }

fail() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# The folder of the newest PostgreSQL on this machine; nothing where there is none of version 15 or later.
postgres_programs() {
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
    [ -n "$found" ] || found=$(command -v initdb || true)
    [ -n "$found" ] || return 0
    local version
    version=$("$found" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
    [ "$version" -lt 15 ] || dirname "$(readlink -f "$found")"
}

# Installs Debian packages: as root, else by sudo, else says which are wanted.
install_packages() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "missing on this machine: $*" "install what these Debian packages hold"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "missing on this machine: $*" "as root: apt-get install $*"
        as_root=(sudo)
    fi
    say "installing $*"
    local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120)
    "${as_root[@]}" "${quiet[@]}" update || fail "apt-get update failed"
    "${as_root[@]}" "${quiet[@]}" install -y --no-install-recommends "$@" || fail "apt-get could not install $*"
}

# Accessibility rules for the browser tests: fetched once from the registry of npm's own settings, and believed by digest
# only. Sets SEKISHO_TEST_AXE.
axe_version=4.14.1
axe_sha512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
fetch_axe() {
    local folder=${CARGO_TARGET_DIR:-target}/axe-core-$axe_version archive
    if [ ! -f "$folder/package/axe.min.js" ]; then
        command -v npm >/dev/null || install_packages npm
        say "fetching axe-core $axe_version"
        mkdir -p "$folder"
        archive=$folder/axe-core-$axe_version.tgz
        (cd "$folder" && npm pack --silent "axe-core@$axe_version" >/dev/null) || fail "axe-core cannot be fetched" "npm config get registry"
        sha512sum --check --status <<<"$axe_sha512  $archive" || fail "$archive is not what it should be" "remove it and try again"
        # Unpacked beside and moved: a run that is stopped here leaves no half of it.
        rm -rf "$folder/half" && mkdir "$folder/half"
        tar -xzf "$archive" -C "$folder/half" package/axe.min.js && mv "$folder/half/package" "$folder/package" ||
            fail "$archive cannot be unpacked"
        rm -rf "$folder/half"
    fi
    SEKISHO_TEST_AXE=$(readlink -f "$folder/package/axe.min.js")
    export SEKISHO_TEST_AXE
}

# Starts a cluster of its own; `$1` is on or off: whether a commit waits for the disk. Sets cluster_url and cluster_pid.
start_cluster() {
    local durable=$1 programs as_user=() owner password port attempt
    programs=$(postgres_programs)
    [ -n "$programs" ] || fail "no PostgreSQL 15 or later on this machine" "apt-get install postgresql"
    cluster_folder=$(mktemp -d "${TMPDIR:-/tmp}/sekisho-postgres.XXXXXX")
    if [ "$(id -u)" -eq 0 ]; then
        # PostgreSQL refuses to run as root.
        owner=postgres
        id "$owner" >/dev/null 2>&1 || owner=nobody
        chown "$owner" "$cluster_folder"
        as_user=(--reuid="$owner" --regid="$(id -g "$owner")" --clear-groups)
    fi
    # Becomes the program, so that its process is the caller's child. The caller's folder may be closed to that user.
    become() { cd "$cluster_folder" && exec setpriv --pdeathsig INT ${as_user[@]+"${as_user[@]}"} "$@"; }

    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    (become sh -c "umask 077; printf '%s' '$password' >password")
    (become "$programs/initdb" -D data -U sekisho --pwfile=password -A scram-sha-256 -E UTF8 --locale=C) \
        >"$cluster_folder/initdb.log" 2>&1 || fail "initdb failed: $(tail -n 3 "$cluster_folder/initdb.log")"

    for attempt in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 10000))
        become "$programs/postgres" -D data -p "$port" -k "$cluster_folder" -h 127.0.0.1 \
            -c max_connections=400 -c shared_buffers=256MB -c max_wal_size=4GB \
            -c fsync="$durable" -c synchronous_commit="$durable" -c full_page_writes="$durable" \
            >>"$cluster_folder/postgres.log" 2>&1 &
        cluster_pid=$!
        for _ in $(seq 150); do
            kill -0 "$cluster_pid" 2>/dev/null || break
            if "$programs/pg_isready" -q -h 127.0.0.1 -p "$port"; then
                cluster_url="postgres://sekisho:$password@127.0.0.1:$port/postgres"
                return 0
            fi
            sleep 0.2
        done
        stop_process "$cluster_pid"
    done
    fail "PostgreSQL did not start" "$(tail -n 5 "$cluster_folder/postgres.log")"
}

# Ends one process that the caller started, by its number: SIGINT (PostgreSQL's fast shutdown), after 20 s SIGKILL.
stop_process() {
    local pid=$1
    kill -INT "$pid" 2>/dev/null || return 0
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.2
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null || true
}

stop_cluster() {
    [ -z "${cluster_pid:-}" ] || stop_process "$cluster_pid"
    [ -z "${cluster_folder:-}" ] || rm -rf "$cluster_folder"
    cluster_pid='' cluster_folder=''
}
