#!/bin/sh
# The web application's own checks: types against the API as it is now, and no address of another host in its sources.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python scripts/build_web.py --packages dev
.venv/bin/python scripts/write_api_types.py 2>/dev/null
.venv/bin/python scripts/build_web.py --types
if grep -rnE '(https?:)?//[a-z0-9-]+\.[a-z]' web/src web/index.html web/public --include='*.ts' --include='*.tsx' --include='*.css' \
    --include='*.html' --include='*.webmanifest' | grep -vE 'w3\.org|opengis\.net|cel\.dev|bpmn\.io|omg\.org|yiwang\.'; then
    echo "yiwang: the lines above name another host; the application asks none" >&2
    exit 1
fi
