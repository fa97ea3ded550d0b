#!/bin/sh
# Calls every operation of openapi/openapi.json many thousand times, with what it allows and with what it does not, and checks each answer
# against it (Schemathesis). The service is one of its own, with a database of its own, and a key that may do everything. Needs python3 and
# the Python package index. CALLS says how many calls there are at least; SEED repeats a run.
set -eu

cd "$(dirname "$0")/.."
calls=${CALLS:-20000}
seed=${SEED:-1}
tool=schemathesis==4.32.5
venv=$PWD/target/$tool
port=${PORT:-8097}

[ -x "$venv/bin/schemathesis" ] || {
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$tool"
}
# The build for development: it ends where a number overflows.
cargo build --quiet
program=$PWD/target/debug/china-auto

folder=$(mktemp -d)
chmod 755 "$folder"
trap 'kill "$service" 2> /dev/null; wait "$service" 2> /dev/null; rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
export CHINA_AUTO_DATA_DIR="$folder/data" CHINA_AUTO_LISTEN="127.0.0.1:$port"
env -u DATABASE_URL CHINA_AUTO_LOG=warn CHINA_AUTO_QUERY_LIMIT=0 CHINA_AUTO_EXPORT_LIMIT=0 CHINA_AUTO_IMPORT_LIMIT=0 \
    "$program" serve > "$folder/told" 2>&1 &
service=$!
until "$program" health > /dev/null 2>&1; do
    kill -0 "$service" || { cat "$folder/told"; exit 1; }
    sleep 1
done
key=$(env -u DATABASE_URL "$program" keys create fuzz --scope admin | head -n 1)

# Round by round, each with another seed, until there were enough calls.
made=0
while [ "$made" -lt "$calls" ]; do
    echo "round with seed $seed, $made of $calls calls made"
    "$venv/bin/schemathesis" --config-file scripts/fuzz-api.toml run openapi/openapi.json --url "http://127.0.0.1:$port" \
        --checks all --phases examples,coverage,fuzzing --max-examples 60 --workers 2 --seed "$seed" \
        --request-timeout 60 --warnings off --continue-on-failure --header "Authorization: Bearer $key" > "$folder/round" 2>&1 || {
        cat "$folder/round"
        echo "the last round found something; the service said:"
        tail -n 20 "$folder/told"
        exit 1
    }
    round=$(sed -n 's/^ *\([0-9][0-9]*\) generated.*/\1/p' "$folder/round")
    made=$((made + round))
    seed=$((seed + 1))
done
# What went wrong inside and was answered all the same.
if grep -E "panicked|ERROR" "$folder/told"; then exit 1; fi
echo "$made calls, no fault of the service and none against openapi/openapi.json"
