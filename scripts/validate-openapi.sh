#!/bin/sh
# Has an outside validator read openapi/openapi.json: what we take for OpenAPI must be that for others too. Needs python3 and
# the Python package index.
set -eu

cd "$(dirname "$0")/.."
validator=openapi-spec-validator==0.9.0
venv=target/$validator

[ -x "$venv/bin/openapi-spec-validator" ] || {
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$validator"
}
"$venv/bin/openapi-spec-validator" openapi/openapi.json
