#!/usr/bin/env bash
# Compare the OpenAPI documents that the service serves with the standard's.
# Usage: tests/compare_oas.sh COMPARE.py STANDARD_DIR
set -euo pipefail
compare=$1 standard=$2
here="$(cd "$(dirname "$0")" && pwd)"
python=.venv/bin/python
work="$(mktemp -d)"
DMS_PORT=0 DMS_DATA_DIR="$work" DMS_LOG_LEVEL=error "$python" -m dms serve >"$work/out" &
server=$!
trap 'kill "$server"; wait "$server" || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    address="$(sed -n 's/^dms listens at //p' "$work/out")"
    [ -n "$address" ] && break
    sleep 0.1
done
for api in documenten:documenten-1.7.0 catalogi:catalogi-1.3.3 referentielijsten:referentielijsten-0.6.0; do
    "$python" "$compare" "$address/${api%%:*}/api/v1/openapi.json" "$standard/${api##*:}.openapi.yaml" \
        --allow "$here/oas/${api%%:*}.allowed"
done
